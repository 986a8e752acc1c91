{
  use str
  fn get {|name| if (has-env $name) { get-env $name } else { put '' } }
  var before first = (get __CCLAUNCH_BLOCK) (get __CCLAUNCH_RC)
  if (has-env __CCLAUNCH_RC) { set before = '' }
  var block after = (str:has-prefix $before b) ''
  #: variable
  if (str:contains $first ',CCLAUNCH_NAME:') { unset-env CCLAUNCH_NAME }
  if (and $block (str:contains $before '.CCLAUNCH_KEYCCLAUNCH_HASH') (has-env CCLAUNCH_NAME)) {
    set after = $after'.CCLAUNCH_KEYCCLAUNCH_HASH'
  } elif (or (not (has-env CCLAUNCH_NAME)) (and $block (str:contains $before '.CCLAUNCH_KEY'))) {
    set-env CCLAUNCH_NAME 'CCLAUNCH_VALUE'
    set after = $after'.CCLAUNCH_KEYCCLAUNCH_HASH'
  }
  #: gone
  if (str:contains $first ',CCLAUNCH_NAME:') { unset-env CCLAUNCH_NAME }
  if (and $block (str:contains $before '.CCLAUNCH_KEY')) { unset-env CCLAUNCH_NAME }
  #: end
  if (or $block (eq $before '')) {
    set-env __CCLAUNCH_BLOCK b$after
  } elif (not-eq $after '') {
    set-env __CCLAUNCH_BLOCK $before',l'$after
  }
  unset-env __CCLAUNCH_RC
}
