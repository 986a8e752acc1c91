# shellcheck shell=sh
__cclaunch_by="command";
case ${BASH_VERSION-}${ZSH_VERSION-} in ?*) __cclaunch_by="builtin" ;; esac;
__cclaunch_old=${__CCLAUNCH_BLOCK-};
case ${__CCLAUNCH_RC-} in ?*) __cclaunch_old='' ;; esac;
__cclaunch_new='' __cclaunch_is='';
__cclaunch_gone() {
  case ${__CCLAUNCH_RC-} in *,"$1":*) $__cclaunch_by unset "$1" ;; esac;
  case $__cclaunch_old in b*."$2"*) $__cclaunch_by unset "$1" ;; esac;
};
__cclaunch_set() {
  case ${__CCLAUNCH_RC-} in *,"$1":*) $__cclaunch_by unset "$1" ;; esac;
  \eval "__cclaunch_is=\${$1+x}";
  case $__cclaunch_is$__cclaunch_old in
    xb*."$2$3"*) ;;
    xb*."$2"* | [!x]* | '') $__cclaunch_by export "$1=$4" ;;
    *) return 0 ;;
  esac;
  __cclaunch_new=$__cclaunch_new.$2$3;
};
#: variable
__cclaunch_set CCLAUNCH_NAME CCLAUNCH_KEY CCLAUNCH_HASH CCLAUNCH_VALUE;
#: gone
__cclaunch_gone CCLAUNCH_NAME CCLAUNCH_KEY;
#: end
case $__cclaunch_old in
  '' | b*) __CCLAUNCH_BLOCK=b$__cclaunch_new ;;
  *) case $__cclaunch_new in ?*) __CCLAUNCH_BLOCK=$__cclaunch_old,l$__cclaunch_new ;; esac ;;
esac;
$__cclaunch_by export __CCLAUNCH_BLOCK;
$__cclaunch_by unset -f __cclaunch_set __cclaunch_gone;
$__cclaunch_by unset __CCLAUNCH_RC __cclaunch __cclaunch_f __cclaunch_old __cclaunch_new __cclaunch_is;
: whole
