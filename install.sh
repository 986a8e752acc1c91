#!/bin/sh
# Installs cclaunch: an environment of its own, and a fast launcher in ~/.local/bin.
#
# No sudo, no rc file, nothing outside of $HOME. Everything stands in functions, and the last line calls the first
# one inside braces: a file that was cut off on the way, at whatever byte, does nothing.

if [ -n "${ZSH_VERSION:-}" ]; then emulate sh; fi
set -eu

say() { printf '%s\n' "install.sh: $*" >&2; }
die() { say "error: $*"; exit 1; }

usage() {
  cat <<'HELP'
Usage: sh install.sh [OPTIONS] [-- CLAUDE ARGS...]

Installs cclaunch into an environment of its own and lays the command into ~/.local/bin.
Offers to install Claude Code from npm when there is none.

  --run            launch cclaunch when it is installed (words behind -- are handed on)
  --yes, -y        answer yes to every question
  --dry-run        say what would be done, and do nothing
  --method METHOD  what makes the environment: uv or venv (default: uv if it is there)
  --version V      install this release (default: the newest; from a checkout: what is checked out)
  --uninstall      remove the environment, the command and the cache; settings and recorded data stay
  --help, -h       this text

CCLAUNCH_SOURCE=PATH installs from that directory or wheel. PYTHON=PATH names the interpreter.
HELP
}

# Runs a command without the variables that would lead an installer astray, or only says it.
act() {
  if [ "$dry" = 1 ]; then say "would run: $*"; return 0; fi
  (
    unset PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE PIP_USER PIP_TARGET PIP_PREFIX VIRTUAL_ENV
    exec "$@"
  )
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

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

# Prints the interpreter to build on: what PYTHON names, else the first that is new enough.
find_python() {
  if [ -n "${PYTHON:-}" ]; then
    command -v "$PYTHON" >/dev/null 2>&1 || die "PYTHON names $PYTHON, and there is no such program"
    new_enough "$PYTHON" || die "Python 3.11 or newer is needed, and PYTHON names $("$PYTHON" --version 2>&1)"
    "$PYTHON" -c 'import sys; print(sys.executable)'
    return 0
  fi
  for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    if new_enough "$candidate"; then
      "$candidate" -c 'import sys; print(sys.executable)'
      return 0
    fi
  done
  if [ "$method" != venv ] && command -v uv >/dev/null 2>&1; then
    echo '>=3.11' # uv fetches one
    return 0
  fi
  found=$(python3 --version 2>/dev/null || echo none)
  die "Python 3.11 or newer is needed (found: $found). Debian, Ubuntu: apt install python3 python3-venv. Or set PYTHON=..."
}

# A root whose HOME is somebody else's would leave files there that the owner cannot change.
check_home() {
  if [ -z "${HOME:-}" ] || [ ! -d "$HOME" ]; then die "HOME is not a directory"; fi
  # shellcheck disable=SC2012  # stat differs from system to system; ls -ldn does not
  owner=$(ls -ldn "$HOME/." | awk '{print $3}')
  [ "$owner" = "$(id -u)" ] || die "HOME ($HOME) belongs to another user: run this as that user, without sudo"
}

laid_by_us() { [ -f "$command" ] && grep -q '^# Laid by install.sh' "$command" 2>/dev/null; }

# Our command must not silently replace one that another installer put there.
check_command() {
  if { [ -e "$command" ] || [ -L "$command" ]; } && ! laid_by_us; then
    ask "$command was put there by another installer. Replace it?" ||
      die "$command was put there by another installer (pipx, uv tool, pip): remove it with that one, or say --yes"
  fi
}

# Prints what to install: CCLAUNCH_SOURCE, the checkout that this file lies in, or the released package.
find_source() {
  if [ -n "${CCLAUNCH_SOURCE:-}" ]; then
    [ -e "$CCLAUNCH_SOURCE" ] || die "CCLAUNCH_SOURCE names $CCLAUNCH_SOURCE, and there is nothing"
    # Absolute, for a bare word would be looked up as a package's name.
    printf '%s\n' "$(CDPATH='' cd -- "$(dirname -- "$CCLAUNCH_SOURCE")" && pwd)/$(basename -- "$CCLAUNCH_SOURCE")"
    return 0
  fi
  if [ -z "$version" ] && [ -f "$0" ]; then
    here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
    if grep -q '^name = "cclaunch"' "$here/pyproject.toml" 2>/dev/null; then
      printf '%s\n' "$here"
      return 0
    fi
  fi
  # Never below the first release: an older package of that name is none of ours.
  if [ -n "$version" ]; then echo "cclaunch==$version"; else echo 'cclaunch>=0.1'; fi
}

# Without --method: uv if it is there, and venv where uv fails (it has ideas of its own about certificates and mirrors).
make_environment() {
  act mkdir -p "$root"
  case $method in
    uv) with_uv || die "uv could not install it (see above)" ;;
    venv) with_venv || die "pip could not install it (see above)" ;;
    '')
      if command -v uv >/dev/null 2>&1; then
        with_uv && return 0
        say "uv could not install it; trying again with python -m venv"
        if [ "$dry" = 0 ]; then rm -rf "$place"; fi
      fi
      with_venv || die "pip could not install it (see above)"
      ;;
    *) die "--method is uv or venv, not $method" ;;
  esac
  act "$place/bin/python" -m compileall -q -o 0 "$place/lib" >/dev/null 2>&1 || true # a dependency may ship odd files
}

with_uv() {
  command -v uv >/dev/null 2>&1 || die "--method uv: there is no uv; leave the option out, or install uv"
  say "installing $source into $place with uv"
  # uv keeps what it once built from a directory, also when a file in it has changed: hence --reinstall-package.
  act uv venv --quiet --python "$python" "$place" &&
    act uv pip install --quiet --python "$place/bin/python" --reinstall-package cclaunch "$source"
}

with_venv() {
  "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    die "$python cannot make environments: apt install python3-venv (Debian, Ubuntu), or install uv"
  say "installing $source into $place with venv"
  act "$python" -m venv "$place" && act "$place/bin/python" -m pip install --quiet --disable-pip-version-check "$source"
}

# Prints the launcher. Run by the environment's interpreter, because only Python quotes for Python.
launcher() {
  act "$place/bin/python" - <<'PYTHON'
import os, sys, sysconfig

# The base interpreter under its versioned name: an upgrade to another minor version must not meet these packages.
base = sys._base_executable
exact = os.path.join(os.path.dirname(base), "python%d.%d" % sys.version_info[:2])
if os.path.exists(exact) and os.path.samefile(exact, base):
    base = exact
if len(base) > 110 or any(letter.isspace() for letter in base):
    # A first line can hold neither spaces nor long paths: sh runs the second, and Python reads it as a text.
    quoted = base.replace("'", "'\"'\"'")
    print("#!/bin/sh", "'''exec' '" + quoted + "' -IS \"$0\" \"$@\"", "' '''", sep="\n")
else:
    print("#!" + base + " -IS")
print("# Laid by install.sh of cclaunch. After an upgrade of Python to another minor version, run that again.")
print("import sys", "sys.path.insert(0, %a)" % sysconfig.get_path("purelib"), sep="\n")
print("from cclaunch.launch import main", "sys.exit(main())", sep="\n")
PYTHON
}

# Tried before it takes its place: a command that does not run must not replace one that does.
lay_launcher() {
  say "laying the command: $command"
  act mkdir -p "$bin"
  if [ "$dry" = 1 ]; then return 0; fi
  launcher >"$command.new"
  chmod 755 "$command.new"
  told=$("$command.new" --version) || die "what was installed does not run; nothing was changed"
  mv -f "$command.new" "$command"
  say "installed $(printf '%s\n' "$told" | head -n 1)"
}

# A collector that runs goes on from files that are about to be removed, so it begins anew from the new ones.
renew_collector() {
  if "$command" stack status --json 2>/dev/null </dev/null | grep -q '"pid": *[0-9]'; then
    "$command" stack restart >/dev/null </dev/null || say "the running collector could not be restarted: cclaunch stack restart"
  fi
}

# An environment cannot be moved, so each has a name of its own; the old ones go when the command names the new one.
remove_older() {
  for older in "$root"/*; do
    [ -e "$older" ] || continue
    grep -qF "$older/" "$command" 2>/dev/null || act rm -rf "$older"
  done
}

offer_claude() {
  if command -v claude >/dev/null 2>&1 || [ -x "$HOME/.local/bin/claude" ]; then return 0; fi
  if ! command -v npm >/dev/null 2>&1; then
    say "Claude Code is not installed, and there is no npm to install it with (it comes with Node.js: apt install npm)"
    return 0
  fi
  if ask "Claude Code is not installed. Run: npm install -g --prefix $HOME/.local @anthropic-ai/claude-code ?"; then
    act npm install -g --no-audit --no-fund --prefix "$HOME/.local" @anthropic-ai/claude-code </dev/null >&2 ||
      say "npm could not install Claude Code; cclaunch is installed all the same"
  else
    say "Claude Code is not installed; later: npm install -g --prefix $HOME/.local @anthropic-ai/claude-code"
  fi
}

hint_path() {
  case ":$PATH:" in
    *":$bin:"*) ;;
    *) say "$bin is not on your PATH; add it (export PATH=\"$bin:\$PATH\"), or call $command" ;;
  esac
  found=$(command -v cclaunch 2>/dev/null || true)
  if [ -n "$found" ] && [ "$found" != "$command" ]; then say "warning: another cclaunch comes first on your PATH: $found"; fi
}

uninstall() {
  if laid_by_us; then
    if [ "$dry" = 0 ]; then "$command" stack down </dev/null >/dev/null 2>&1 || say "the collector could not be stopped"; fi
    act rm -f "$command"
  fi
  act rm -rf "$root" "$cache"
  say "removed; your settings and your data stay"
}

# Read from a pipe, this script would leave claude nothing to read: then the terminal is its stdin.
launch() {
  PATH=$PATH:$bin
  export PATH
  if [ "$dry" = 1 ]; then say "would run: $command $*"; return 0; fi
  if [ ! -f "$0" ] && (: </dev/tty) 2>/dev/null; then exec "$command" "$@" </dev/tty; fi
  exec "$command" "$@"
}

find_places() {
  case ${XDG_DATA_HOME:-} in /*) data=$XDG_DATA_HOME ;; *) data=$HOME/.local/share ;; esac
  case ${XDG_CACHE_HOME:-} in /*) cache=$XDG_CACHE_HOME ;; *) cache=$HOME/.cache ;; esac
  if [ "$(uname -s)" = Darwin ] && [ -z "${XDG_CACHE_HOME:-}" ]; then cache=$HOME/Library/Caches; fi
  cache=$cache/cclaunch
  root=$data/cclaunch-env
  place=$root/$(date +%Y%m%d%H%M%S)-$$
  bin=$HOME/.local/bin
  command=$bin/cclaunch
}

main() {
  dry=0 yes=0 run=0 remove=0 method='' version=''
  while [ $# -gt 0 ]; do
    case $1 in
      --dry-run) dry=1 ;;
      --yes | -y) yes=1 ;;
      --run) run=1 ;;
      --uninstall) remove=1 ;;
      --method) [ $# -gt 1 ] || die "--method needs a value: uv or venv"; method=$2; shift ;;
      --version) [ $# -gt 1 ] || die "--version needs a value"; version=$2; shift ;;
      --help | -h) usage; exit 0 ;;
      --) shift; break ;;
      *) usage >&2; die "unknown option $1" ;;
    esac
    shift
  done

  check_home
  find_places
  if [ "$remove" = 1 ]; then uninstall; exit 0; fi
  python=$(find_python)
  source=$(find_source)
  check_command

  # Whatever fails from here on leaves the installation of before as it was.
  if [ "$dry" = 0 ]; then trap 'rm -rf "$place" "$command.new"' EXIT; fi
  trap 'exit 1' INT TERM HUP
  make_environment
  lay_launcher
  trap - EXIT INT TERM HUP
  if [ "$dry" = 0 ]; then renew_collector; fi
  remove_older
  offer_claude
  hint_path
  say "done; undo it with: sh install.sh --uninstall"
  if [ "$run" = 1 ]; then launch "$@"; fi
}

{ main "$@"; exit; }
