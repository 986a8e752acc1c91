# A bare `claude` sends its telemetry. Nothing is started here, and nothing breaks without cclaunch.
# What was set by hand stays; what an older block of ours had set is replaced.
set -q __CCLAUNCH_RC; or set -gx __CCLAUNCH_RC ''
set __CCLAUNCH_RC "$__CCLAUNCH_RC,|"
#: variable
switch "$__CCLAUNCH_RC"
    case '*,CCLAUNCH_NAME:CCLAUNCH_HASH,*'
        set -q CCLAUNCH_NAME; or set -gx CCLAUNCH_NAME 'CCLAUNCH_VALUE'
        set __CCLAUNCH_RC "$__CCLAUNCH_RC,CCLAUNCH_NAME:CCLAUNCH_HASH"
    case '*,CCLAUNCH_NAME:*'
        set -gx CCLAUNCH_NAME 'CCLAUNCH_VALUE'
        set __CCLAUNCH_RC "$__CCLAUNCH_RC,CCLAUNCH_NAME:CCLAUNCH_HASH"
    case '*'
        if not set -q CCLAUNCH_NAME
            set -gx CCLAUNCH_NAME 'CCLAUNCH_VALUE'
            set __CCLAUNCH_RC "$__CCLAUNCH_RC,CCLAUNCH_NAME:CCLAUNCH_HASH"
        end
end
#: gone
switch "$__CCLAUNCH_RC"
    case '*,CCLAUNCH_NAME:*'
        set -e CCLAUNCH_NAME
end
#: end
set __CCLAUNCH_RC (string replace -r '.*\|' '' -- "$__CCLAUNCH_RC")
switch "$__CCLAUNCH_BLOCK"
    case "*$__CCLAUNCH_RC*"
    case '*'
        set -gx __CCLAUNCH_BLOCK "$__CCLAUNCH_BLOCK$__CCLAUNCH_RC"
end
