#!/bin/sh
# Installs cclaunch: an environment of its own, and a fast launcher in ~/.local/bin.
#
# No sudo, no rc file, nothing outside of $HOME. Everything stands in functions, and the last line calls
# the first one: a file that was cut off on the way does nothing.

set -eu

say() { printf '%s\n' "install.sh: $*" >&2; }
die() { say "error: $*"; exit 1; }

usage() {
  cat <<'HELP'
Usage: sh install.sh [OPTIONS] [-- CLAUDE ARGS...]

Installs cclaunch into an environment of its own and lays the command into ~/.local/bin.
Offers to install Claude Code from npm when there is none.

  --run            launch cclaunch when it is installed (words behind -- are handed on)
  --yes            answer yes to every question
  --dry-run        say what would be done, and do nothing
  --method METHOD  what makes the environment: uv or venv (default: uv if it is there)
  --version V      install this release (default: the newest; from a checkout: what is checked out)
  --uninstall      remove the environment and the command; the recorded data stays
  --help           this text

CCLAUNCH_SOURCE=DIR installs from that directory.
HELP
}

# Runs a command, or says it when nothing may be done.
act() {
  if [ "$dry" = 1 ]; then say "would run: $*"; else "$@"; fi
}

# Asks on the terminal; without one the answer is no. --yes answers yes.
ask() {
  [ "$yes" = 1 ] && return 0
  # Opened, not looked at: -r can lie. In a subshell, because a failed redirection of `:` ends dash.
  if ! (: </dev/tty) 2>/dev/null; then return 1; fi
  printf 'install.sh: %s [y/N] ' "$1" >/dev/tty
  read -r answer </dev/tty || return 1
  case $answer in [yY]*) return 0 ;; *) return 1 ;; esac
}

find_python() {
  for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
    command -v "$candidate" >/dev/null 2>&1 || continue
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      "$candidate" -c 'import sys; print(sys.executable)'
      return 0
    fi
  done
  return 1
}

# A root whose HOME is somebody else's would leave files there that the owner cannot change.
check_home() {
  if [ -z "${HOME:-}" ] || [ ! -d "$HOME" ]; then die "HOME is not a directory"; fi
  # shellcheck disable=SC2012  # stat differs from system to system; ls -ldn does not
  owner=$(ls -ldn "$HOME" | awk '{print $3}')
  [ "$owner" = "$(id -u)" ] || die "HOME ($HOME) belongs to another user: run this as that user, without sudo"
}

make_environment() {
  if [ -z "$method" ]; then
    if command -v uv >/dev/null 2>&1; then method=uv; else method=venv; fi
  fi
  say "making the environment in $place with $method"
  act mkdir -p "$root"
  case $method in
    uv)
      act uv venv --quiet --python "$python" --clear "$place"
      act uv pip install --quiet --python "$place/bin/python" "$what"
      ;;
    venv)
      "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        die "$python cannot make environments: apt install python3-venv (Debian, Ubuntu), or install uv"
      act "$python" -m venv --clear "$place"
      act "$place/bin/python" -m pip install --quiet --disable-pip-version-check "$what"
      ;;
    *) die "--method is uv or venv, not $method" ;;
  esac
}

# An environment cannot be moved, so each has a name of its own; the old ones go when the command points at the new one.
remove_older() {
  for older in "$root"/*; do
    [ "$older" = "$place" ] || act rm -rf "$older"
  done
}

lay_launcher() {
  say "laying the command: $command"
  if [ "$dry" = 1 ]; then return 0; fi
  site=$("$place/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  # -IS skips site, so the environment's own interpreter is needed only for its name: the real one starts faster.
  real=$("$place/bin/python" -c 'import os, sys; print(os.path.realpath(sys._base_executable))')
  (unset PYTHONDONTWRITEBYTECODE; "$place/bin/python" -m compileall -q "$site" >/dev/null 2>&1) || true
  mkdir -p "$bin"
  {
    if printf '%s' "$real" | grep -q ' ' || [ "${#real}" -gt 100 ]; then
      # A first line can hold neither spaces nor long paths: sh runs the rest, and Python reads it as a text.
      printf '#!/bin/sh\n%s\n' "'''exec' '$real' -IS \"\$0\" \"\$@\""
      printf "%s\n" "' '''"
    else
      printf '#!%s -IS\n' "$real"
    fi
    printf 'import sys\nsys.path.insert(0, r"%s")\nfrom cclaunch.launch import main\nsys.exit(main())\n' "$site"
  } >"$command.new"
  chmod 755 "$command.new"
  mv "$command.new" "$command"
}

offer_claude() {
  if command -v claude >/dev/null 2>&1 || [ -x "$HOME/.local/bin/claude" ]; then return 0; fi
  if ! command -v npm >/dev/null 2>&1; then
    say "Claude Code is not installed, and there is no npm to install it with (Node.js brings it)"
    return 0
  fi
  if ask "Claude Code is not installed. Run: npm install -g --prefix $HOME/.local @anthropic-ai/claude-code ?"; then
    act npm install -g --no-audit --no-fund --prefix "$HOME/.local" @anthropic-ai/claude-code </dev/null >&2
  else
    say "Claude Code is not installed; later: npm install -g @anthropic-ai/claude-code"
  fi
}

hint_path() {
  case ":$PATH:" in
    *":$bin:"*) ;;
    *) say "$bin is not on your PATH; add it, or call $command" ;;
  esac
  found=$(command -v cclaunch 2>/dev/null || true)
  if [ -n "$found" ] && [ "$found" != "$command" ]; then say "another cclaunch comes first on your PATH: $found"; fi
}

uninstall() {
  if [ -x "$command" ] && [ "$dry" = 0 ]; then "$command" stack down </dev/null >/dev/null 2>&1 || true; fi
  act rm -rf "$root"
  act rm -f "$command"
  say "removed; your settings and data stay (~/.config/cclaunch, ~/.local/share/cclaunch)"
}

main() {
  dry=0 yes=0 run=0 remove=0 method='' version=''
  while [ $# -gt 0 ]; do
    case $1 in
      --dry-run) dry=1 ;;
      --yes | -y) yes=1 ;;
      --run) run=1 ;;
      --uninstall) remove=1 ;;
      --method) [ $# -gt 1 ] || die "--method needs a value"; method=$2; shift ;;
      --version) [ $# -gt 1 ] || die "--version needs a value"; version=$2; shift ;;
      --help | -h) usage; exit 0 ;;
      --) shift; break ;;
      *) usage >&2; die "unknown option $1" ;;
    esac
    shift
  done

  check_home
  root=${XDG_DATA_HOME:-$HOME/.local/share}/cclaunch-env
  place=$root/$(date +%Y%m%d%H%M%S)-$$
  bin=$HOME/.local/bin
  command=$bin/cclaunch
  if [ "$remove" = 1 ]; then uninstall; exit 0; fi

  python=$(find_python) || die "Python 3.11 or newer is needed; apt install python3 python3-venv, or set PYTHON=..."
  what=cclaunch${version:+==$version}
  here=$(CDPATH='' cd -- "$(dirname -- "$0")" 2>/dev/null && pwd) || here=''
  if [ -n "${CCLAUNCH_SOURCE:-}" ]; then
    what=$CCLAUNCH_SOURCE
  elif [ -z "$version" ] && [ -n "$here" ] && grep -q '^name = "cclaunch"' "$here/pyproject.toml" 2>/dev/null; then
    what=$here
  fi

  trap 'rm -rf "$place" "$command.new"' EXIT
  trap 'exit 1' INT TERM HUP
  make_environment
  lay_launcher
  trap - EXIT
  remove_older
  offer_claude
  hint_path
  say "done; undo it with: sh install.sh --uninstall"
  if [ "$run" = 1 ]; then
    PATH=$PATH:$bin
    export PATH
    act exec "$command" "$@"
  fi
}

main "$@"
