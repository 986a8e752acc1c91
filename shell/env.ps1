# A bare `claude` sends its telemetry. Nothing is started here, and nothing breaks without cclaunch.
# What was set by hand stays; what an older block of ours had set is replaced.
& {
    $before = "${env:__CCLAUNCH_RC},"
    $after = ''
    #: variable
    $same = $before.Contains(',CCLAUNCH_NAME:CCLAUNCH_HASH,')
    if (-not (Test-Path Env:CCLAUNCH_NAME) -or ($before.Contains(',CCLAUNCH_NAME:') -and -not $same)) {
        ${env:CCLAUNCH_NAME} = 'CCLAUNCH_VALUE'
        $same = $true
    }
    if ($same) { $after += ',CCLAUNCH_NAME:CCLAUNCH_HASH' }
    #: gone
    if ($before.Contains(',CCLAUNCH_NAME:')) { Remove-Item Env:CCLAUNCH_NAME -ErrorAction Ignore }
    #: end
    ${env:__CCLAUNCH_RC} = $after
    if (-not "${env:__CCLAUNCH_BLOCK}".Contains($after)) { ${env:__CCLAUNCH_BLOCK} = "${env:__CCLAUNCH_BLOCK}" + $after }
}
