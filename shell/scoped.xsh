# Only `claude` gets these variables, not the other programs of this shell. What was set by hand stays.
def __cclaunch(words):
    known = ${...}
    given = {'__CCLAUNCH_BLOCK': str(known.get('__CCLAUNCH_BLOCK', '')) + ',' + 'CCLAUNCH_MARKS'}
    #: variable
    if 'CCLAUNCH_NAME' not in known:
        given['CCLAUNCH_NAME'] = 'CCLAUNCH_VALUE'
    #: end
    given = [name + '=' + value for name, value in given.items()]
    return ![env @(given) claude @(words)].returncode
__cclaunch.__xonsh_threadable__ = False
__cclaunch.__xonsh_capturable__ = False
aliases['claude'] = __cclaunch
del __cclaunch
