alias claude 'set __cclaunch = ( cclaunch -- ) ; sh -c "command -v cclaunch" >& /dev/null || set __cclaunch = claude ; $__cclaunch \!*'
