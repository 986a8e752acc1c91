#!/bin/sh
# Installs cclaunch: an environment of its own, and a fast launcher in ~/.local/bin.
#
# No sudo, no rc file, nothing outside of $HOME. Everything stands in functions, and the last line calls the first
# one inside braces: a file that was cut off on the way, at whatever byte, does nothing.

usage() {
  cat <<'HELP'
Usage: sh install.sh [OPTIONS] [-- CLAUDE ARGS...]

Installs cclaunch into an environment of its own and lays the command into ~/.local/bin.
Offers to install Claude Code from npm when there is none.

  --run            launch cclaunch when it is installed (words behind -- are handed on)
  --yes, -y        answer yes to every question
  --dry-run        say what would be done, and do nothing
  --method METHOD  uv, venv or pipx (default: uv if it is there, else venv)
  --version V      install this release (default: the newest; from a checkout: what is checked out)
  --uninstall      remove the environment, the command and the cache, and take back what cclaunch set up;
                   settings and recorded data stay
  --purge          with --uninstall: remove settings and recorded data too
  --help, -h       this text

uv and venv make the environment only; the command is ours, and starts faster than one that an installer writes.
With pipx the command is pipx's link to the script of the package, and upgrades are pipx's.

CCLAUNCH_INSTALL_METHOD, CCLAUNCH_INSTALL_VERSION, CCLAUNCH_INSTALL_YES=1, CCLAUNCH_INSTALL_DRY_RUN=1 and
CCLAUNCH_INSTALL_RUN=1 do what the options do; an option wins. CCLAUNCH_SOURCE=PATH installs from that directory or
wheel. PYTHON=PATH names the interpreter. With CI set there are no questions, and only warnings and errors are said.
HELP
}

# All words go to stderr: with --run, stdout is claude's alone.
warn() { printf '%s\n' "install.sh: $*" >&2; }
say() { if [ "$quiet" = 0 ]; then warn "$@"; fi; }
die() { warn "error: $*"; exit 1; }

# Runs a command without the variables that would lead an installer astray, and without our stdin, which may be this script.
clean() {
  (
    # Some shells call it a failure to unset what is not set.
    unset PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE PYTHONOPTIMIZE PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT \
      VIRTUAL_ENV CONDA_PREFIX UV_PYTHON UV_SYSTEM_PYTHON UV_PROJECT_ENVIRONMENT UV_TARGET UV_PREFIX || :
    exec "$@"
  )
}

# Runs a command whose output is for the person, or only says it.
act() {
  if [ "$dry" = 1 ]; then warn "would run: $*"; return 0; fi
  clean "$@" </dev/null >&2
}

# Opened, not looked at: -r can lie. In a subshell, because a failed redirection of `:` ends dash.
has_terminal() { [ "$quiet" = 0 ] && (: </dev/tty) 2>/dev/null; }

# Asks on the terminal; without one the answer is no. --yes answers yes.
ask() {
  if [ "$yes" = 1 ]; then return 0; fi
  if [ "$dry" = 1 ]; then warn "would ask: $1"; return 1; fi
  has_terminal || return 1
  printf 'install.sh: %s [y/N] ' "$1" >/dev/tty
  answer=''
  read -r answer </dev/tty || return 1
  case $answer in [yY]*) return 0 ;; *) return 1 ;; esac
}

# The same for what an uninstall cannot do without: with nobody there to ask, the answer is yes.
ask_if_there() {
  if [ "$dry" = 0 ] && ! has_terminal; then return 0; fi
  ask "$1"
}

# ---- what there is ------------------------------------------------------------------------------------------------

# Without site: what stands in somebody's PYTHONPATH must not decide, and nothing may be written.
new_enough() { "$1" -IB -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 </dev/null; }
path_of() { "$1" -IB -c 'import sys; print(sys.executable)' </dev/null; }

# Prints the interpreter for that method: what PYTHON names, else the first that is new enough.
find_python() {
  if [ -n "${PYTHON:-}" ]; then
    command -v "$PYTHON" >/dev/null 2>&1 || die "PYTHON names $PYTHON, and there is no such program"
    new_enough "$PYTHON" || die "Python 3.11 or newer is needed, and PYTHON names $("$PYTHON" --version 2>&1)"
    path_of "$PYTHON"
    return 0
  fi
  for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    if new_enough "$candidate"; then path_of "$candidate"; return 0; fi
  done
  case $1 in
    '' | uv)
      if command -v uv >/dev/null 2>&1; then
        echo '>=3.11' # uv fetches one
        return 0
      fi
      ;;
    *) ;;
  esac
  found=$(python3 --version 2>/dev/null || echo none)
  die "Python 3.11 or newer is needed (found: $found). Debian, Ubuntu: apt install python3 python3-venv. Or install uv, which brings one. Or set PYTHON=..."
}

# A root whose HOME is somebody else's would leave files there that the owner cannot change.
check_home() {
  if [ -z "${HOME:-}" ] || [ ! -d "$HOME" ]; then die "HOME is not a directory"; fi
  case $HOME in /*) ;; *) die "HOME ($HOME) is not an absolute path" ;; esac
  # shellcheck disable=SC2012  # stat differs from system to system; ls -ldn does not
  owner=$(ls -ldn "$HOME/." | { read -r _ _ owner _; printf '%s\n' "$owner"; })
  me=$(id -u)
  [ "$owner" = "$me" ] || die "HOME ($HOME) belongs to another user: run this as that user, without sudo"
  case $me:${SUDO_USER:-root} in
    0:root | [1-9]*) ;;
    *) warn "this is root, by sudo of $SUDO_USER: it concerns root's own home alone" ;;
  esac
}

# Where cclaunch keeps things is platformdirs' rule.
find_places() {
  if [ "$(uname -s)" = Darwin ]; then
    support="$HOME/Library/Application Support"
    config=$support state=$support data=$support cache=$HOME/Library/Caches
  else
    config=$HOME/.config state=$HOME/.local/state data=$HOME/.local/share cache=$HOME/.cache
  fi
  case ${XDG_CONFIG_HOME:-} in /*) config=$XDG_CONFIG_HOME ;; *) ;; esac
  case ${XDG_STATE_HOME:-} in /*) state=$XDG_STATE_HOME ;; *) ;; esac
  case ${XDG_DATA_HOME:-} in /*) data=$XDG_DATA_HOME ;; *) ;; esac
  case ${XDG_CACHE_HOME:-} in /*) cache=$XDG_CACHE_HOME ;; *) ;; esac
  systemd=$config/systemd/user
  case ${XDG_DATA_HOME:-} in /*) root=$XDG_DATA_HOME/$NAME ;; *) root=$HOME/.local/share/$NAME ;; esac
  config=$config/cclaunch state=$state/cclaunch data=$data/cclaunch cache=$cache/cclaunch
  bin=$HOME/.local/bin
  command=$bin/cclaunch
}

laid_by_us() { [ -f "$command" ] && [ ! -L "$command" ] && grep -q '^# Laid by install.sh' "$command" 2>/dev/null; }
# Looked for and not asked: `pipx list` leaves directories.
by_pipx() {
  command -v pipx >/dev/null 2>&1 || return 1
  for one in "${PIPX_HOME:-$HOME/.local/pipx}" "$HOME/.local/share/pipx" "$HOME/Library/Application Support/pipx"; do
    if [ -d "$one/venvs/cclaunch" ]; then return 0; fi
  done
  return 1
}

# Our command must not silently replace one that another installer put there.
check_command() {
  if [ -d "$command" ]; then die "$command is a directory"; fi
  if [ "$method" = pipx ]; then
    if laid_by_us; then die "cclaunch is installed already, without pipx: sh install.sh --uninstall, then again"; fi
    return 0
  fi
  if { [ -e "$command" ] || [ -L "$command" ]; } && ! laid_by_us; then
    ask "$command was put there by another installer. Replace it?" || [ "$dry" = 1 ] ||
      die "$command was put there by another installer (pipx, uv tool, pip): remove it with that one, or say --yes"
  fi
}

# Says whether $script is this file; read from a pipe, it is the shell's name.
is_file() { [ -f "$script" ] && grep -q '^# Installs cclaunch' "$script" 2>/dev/null; }
directory_of() { CDPATH='' cd -- "$(dirname -- "$1")" && pwd; }

# Prints what to install: CCLAUNCH_SOURCE, the checkout that this file lies in, or the released package.
find_source() {
  if [ -n "${CCLAUNCH_SOURCE:-}" ]; then
    [ -e "$CCLAUNCH_SOURCE" ] || die "CCLAUNCH_SOURCE names $CCLAUNCH_SOURCE, and there is nothing"
    [ -z "$version" ] || die "--version and CCLAUNCH_SOURCE both say what to install"
    # Absolute, for a bare word would be looked up as a package's name.
    printf '%s\n' "$(directory_of "$CCLAUNCH_SOURCE")/$(basename -- "$CCLAUNCH_SOURCE")"
    return 0
  fi
  if [ -z "$version" ] && is_file; then
    here=$(directory_of "$script")
    if grep -q '^name = "cclaunch"' "$here/pyproject.toml" 2>/dev/null; then
      printf '%s\n' "$here"
      return 0
    fi
  fi
  # Never below the first release: an older package of that name is none of ours.
  if [ -n "$version" ]; then echo "cclaunch==$version"; else echo 'cclaunch>=0.1'; fi
}

# Prints the directories, innermost first, that are not there yet and that cclaunch will make on the way to its own.
missing_directories() {
  for one in "$bin" "$root" "$cache" "$state" "$config" "$data"; do
    if [ "$one" != "$bin" ]; then one=$(dirname -- "$one"); fi
    while [ ! -d "$one" ]; do
      printf '%s\n' "$one"
      one=$(dirname -- "$one")
    done
  done
}

# ---- installing ---------------------------------------------------------------------------------------------------

# One at a time: the other would take our unfinished environment for an old one.
take_lock() {
  if mkdir "$root/.lock" 2>/dev/null; then :; else
    holder=$(cat "$root/.lock/pid" 2>/dev/null || :)
    if [ -n "$holder" ] && kill -0 "$holder" 2>/dev/null; then die "another install.sh is at work (process $holder)"; fi
    mkdir -p "$root/.lock" # of one that was killed
  fi
  locked=1
  printf '%s\n' "$$" >"$root/.lock/pid"
}

# Whatever happens, only a whole environment stays; if none does, nothing does.
tidy() {
  if [ -n "$place" ]; then rm -rf "$place" || :; fi
  if [ -n "$new" ]; then rm -f "$new" || :; fi
  if [ "$locked" = 0 ]; then return 0; fi
  rm -rf "$root/.lock" || :
  for left in "$root"/*; do
    if [ -e "$left" ]; then return 0; fi
  done
  forget_root
}

# Removes the place of the environments, and of the directories that we made those that are empty.
forget_root() {
  made=$(cat "$root/.made" 2>/dev/null || :)
  rm -rf "$root"
  printf '%s\n' "$made" | while read -r one; do
    if [ -n "$one" ]; then rmdir "$one" 2>/dev/null || :; fi
  done
}

# An environment cannot be moved, so each has a place of its own, and the command says which one counts.
make_place() {
  if [ "$dry" = 1 ]; then
    place=$root/env.XXXXXX
    act mkdir -p "$root" "$bin"
    return 0
  fi
  if [ -f "$root/.made" ]; then missing=''; else missing=$(missing_directories); fi
  trap tidy EXIT
  trap 'exit 1' INT TERM HUP
  mkdir -p "$root"
  take_lock
  mkdir -p "$bin"
  if [ -n "$missing" ]; then printf '%s\n' "$missing" >"$root/.made"; fi
  place=$(mktemp -d "$root/env.XXXXXX")
}

# Without --method: uv if it is there, and venv where uv fails (it has ideas of its own about certificates and mirrors).
make_environment() {
  case $method in
    uv) with_uv || die "uv could not install it (see above); nothing was changed" ;;
    venv) with_venv || die "pip could not install it (see above); nothing was changed" ;;
    *)
      if command -v uv >/dev/null 2>&1; then
        if with_uv; then return 0; fi
        warn "uv could not install it; trying again with python -m venv"
        rm -rf "$place"
        mkdir "$place"
        python=$(find_python venv) # what uv may fetch is of no use to venv
      fi
      with_venv || die "pip could not install it (see above); nothing was changed"
      ;;
  esac
}

check_method() {
  case $method in
    uv) command -v uv >/dev/null 2>&1 || die "--method uv: there is no uv; leave the option out, or install uv" ;;
    pipx) command -v pipx >/dev/null 2>&1 || die "--method pipx: there is no pipx; leave the option out, or install pipx" ;;
    venv) check_venv ;;
    *) command -v uv >/dev/null 2>&1 || check_venv ;;
  esac
}

# Debian leaves ensurepip out of python3 and has it in a package of its own.
check_venv() {
  if "$python" -IB -c 'import ensurepip, venv' >/dev/null 2>&1 </dev/null; then return 0; fi
  package=$("$python" -IB -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])' </dev/null)
  die "$python cannot make environments, it has no ensurepip: apt install $package (Debian, Ubuntu), or install uv"
}

with_uv() {
  say "installing $source into $place with uv"
  # uv keeps what it once built from a directory, also when a file in it has changed: hence --reinstall-package.
  act uv venv --quiet --python "$python" "$place" &&
    act uv pip install --quiet --python "$place/bin/python" --reinstall-package cclaunch "$source"
}

with_venv() {
  check_venv
  say "installing $source into $place with venv"
  act "$python" -m venv "$place" &&
    act "$place/bin/python" -m pip install --quiet --no-input --disable-pip-version-check "$source"
}

# The hot modules in one file. A release that makes no bundle is launched without.
make_bundle() {
  if [ "$dry" = 1 ]; then return 0; fi
  clean "$place/bin/python" -I -m cclaunch.bundle "$place/launch.bundle" </dev/null >/dev/null 2>&1 || :
}

# Compiled once and for all, and not by the first launch. A dependency may ship odd files.
compile_all() { clean "$place/bin/python" -I -m compileall -q -o 0 "$place/lib" </dev/null >/dev/null 2>&1 || :; }

# Prints the launcher. Run by the environment's interpreter, because only Python quotes for Python.
launcher() {
  clean "$place/bin/python" -I - "$place/launch.bundle" <<'PYTHON'
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
print("import sys", "sys.path.append(%a)" % sysconfig.get_path("purelib"), sep="\n")
if os.path.exists(sys.argv[1]):
    # The modules of a launch in one file. Whatever is wrong with it: the modules themselves are there.
    print("if sys.version == %a:" % sys.version)
    print("    try:")
    print("        from marshal import loads")
    print("        with open(%a, 'rb') as file:" % sys.argv[1])
    print("            code, rows = loads(file.read())")
    print("        space = {}")
    print("        exec(code, space)")
    print("        space['install'](rows)")
    print("    except Exception:")
    print("        pass")
print("from cclaunch.launch import main", "sys.exit(main())", sep="\n")
PYTHON
}

# Says whether the environment that the command names holds what the new one holds, byte for byte.
same_as_before() {
  laid_by_us && "$command" --version >/dev/null 2>&1 </dev/null || return 1
  for older in "$root"/*; do
    if [ "$older" != "$place" ] && grep -qF "/$NAME/${older##*/}/" "$command"; then
      clean "$place/bin/python" -I - "$older" "$place" "$command" "$new" <<'PYTHON'
import hashlib, os, sys

older, newer, command, launcher = sys.argv[1:]
NOT_CONTENT = {"RECORD", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json"}  # how it came here, and when


def content(root):
    found = {}
    for directory, names, files in os.walk(os.path.join(root, "lib")):
        names[:] = [name for name in names if name != "__pycache__"]
        for name in files:
            if name not in NOT_CONTENT:
                path = os.path.join(directory, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, root)] = hashlib.sha256(file.read()).digest()
    return found


def text(path):
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()


same = text(command) == text(launcher).replace(ascii(newer)[1:-1], ascii(older)[1:-1])
bundles = [os.path.exists(os.path.join(root, "launch.bundle")) for root in (older, newer)]
sys.exit(not (same and bundles[0] == bundles[1] and content(older) == content(newer)))
PYTHON
      return
    fi
  done
  return 1
}

# Tried before it takes its place: a command that does not run must not replace one that does.
lay_launcher() {
  if [ "$dry" = 1 ]; then warn "would lay the command: $command"; return 0; fi
  new=$(mktemp "$bin/.cclaunch.XXXXXX")
  launcher >"$new"
  chmod 755 "$new"
  told=$("$new" --version </dev/null) || die "what was installed does not run; nothing was changed"
  told=$(printf '%s\n' "$told" | head -n 1)
  if same_as_before; then
    say "$told is installed already; nothing was changed"
    return 0
  fi
  compile_all
  mv -f "$new" "$command"
  place='' new=''
  say "laid the command: $command"
  say "installed $told"
}

# Those that no command names go, but for one whose collector still runs: the next launch drains it.
remove_older() {
  used=''
  for older in "$root"/*; do
    if grep -qF "/$NAME/${older##*/}/" "$command"; then used=$older; fi
  done
  clean "$used/bin/python" -I - "$root" "$used" <<'PYTHON' | while read -r older; do rm -rf "${root:?}/$older"; done
import os, sys

import psutil

root, used = sys.argv[1:]
words = []
for process in psutil.process_iter():
    try:
        words += process.cmdline()
    except psutil.Error:
        pass
for name in os.listdir(root):
    mark = "/%s/%s/" % (os.path.basename(root), name)
    if name[0] != "." and name != os.path.basename(used):
        if not any(mark in word for word in words):
            print(name)
PYTHON
  for older in "$root"/*; do
    if [ "$older" != "$used" ]; then
      say "a collector still runs from $older: the next launch replaces it, the next install.sh removes its files"
    fi
  done
}

with_pipx() {
  say "installing $source with pipx: the command is the script of the package, without our launcher"
  act pipx install --force --python "$python" "$source" || die "pipx could not install it (see above)"
  if [ "$dry" = 0 ]; then
    bin=$(pipx environment --value PIPX_BIN_DIR 2>/dev/null </dev/null) || bin=${PIPX_BIN_DIR:-$HOME/.local/bin}
    command=$bin/cclaunch
    told=$("$command" --version </dev/null) || die "what pipx installed does not run: $command"
    say "installed $(printf '%s\n' "$told" | head -n 1)"
  fi
}

offer_claude() {
  if command -v claude >/dev/null 2>&1 || [ -n "${CCLAUNCH_CLAUDE:-}" ]; then return 0; fi
  if [ -x "$HOME/.local/bin/claude" ] || [ -x "$HOME/.claude/local/claude" ]; then return 0; fi
  if ! command -v npm >/dev/null 2>&1; then
    warn "Claude Code is not installed, and there is no npm to install it with (it comes with Node.js: apt install npm)"
    return 0
  fi
  if ask "Claude Code is not installed. Run: npm install -g --prefix $HOME/.local @anthropic-ai/claude-code ?"; then
    say "running: npm install -g --prefix $HOME/.local @anthropic-ai/claude-code"
    act npm install -g --no-audit --no-fund --prefix "$HOME/.local" @anthropic-ai/claude-code ||
      warn "npm could not install Claude Code; cclaunch is installed all the same"
  else
    warn "Claude Code is not installed; later: npm install -g --prefix $HOME/.local @anthropic-ai/claude-code"
  fi
}

hint_path() {
  case ":$PATH:" in
    *":$bin:"*) ;; # it is
    *) say "$bin is not on your PATH; add it (export PATH=\"$bin:\$PATH\"), or call $command" ;;
  esac
  found=$(command -v cclaunch 2>/dev/null || :)
  if [ -n "$found" ] && [ "$found" != "$command" ]; then warn "warning: another cclaunch comes first on your PATH: $found"; fi
}

# Read from a pipe, this script would leave claude nothing to read: then the terminal is its stdin.
launch() {
  PATH=$PATH:$bin
  export PATH
  if [ "$dry" = 1 ]; then warn "would run: $command $*"; return 0; fi
  if ! is_file && (: </dev/tty) 2>/dev/null; then exec "$command" "$@" </dev/tty; fi
  exec "$command" "$@"
}

install() {
  python=$(find_python "$method")
  source=$(find_source)
  check_method
  check_command
  if [ "$method" = pipx ]; then
    with_pipx
  else
    # Whatever fails from here on leaves the installation of before as it was.
    make_place
    make_environment
    make_bundle
    lay_launcher
    if [ "$dry" = 0 ]; then
      tidy
      trap - EXIT INT TERM HUP
      remove_older
    fi
  fi
  offer_claude
  hint_path
  if [ "$dry" = 1 ]; then warn "nothing was done"; else say "done; undo it with: sh install.sh --uninstall"; fi
}

# ---- taking it back -----------------------------------------------------------------------------------------------

# Sets $tool, the command that takes back what only cclaunch itself knows of; empty when there is none that runs.
find_tool() {
  tool='' pipx=0
  if laid_by_us; then
    tool=$command
  elif by_pipx; then
    if [ "$method" = pipx ] || ask "cclaunch was installed with pipx. Remove it (pipx uninstall cclaunch)?"; then
      pipx=1
      tool=$(pipx environment --value PIPX_BIN_DIR 2>/dev/null </dev/null)/cclaunch || tool=$command
    fi
  elif [ -e "$command" ] || [ -L "$command" ]; then
    warn "$command was put there by another installer: it stays"
  fi
  if [ -n "$tool" ] && ! "$tool" --version >/dev/null 2>&1 </dev/null; then
    warn "$tool does not run: blocks in rc files, units and a running collector cannot be asked for"
    tool=''
  fi
}

# Says whether the installed cclaunch has that verb: some names are reserved for later.
has_verb() {
  help=$("$tool" "$@" --help 2>/dev/null </dev/null) || return 1
  case $help in *'not built yet'*) return 1 ;; *) return 0 ;; esac
}

has_blocks() {
  has_verb unpersist || return 1
  diff=$("$tool" unpersist --all --dry-run 2>/dev/null </dev/null) || return 0
  [ -n "$diff" ]
}

has_unit() {
  for unit in "$systemd"/cclaunch* "$systemd"/*.wants/cclaunch* "$HOME"/Library/LaunchAgents/*cclaunch*; do
    if [ -e "$unit" ] || [ -L "$unit" ]; then return 0; fi
  done
  return 1
}

# Everything is asked before anything is done. What would be left broken without its files is not left behind.
ask_all() {
  blocks=0 unit=0 stack=0
  if [ -n "$tool" ]; then
    if has_blocks && ask "Take cclaunch's blocks out of your shells' files (cclaunch unpersist --all)?"; then blocks=1; fi
    if has_unit && has_verb stack disable; then
      ask "Remove the unit that starts the collector (cclaunch stack disable)?" || refuse "a unit starts the collector"
      unit=1
    fi
    told=$("$tool" stack status --json 2>/dev/null </dev/null) || told=''
    case $told in
      *'"backend": "docker"'*)
        if ask "Stop the stack and remove its containers (cclaunch stack down)?"; then stack=1; fi
        ;;
      *'"pid": '[0-9]*)
        ask_if_there "Stop the running collector (cclaunch stack down)? What it took is kept." || refuse "a collector runs"
        stack=1
        ;;
      *) ;;
    esac
  fi
  caches=0 states=0 all=0
  if [ -e "$cache" ] && ask_if_there "Remove the cache, $cache?"; then caches=1; fi
  if [ "$purge" = 1 ]; then
    if ask "Delete your settings and profiles ($config) and everything that was recorded ($data)?"; then all=1; fi
  fi
  # Where state, settings and data share a directory, it goes with the data or not at all.
  if [ -e "$state" ] && [ "$state" != "$data" ] && ask "Remove the state (logs, the profile in use), $state?"; then states=1; fi
}

refuse() {
  if [ "$dry" = 1 ]; then return 0; fi
  die "$1 from the files that would go: nothing was removed (say yes, or --yes)"
}

take_back() {
  if [ "$blocks" = 1 ]; then act "$tool" unpersist --all || die "the blocks could not be taken back (see above); nothing was removed"; fi
  if [ "$unit" = 1 ]; then act "$tool" stack disable || die "the unit could not be removed (see above); nothing was removed"; fi
  if [ "$all" = 1 ] && [ -n "$tool" ]; then
    act "$tool" stack down --volumes --yes || die "the stack could not be ended (see above); the files stay"
  elif [ "$stack" = 1 ]; then
    act "$tool" stack down || die "the collector could not be stopped (see above); the files stay"
  fi
}

uninstall() {
  if [ "$dry" = 0 ] && [ -d "$root" ]; then
    take_lock
    trap 'rm -rf "$root/.lock"' EXIT
    trap 'exit 1' INT TERM HUP
  fi
  find_tool
  ask_all
  take_back
  if [ "$pipx" = 1 ]; then act pipx uninstall cclaunch || die "pipx could not remove it (see above)"; fi
  if laid_by_us; then act rm -f "$command"; fi
  if [ "$caches" = 1 ]; then act rm -rf "$cache"; fi
  if [ "$states" = 1 ]; then act rm -rf "$state"; fi
  if [ "$all" = 1 ]; then act rm -rf "$config" "$data" "$state"; fi
  if [ "$dry" = 1 ]; then warn "would remove: $root"; return 0; fi
  forget_root
  for kept in "$config" "$data" "$state" "$cache" "${CCLAUNCH_CONFIG_DIR:-}" "${CCLAUNCH_DATA_DIR:-}"; do
    if [ -n "$kept" ] && [ -e "$kept" ]; then say "kept: $kept"; fi
  done
  say "removed; Claude Code is as it was"
}

# ---- the door -----------------------------------------------------------------------------------------------------

is_on() { case ${1:-0} in 0 | false | no) return 1 ;; *) return 0 ;; esac; }

main() {
  if [ -n "${ZSH_VERSION:-}" ]; then emulate sh; fi
  set -eu
  script=$1
  shift
  NAME=cclaunch-env
  dry=0 yes=0 run=0 remove=0 purge=0 quiet=0 locked=0 place='' new=''
  method=${CCLAUNCH_INSTALL_METHOD:-} version=${CCLAUNCH_INSTALL_VERSION:-}
  if is_on "${CI:-}"; then quiet=1; fi
  if is_on "${CCLAUNCH_INSTALL_DRY_RUN:-}"; then dry=1; fi
  if is_on "${CCLAUNCH_INSTALL_YES:-}"; then yes=1; fi
  if is_on "${CCLAUNCH_INSTALL_RUN:-}"; then run=1; fi
  while [ $# -gt 0 ]; do
    case $1 in
      --dry-run) dry=1 ;;
      --yes | -y) yes=1 ;;
      --run) run=1 ;;
      --uninstall) remove=1 ;;
      --purge) purge=1 ;;
      --method=*) method=${1#*=} ;;
      --version=*) version=${1#*=} ;;
      --method) [ $# -gt 1 ] || die "--method needs a value: uv, venv or pipx"; method=$2; shift ;;
      --version) [ $# -gt 1 ] || die "--version needs a value"; version=$2; shift ;;
      --help | -h) usage; exit 0 ;;
      --) shift; break ;;
      *) usage >&2; die "unknown option $1" ;;
    esac
    shift
  done
  case $method in '' | uv | venv | pipx) ;; *) die "--method is uv, venv or pipx, not $method" ;; esac
  case $version in *[!0-9A-Za-z.+!]*) die "--version is a release like 1.2.3, not $version" ;; *) ;; esac
  [ "$purge" = 0 ] || [ "$remove" = 1 ] || die "--purge goes with --uninstall"

  check_home
  find_places
  if [ "$remove" = 1 ]; then uninstall; exit 0; fi
  install
  if [ "$run" = 1 ]; then launch "$@"; fi
}

{ main "$0" "$@"; exit; }
