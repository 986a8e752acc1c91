# shellcheck shell=sh
# A bare `claude` sends its telemetry. Nothing is started here, and nothing breaks without cclaunch.
# What was set by hand stays; what an older block of ours had set is replaced.
__CCLAUNCH_RC="${__CCLAUNCH_RC-},|"
#: variable
case "${CCLAUNCH_NAME+x}$__CCLAUNCH_RC" in
x*,CCLAUNCH_NAME:CCLAUNCH_HASH,*)
  __CCLAUNCH_RC=$__CCLAUNCH_RC,CCLAUNCH_NAME:CCLAUNCH_HASH ;;
,* | x*,CCLAUNCH_NAME:*)
  \export CCLAUNCH_NAME='CCLAUNCH_VALUE'
  __CCLAUNCH_RC=$__CCLAUNCH_RC,CCLAUNCH_NAME:CCLAUNCH_HASH ;;
esac
#: gone
case "$__CCLAUNCH_RC" in
*,CCLAUNCH_NAME:*) \unset CCLAUNCH_NAME ;;
esac
#: end
__CCLAUNCH_RC=${__CCLAUNCH_RC##*"|"}
case "${__CCLAUNCH_BLOCK-}" in
*"$__CCLAUNCH_RC"*) __CCLAUNCH_BLOCK=${__CCLAUNCH_BLOCK-} ;;
*) __CCLAUNCH_BLOCK=${__CCLAUNCH_BLOCK-}$__CCLAUNCH_RC ;;
esac
\export __CCLAUNCH_RC __CCLAUNCH_BLOCK
