set __cclaunch = '' ; set __cclaunch_whole = '' ; set __cclaunch_f = 'CCLAUNCH_FILE'
if ( -f "$__cclaunch_f" && -r "$__cclaunch_f" && -o "$__cclaunch_f" ) then
  source "$__cclaunch_f" >& /dev/null
endif
if ( "$__cclaunch_whole" == whole ) eval "$__cclaunch"
#: variable
if ( ! $?CCLAUNCH_NAME ) setenv CCLAUNCH_NAME CCLAUNCH_VALUE
#: end
