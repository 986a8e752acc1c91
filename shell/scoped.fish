# Only `claude` gets these variables, not the other programs of this shell. What was set by hand stays.
function claude --wraps claude --description 'claude with telemetry, by cclaunch persist --scoped'
    set -l with
    #: variable
    set -q CCLAUNCH_NAME; or set -a with CCLAUNCH_NAME='CCLAUNCH_VALUE'
    #: end
    command env $with __CCLAUNCH_BLOCK="$__CCLAUNCH_BLOCK,"'CCLAUNCH_MARKS' claude $argv
end
