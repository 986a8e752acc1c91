# A bare `claude` sends its telemetry. Nothing is started here, and nothing breaks without cclaunch.
# What was set by hand stays; what an older block of ours had set is replaced.
{
  use str
  var before = ','
  if (has-env __CCLAUNCH_RC) { set before = (get-env __CCLAUNCH_RC)',' }
  var block = ''
  if (has-env __CCLAUNCH_BLOCK) { set block = (get-env __CCLAUNCH_BLOCK) }
  var after = ''
  #: variable
  if (or (not (has-env CCLAUNCH_NAME)) (and (str:contains $before ',CCLAUNCH_NAME:') (not (str:contains $before ',CCLAUNCH_NAME:CCLAUNCH_HASH,')))) {
    set-env CCLAUNCH_NAME 'CCLAUNCH_VALUE'
    set after = $after',CCLAUNCH_NAME:CCLAUNCH_HASH'
  } elif (str:contains $before ',CCLAUNCH_NAME:CCLAUNCH_HASH,') {
    set after = $after',CCLAUNCH_NAME:CCLAUNCH_HASH'
  }
  #: gone
  if (str:contains $before ',CCLAUNCH_NAME:') { unset-env CCLAUNCH_NAME }
  #: end
  set-env __CCLAUNCH_RC $after
  if (not (str:contains $block $after)) { set-env __CCLAUNCH_BLOCK $block$after }
}
