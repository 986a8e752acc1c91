# A bare `claude` sends its telemetry. Nothing is started here, and nothing breaks without cclaunch.
# What was set by hand stays; what an older block of ours had set is replaced.
def __cclaunch(known):
    before, after = str(known.get('__CCLAUNCH_RC', '')) + ',', ''
    #: variable
    if 'CCLAUNCH_NAME' not in known or (',CCLAUNCH_NAME:' in before and ',CCLAUNCH_NAME:CCLAUNCH_HASH,' not in before):
        known['CCLAUNCH_NAME'] = 'CCLAUNCH_VALUE'
        after += ',CCLAUNCH_NAME:CCLAUNCH_HASH'
    elif ',CCLAUNCH_NAME:CCLAUNCH_HASH,' in before:
        after += ',CCLAUNCH_NAME:CCLAUNCH_HASH'
    #: gone
    if ',CCLAUNCH_NAME:' in before:
        known.pop('CCLAUNCH_NAME', None)
    #: end
    known['__CCLAUNCH_RC'] = after
    block = str(known.get('__CCLAUNCH_BLOCK', ''))
    if after not in block:
        known['__CCLAUNCH_BLOCK'] = block + after
__cclaunch(${...})
del __cclaunch
