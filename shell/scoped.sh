# shellcheck shell=sh
# Only `claude` gets these variables, not the other programs of this shell. What was set by hand stays.
\unalias claude 2>/dev/null || :
claude() {
  (
#: variable
    case "${CCLAUNCH_NAME+x},${__CCLAUNCH_RC-}," in
    x*,CCLAUNCH_NAME:CCLAUNCH_HASH,*) ;;
    ,* | x*,CCLAUNCH_NAME:*) \export CCLAUNCH_NAME='CCLAUNCH_VALUE' ;;
    esac
#: gone
    case ",${__CCLAUNCH_RC-}," in
    *,CCLAUNCH_NAME:*) \unset CCLAUNCH_NAME ;;
    esac
#: end
    \export __CCLAUNCH_BLOCK="${__CCLAUNCH_BLOCK-}",'CCLAUNCH_MARKS'
    \exec env claude "$@"
  )
}
