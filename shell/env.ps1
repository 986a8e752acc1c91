& {
    $before = "${env:__CCLAUNCH_BLOCK}"
    $first = "${env:__CCLAUNCH_RC}"
    if ($first) { $before = '' }
    $block = $before.StartsWith('b')
    $after = ''
    #: variable
    if ($first.Contains(',CCLAUNCH_NAME:')) { Remove-Item Env:CCLAUNCH_NAME -ErrorAction Ignore }
    $same = $block -and $before.Contains('.CCLAUNCH_KEYCCLAUNCH_HASH') -and (Test-Path Env:CCLAUNCH_NAME)
    if (-not $same -and (-not (Test-Path Env:CCLAUNCH_NAME) -or ($block -and $before.Contains('.CCLAUNCH_KEY')))) {
        ${env:CCLAUNCH_NAME} = 'CCLAUNCH_VALUE'
        $same = $true
    }
    if ($same) { $after += '.CCLAUNCH_KEYCCLAUNCH_HASH' }
    #: gone
    if ($first.Contains(',CCLAUNCH_NAME:') -or ($block -and $before.Contains('.CCLAUNCH_KEY'))) { Remove-Item Env:CCLAUNCH_NAME -ErrorAction Ignore }
    #: end
    if ($block -or -not $before) { ${env:__CCLAUNCH_BLOCK} = 'b' + $after } elseif ($after) { ${env:__CCLAUNCH_BLOCK} = $before + ',l' + $after }
    Remove-Item Env:__CCLAUNCH_RC -ErrorAction Ignore
}
