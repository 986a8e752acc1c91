if (not-eq $paths[0] 'CCLAUNCH_SHIM') { set paths = ['CCLAUNCH_SHIM' $@paths] }
