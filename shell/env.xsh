def apply(known):
    before, first = str(known.get('__CCLAUNCH_BLOCK', '')), str(known.get('__CCLAUNCH_RC', ''))
    before, after = '' if first else before, ''
    block = before.startswith('b')
    #: variable
    if ',CCLAUNCH_NAME:' in first:
        known.pop('CCLAUNCH_NAME', None)
    if block and '.CCLAUNCH_KEYCCLAUNCH_HASH' in before and 'CCLAUNCH_NAME' in known:
        after += '.CCLAUNCH_KEYCCLAUNCH_HASH'
    elif 'CCLAUNCH_NAME' not in known or (block and '.CCLAUNCH_KEY' in before):
        known['CCLAUNCH_NAME'] = 'CCLAUNCH_VALUE'
        after += '.CCLAUNCH_KEYCCLAUNCH_HASH'
    #: gone
    if ',CCLAUNCH_NAME:' in first or (block and '.CCLAUNCH_KEY' in before):
        known.pop('CCLAUNCH_NAME', None)
    #: end
    if block or not before:
        known['__CCLAUNCH_BLOCK'] = 'b' + after
    elif after:
        known['__CCLAUNCH_BLOCK'] = before + ',l' + after
    known.pop('__CCLAUNCH_RC', None)
apply(known)
