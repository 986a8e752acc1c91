# A bare `claude` sends its telemetry. Nothing is started here, and nothing breaks without cclaunch.
# What was set by hand stays; what an older block of ours had set is replaced.
set -l before "$__CCLAUNCH_RC,"
set -l after
#: variable
if not set -q CCLAUNCH_NAME
    set -gx CCLAUNCH_NAME 'CCLAUNCH_VALUE'
    set -a after CCLAUNCH_NAME:CCLAUNCH_HASH
else if string match -q '*,CCLAUNCH_NAME:*' -- $before
    string match -q '*,CCLAUNCH_NAME:CCLAUNCH_HASH,*' -- $before; or set -gx CCLAUNCH_NAME 'CCLAUNCH_VALUE'
    set -a after CCLAUNCH_NAME:CCLAUNCH_HASH
end
#: gone
if string match -q '*,CCLAUNCH_NAME:*' -- $before
    set -e CCLAUNCH_NAME
end
#: end
set -gx __CCLAUNCH_RC (string join '' ,$after)
if not string match -q "*$__CCLAUNCH_RC*" -- "$__CCLAUNCH_BLOCK"
    set -gx __CCLAUNCH_BLOCK "$__CCLAUNCH_BLOCK$__CCLAUNCH_RC"
end
