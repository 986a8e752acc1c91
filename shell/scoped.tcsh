# Only `claude` gets these variables, not the other programs of this shell. What was set by hand stays.
set __cclaunch = '( unalias claude'
#: variable
set __cclaunch = "${__cclaunch}"' ; if ( ! $?CCLAUNCH_NAME ) setenv CCLAUNCH_NAME CCLAUNCH_VALUE'
#: end
set __cclaunch = "${__cclaunch}"' ; if ( ! $?__CCLAUNCH_BLOCK ) setenv __CCLAUNCH_BLOCK CCLAUNCH_MARKS'
alias claude "${__cclaunch}"' ; exec claude \!* )'
unset __cclaunch
