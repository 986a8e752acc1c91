# shellcheck shell=bash
__cclaunch='' __cclaunch_f='CCLAUNCH_FILE'
# shellcheck disable=SC1090
if [ -f "$__cclaunch_f" ] && [ -r "$__cclaunch_f" ] && [ -O "$__cclaunch_f" ]; then case $- in *e*) set +e; . "$__cclaunch_f"; set -e ;; *) . "$__cclaunch_f" ;; esac; fi 2>/dev/null
case $__cclaunch in *": whole") \eval "$__cclaunch" ;; esac
#: variable
[ -n "${CCLAUNCH_NAME+x}" ] || \export CCLAUNCH_NAME=CCLAUNCH_VALUE
#: end
