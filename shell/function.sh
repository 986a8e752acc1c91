# shellcheck shell=sh
if \alias claude; then __cclaunch=$(\alias claude); \unalias claude; else __cclaunch=''; fi >/dev/null 2>&1
PATH='' command -v claude >/dev/null || \eval 'claude() { if \hash -r 2>/dev/null; [ -x "$(\unalias -a 2>/dev/null; command -v cclaunch)" ]; then command cclaunch -- "$@"; else command claude "$@"; fi; }'
[ -z "$__cclaunch" ] || \eval "\\alias ${__cclaunch#alias }"
