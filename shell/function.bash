# shellcheck shell=bash
\typeset -f claude >/dev/null 2>&1 ||
  \eval 'function claude { if { \hash -r; \hash cclaunch; [ $? != 1 ] && command -v cclaunch; } >/dev/null 2>&1;'\
' then command cclaunch -- "$@"; else command claude "$@"; fi; }'
