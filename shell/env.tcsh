# A bare `claude` sends its telemetry. Nothing is started here, and nothing breaks without cclaunch.
# What was set by hand stays; what an older block of ours had set is replaced.
if ( ! $?__CCLAUNCH_RC ) setenv __CCLAUNCH_RC ''
if ( ! $?__CCLAUNCH_BLOCK ) setenv __CCLAUNCH_BLOCK ''
set __cclaunch_rc = ''
#: variable
if ( $?CCLAUNCH_NAME ) then
  if ( "${__CCLAUNCH_RC}," =~ *,CCLAUNCH_NAME:CCLAUNCH_HASH,* ) then
    set __cclaunch_rc = "${__cclaunch_rc},CCLAUNCH_NAME:CCLAUNCH_HASH"
  else if ( "${__CCLAUNCH_RC}," =~ *,CCLAUNCH_NAME:* ) then
    setenv CCLAUNCH_NAME 'CCLAUNCH_VALUE'
    set __cclaunch_rc = "${__cclaunch_rc},CCLAUNCH_NAME:CCLAUNCH_HASH"
  endif
else
  setenv CCLAUNCH_NAME 'CCLAUNCH_VALUE'
  set __cclaunch_rc = "${__cclaunch_rc},CCLAUNCH_NAME:CCLAUNCH_HASH"
endif
#: gone
if ( "${__CCLAUNCH_RC}," =~ *,CCLAUNCH_NAME:* ) unsetenv CCLAUNCH_NAME
#: end
setenv __CCLAUNCH_RC "${__cclaunch_rc}"
if ( "${__CCLAUNCH_BLOCK}" !~ *"${__cclaunch_rc}"* ) setenv __CCLAUNCH_BLOCK "${__CCLAUNCH_BLOCK}${__cclaunch_rc}"
unset __cclaunch_rc
