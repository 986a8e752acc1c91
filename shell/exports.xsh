import os as __cclaunch
try:
    if __cclaunch.path.isfile('CCLAUNCH_FILE'): exec(open('CCLAUNCH_FILE').read(), {'known': ${...}})
except Exception: pass
del __cclaunch
#: variable
if 'CCLAUNCH_NAME' not in ${...}: $CCLAUNCH_NAME = 'CCLAUNCH_VALUE'
#: end
