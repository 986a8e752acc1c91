set __cclaunch_f = 'CCLAUNCH_SHIM' ; if ( -x "$__cclaunch_f/claude" && "$path[1]" != "$__cclaunch_f" ) set path = ( "$__cclaunch_f" $path:q ) ; unset __cclaunch_f
