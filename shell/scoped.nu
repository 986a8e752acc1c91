# Only `claude` gets these variables, not the other programs of this shell. What was set by hand stays.
def --wrapped claude [...rest] {
    mut with = {__CCLAUNCH_BLOCK: ($"($env.__CCLAUNCH_BLOCK? | default ''),"  + "CCLAUNCH_MARKS")}
    #: variable
    if "CCLAUNCH_NAME" not-in $env { $with.CCLAUNCH_NAME = "CCLAUNCH_VALUE" }
    #: end
    with-env $with { ^claude ...$rest }
}
