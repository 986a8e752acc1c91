# shellcheck shell=sh
__cclaunch_f='CCLAUNCH_SHIM'; [ ! -x "$__cclaunch_f/claude" ] || case ${PATH-} in '' | "$__cclaunch_f" | "$__cclaunch_f":*) ;; *) PATH=$__cclaunch_f:$PATH ;; esac; \unset __cclaunch_f
