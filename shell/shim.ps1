if ((Test-Path ('CCLAUNCH_SHIM' + '/claude')) -and ($env:PATH -split [IO.Path]::PathSeparator)[0] -ne 'CCLAUNCH_SHIM') { $env:PATH = 'CCLAUNCH_SHIM' + [IO.Path]::PathSeparator + $env:PATH }
