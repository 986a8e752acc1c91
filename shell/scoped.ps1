# Only `claude` gets these variables, not the other programs of this shell. What was set by hand stays.
function claude {
    $program = Get-Command claude -CommandType Application -ErrorAction Stop | Select-Object -First 1
    $block = ${env:__CCLAUNCH_BLOCK}
    $given = @()
    try {
        #: variable
        if (-not (Test-Path Env:CCLAUNCH_NAME)) { ${env:CCLAUNCH_NAME} = 'CCLAUNCH_VALUE'; $given += 'CCLAUNCH_NAME' }
        #: end
        ${env:__CCLAUNCH_BLOCK} = "$block," + 'CCLAUNCH_MARKS'
        if ($MyInvocation.ExpectingInput) { $input | & $program @args } else { & $program @args }
    } finally {
        foreach ($name in $given) { Remove-Item "Env:$name" -ErrorAction Ignore }
        ${env:__CCLAUNCH_BLOCK} = $block
    }
}
