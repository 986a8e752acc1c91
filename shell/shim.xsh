if __import__('os').access('CCLAUNCH_SHIM' + '/claude', 1) and $PATH[:1] != ['CCLAUNCH_SHIM']: $PATH.insert(0, 'CCLAUNCH_SHIM')
