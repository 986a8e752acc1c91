if (-not (Test-Path Function:claude)) { function global:claude {
    $program = @('cclaunch', 'claude') | Get-Command -CommandType Application -ErrorAction Ignore | Select-Object -First 1
    $words = if ($program.Name -like 'cclaunch*') { @('--') + $args } else { $args }
    if ($MyInvocation.ExpectingInput) { $input | & $program @words } else { & $program @words }
} }
