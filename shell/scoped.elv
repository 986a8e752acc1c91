# Only `claude` gets these variables, not the other programs of this shell. What was set by hand stays.
fn claude {|@words|
  var with = []
  var block = ''
  if (has-env __CCLAUNCH_BLOCK) { set block = (get-env __CCLAUNCH_BLOCK) }
  #: variable
  if (not (has-env CCLAUNCH_NAME)) { set with = [$@with CCLAUNCH_NAME='CCLAUNCH_VALUE'] }
  #: end
  (external env) $@with __CCLAUNCH_BLOCK=$block,'CCLAUNCH_MARKS' claude $@words
}
