def __cclaunch(words):
    found = __xonsh__.commands_cache.locate_binary('cclaunch')
    return (![cclaunch -- @(words)] if found else ![env claude @(words)]).returncode
__cclaunch.__xonsh_threadable__ = __cclaunch.__xonsh_capturable__ = False
aliases.setdefault('claude', __cclaunch)
del __cclaunch
