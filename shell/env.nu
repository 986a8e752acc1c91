# A bare `claude` sends its telemetry. Nothing is started here, and nothing breaks without cclaunch.
# What was set by hand stays; what an older block of ours had set is replaced.
do --env {
    let before = $"($env.__CCLAUNCH_RC? | default ''),"
    mut after = ""
    #: variable
    let listed = ($before | str contains ",CCLAUNCH_NAME:")
    let same = ($before | str contains ",CCLAUNCH_NAME:CCLAUNCH_HASH,")
    if ("CCLAUNCH_NAME" not-in $env) or ($listed and not $same) { $env.CCLAUNCH_NAME = "CCLAUNCH_VALUE"; $after = $after + ",CCLAUNCH_NAME:CCLAUNCH_HASH" } else if $same { $after = $after + ",CCLAUNCH_NAME:CCLAUNCH_HASH" }
    #: gone
    if ($before | str contains ",CCLAUNCH_NAME:") { hide-env -i CCLAUNCH_NAME }
    #: end
    $env.__CCLAUNCH_RC = $after
    let block = ($env.__CCLAUNCH_BLOCK? | default '')
    if not ($block | str contains $after) { $env.__CCLAUNCH_BLOCK = $block + $after }
}
