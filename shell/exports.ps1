try { if (Test-Path -LiteralPath 'CCLAUNCH_FILE' -PathType Leaf) { . 'CCLAUNCH_FILE' } } catch { }
#: variable
if (-not (Test-Path Env:CCLAUNCH_NAME)) { ${env:CCLAUNCH_NAME} = 'CCLAUNCH_VALUE' }
#: end
