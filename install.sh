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
  --force          make it anew where the same is installed already; let an older one take the place of a newer
  --uninstall      remove the environment, the command and the cache, and take back what cclaunch set up;
                   settings and recorded data stay
  --purge          with --uninstall: remove settings and recorded data too (telemetry.db with the raw events, ledger.db
                   with every request for ever, and its copies in ledger-copies)
  --help, -h       this text

uv and venv make the environment only; the command is ours, and starts faster than one that an installer writes.
With pipx the command is pipx's link to the script of the package, and upgrades are pipx's.

CCLAUNCH_INSTALL_METHOD, CCLAUNCH_INSTALL_VERSION, CCLAUNCH_INSTALL_YES=1, CCLAUNCH_INSTALL_DRY_RUN=1 and
CCLAUNCH_INSTALL_RUN=1 do what the options do; an option wins. CCLAUNCH_SOURCE=PATH installs from that directory or
wheel. A checkout is installed only by its own install.sh, run as a file, and only where nobody else can change it.
PYTHON=PATH names the interpreter. With CI set there are no questions, and only warnings and errors are said.
HELP
}

# All words go to stderr: with --run, stdout is claude's alone.
warn() { printf '%s\n' "install.sh: $*" >&2; }
say() { if [ "$quiet" = 0 ]; then warn "$@"; fi; }
die() { warn "error: $*"; exit 1; }

# Runs a command without the variables that would lead an installer astray, and away from the current directory: what
# lies there (a uv.toml, a pip.py) is anybody's.
clean() {
  (
    cd /
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

# Says a step and runs it; one that takes long is seen to go on. The step's own exit code counts.
step() {
  say "$1"
  start_ticker
  shift
  code=0
  "$@" || code=$?
  stop_ticker
  return "$code"
}

start_ticker() {
  ticker=''
  if [ "$quiet" = 1 ] || [ "$dry" = 1 ] || ! command -v sleep >/dev/null 2>&1; then return 0; fi
  tick </dev/null >/dev/null &
  ticker=$!
}

# On a terminal the seconds stand in one line, else every ten of them in a line of their own.
tick() {
  trap - EXIT INT TERM HUP
  seconds=0
  while sleep 1 2>/dev/null && kill -0 $$ 2>/dev/null; do
    seconds=$((seconds + 1))
    if [ -t 2 ]; then
      printf '\rinstall.sh: ... %s s ' "$seconds" >&2
    elif [ $((seconds % 10)) = 0 ]; then
      warn "... $seconds s"
    fi
  done
}

# By SIGKILL, for any other may be ignored here; what a shell says of that death is not for anybody.
stop_ticker() {
  if [ -z "$ticker" ]; then return 0; fi
  {
    kill -s KILL "$ticker"
    wait "$ticker"
  } 2>/dev/null || :
  ticker=''
  if [ -t 2 ]; then printf '\r%40s\r' '' >&2; fi
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
  spare=$bin/.cclaunch
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

# Says whether two names are one file; posh cannot tell by itself.
is_same() {
  # shellcheck disable=SC3013  # every other sh can, though POSIX asks it only since 2024
  if [ / -ef / ] 2>/dev/null; then [ "$1" -ef "$2" ]; else env test "$1" -ef "$2" 2>/dev/null; fi
}

# Says whether this shell reads $script: then one of its descriptors is that file. Read from a pipe, or as the text of
# -c, $0 is but a word, and a file of that name in the current directory is anybody's.
reads_script() {
  [ -f "$script" ] || return 1
  for one in "/proc/$$/fd"/* /dev/fd/*; do
    case ${one##*/} in
      [012]) ;;
      *) if is_same "$one" "$script"; then return 0; fi ;;
    esac
  done
  return 1
}

directory_of() { CDPATH='' cd -- "$(dirname -- "$1")" && pwd -P; }

# Prints the group that is nobody else's, as a umask of 002 takes for granted: called like us, without another member.
private_group() {
  who=$(id -un 2>/dev/null) && gid=$(id -g "$who") && [ "$(id -gn "$who")" = "$who" ] || return 1
  group=$(getent group "$who" 2>/dev/null || grep "^$who:" /etc/group 2>/dev/null) || return 1
  case ${group##*:} in '' | "$who") printf '%s\n' "$gid" ;; *) return 1 ;; esac
}

# Prints the first of the files that find lists for "$@" and somebody else owns or can write. Root is nobody else.
changeable() {
  if mine=$(private_group); then
    find "$@" \( ! -user "$me" ! -user 0 -o ! -type l \( -perm -002 -o -perm -020 ! -group "$mine" \) \) -print
  else
    find "$@" \( ! -user "$me" ! -user 0 -o ! -type l \( -perm -002 -o -perm -020 \) \) -print
  fi 2>/dev/null | head -n 1
}

# Prints what of the checkout $1 somebody else can change: what a build reads, or a directory above, that could be
# exchanged. In a sticky one only the owner of an entry can do that.
in_others_hands() {
  if ! command -v find >/dev/null 2>&1; then printf '%s, which cannot be looked at without find\n' "$1"; return 0; fi
  changeable "$1" -prune
  changeable "$1/install.sh" "$1/pyproject.toml" "$1/README.md" "$1/LICENSE" "$1/cclaunch" "$1/shell" "$1/completions"
  above=$1
  while [ "$above" != / ]; do
    above=$(dirname -- "$above")
    changeable "$above" -prune ! -perm -1000
    find "$above" -prune ! -user "$me" ! -user 0 -print
  done
}

# Prints the checkout that this file lies in. One that only seems to be meant is not taken, and that is said.
find_checkout() {
  file=$script
  if [ "$as_file" = 0 ]; then
    file=./install.sh
  elif [ -L "$script" ]; then
    file=$(readlink -f -- "$script" 2>/dev/null) || file=$script
  fi
  here=$(directory_of "$file") || return 1
  grep -q '^name = "cclaunch"' "$here/pyproject.toml" 2>/dev/null || return 1
  if [ "$as_file" = 0 ]; then
    why="this script is not a file there (sh $here/install.sh would be)"
  else
    why=$(in_others_hands "$here" | head -n 1)
    if [ -z "$why" ]; then printf '%s\n' "$here"; return 0; fi
    why="somebody else can change $why"
  fi
  warn "the checkout $here is not taken, but the released package: $why. CCLAUNCH_SOURCE=$here takes it all the same"
  return 1
}

# Prints what to install: CCLAUNCH_SOURCE, the checkout that this file lies in, or the released package.
find_source() {
  if [ -n "${CCLAUNCH_SOURCE:-}" ]; then
    [ -e "$CCLAUNCH_SOURCE" ] || die "CCLAUNCH_SOURCE names $CCLAUNCH_SOURCE, and there is nothing"
    [ -z "$version" ] || die "--version and CCLAUNCH_SOURCE both say what to install"
    # Absolute, for a bare word would be looked up as a package's name.
    if [ -d "$CCLAUNCH_SOURCE" ]; then directory_of "$CCLAUNCH_SOURCE/."; return 0; fi
    printf '%s\n' "$(directory_of "$CCLAUNCH_SOURCE")/$(basename -- "$CCLAUNCH_SOURCE")"
    return 0
  fi
  if [ -n "$version" ]; then echo "cclaunch==$version"; return 0; fi
  # Never below the first release: an older package of that name is none of ours.
  find_checkout || echo "$NEWEST"
}

# Prints the directories, innermost first, that are not there yet and that cclaunch may make on the way to its files.
missing_directories() {
  share=$(dirname -- "$data") settings=$(dirname -- "$config")
  for one in "$bin" "$(dirname -- "$root")" "$(dirname -- "$cache")" "$(dirname -- "$state")" "$settings" "$share" \
    "$systemd/default.target.wants" "$HOME/Library/LaunchAgents" "$share/bash-completion/completions" \
    "$share/zsh/site-functions" "$settings/fish/completions" "$settings/nushell/autoload"; do
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
  stop_ticker
  if [ -n "$place" ]; then rm -rf "$place" || :; fi
  if [ -n "$new" ]; then
    rm -f "$new" || :
    if laid_by_us; then sweep_spare; else rm -rf "$spare" || :; fi
  fi
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
  # uv keeps what it once built from a directory, also when a file in it has changed: hence --reinstall-package.
  step "making the environment $place with uv" act uv venv --quiet --python "$python" "$place" &&
    step "installing $source with uv" \
      act uv pip install --quiet --python "$place/bin/python" --reinstall-package cclaunch "$source"
}

with_venv() {
  check_venv
  step "making the environment $place with venv" act "$python" -I -m venv "$place" &&
    step "installing $source with pip" \
      act "$place/bin/python" -I -m pip install --quiet --no-input --disable-pip-version-check "$source"
}

# The hot modules in one file, which the launcher reads; without it each is read by itself.
make_bundle() {
  if [ "$dry" = 1 ]; then return 0; fi
  told=$(clean "$place/bin/python" -I -m cclaunch.bundle "$place/launch.bundle" </dev/null 2>&1 >/dev/null) ||
    warn "warning: the bundle of what a launch loads could not be made ($(printf '%s\n' "$told" | tail -n 1)): launches are a little slower, nothing else"
}

# Compiled once and for all, and not by the first launch. A dependency may ship odd files.
# shellcheck disable=SC2317  # step calls it
compile_all() { clean "$place/bin/python" -I -m compileall -q -o 0 "$place/lib" </dev/null >/dev/null 2>&1 || :; }

# Prints the launcher, which begins as $1 says: env or sh. The package knows its text.
launcher() {
  clean "$place/bin/python" -I -m cclaunch.launcher "$1" "$place" "$spare" </dev/null 2>/dev/null || older_launcher
}

# The same of a release whose package has none (0.1.0, 0.1.1): its own script, which is told where it belongs.
older_launcher() {
  clean "$place/bin/python" -I - "$place" <<'PYTHON'
import shlex, sys, sysconfig

place, library = sys.argv[1], sysconfig.get_path("purelib")
with open(place + "/bin/cclaunch", encoding="utf-8", errors="surrogateescape") as file:
    text = file.read()
mark = "\n# Laid by install.sh of cclaunch, for the package in %a.\n" % library
looks = "\n__cclaunch_here\n__cclaunch_interpreter\n"
found = "__cclaunch_bin=%s\n__cclaunch_python=$__cclaunch_bin/python\n" % shlex.quote(place + "/bin")
text = text.replace(looks, mark + found) if looks in text else text.replace("\n", mark, 1)
sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
PYTHON
}

# Lays what the first line of the launcher $new falls back to, and says whether that line works here: the env of some
# systems knows no -S, and a kernel takes no more than so many characters.
lay_spare() {
  line=$(head -n 1 "$new")
  case $line in '#!/usr/bin/env '*) ;; *) return 1 ;; esac
  line=${line% -IS}
  mkdir -p "$spare"
  cat >"$spare/${line##* }" <<'SPARE' || return 1
#!/bin/sh
# Laid by install.sh of cclaunch, for when the interpreter that its command was made for is gone.
if [ -n "$__CCLAUNCH_PATH" ]; then PATH=$__CCLAUNCH_PATH; else unset PATH; fi
unset __CCLAUNCH_PATH
shift
exec /bin/sh "$@"
SPARE
  chmod 755 "$spare/${line##* }"
  # shellcheck disable=SC2016  # it is the other sh that looks
  seen=$(CCLAUNCH_DISABLE=1 "$new" exec -- /bin/sh -c 'printf "%s" "$PATH"' </dev/null 2>/dev/null) && [ "$seen" = "$PATH" ]
}

# Removes what the command that counts now does not fall back to.
sweep_spare() {
  line=$(head -n 1 "$command")
  for one in "$spare"/*; do
    case $line in *" ${one##*/} -IS") ;; *) rm -f "$one" || : ;; esac
  done
  rmdir "$spare" 2>/dev/null || :
}

# Tried before it takes its place: a command that does not run must not replace one that does.
lay_launcher() {
  if [ "$dry" = 1 ]; then warn "would lay the command: $command"; return 0; fi
  new=$(mktemp "$bin/.cclaunch.XXXXXX")
  chmod 755 "$new"
  launcher env >"$new"
  if ! lay_spare; then
    launcher sh >"$new"
  fi
  told=$("$new" --version </dev/null) || die "what was installed does not run; nothing was changed"
  told=$(printf '%s\n' "$told" | head -n 1)
  refuse_older "${told#cclaunch }"
  step "compiling" compile_all
  mv -f "$new" "$command"
  sweep_spare
  place='' new=''
  say "laid the command: $command"
  say "installed $told"
}

# ---- what is there already ----------------------------------------------------------------------------------------

# Sets $installed ("cclaunch 1.2.3") and $older, its environment; both are empty when there is no command that runs.
find_installed() {
  installed='' older=''
  if laid_by_us; then
    for one in "$root"/*; do
      if grep -qF "/$NAME/${one##*/}/" "$command"; then older=$one; fi
    done
  elif [ "$method" = pipx ] && [ -L "$command" ]; then
    older=$(directory_of "$(readlink -f -- "$command" 2>/dev/null)") || return 0
    older=${older%/bin}
  fi
  if [ -x "$older/bin/python" ]; then installed=$("$command" --version 2>/dev/null </dev/null) || installed=''; fi
  if [ -z "$installed" ]; then older=''; fi
  installed=$(printf '%s\n' "$installed" | head -n 1)
}

# Prints the version that $source would bring, if that can be known without building it.
wanted_version() {
  case $source in
    "$NEWEST") newest_version ;;
    cclaunch==*) printf '%s\n' "${source#cclaunch==}" ;;
    */cclaunch-*.whl) one=${source##*/cclaunch-}; printf '%s\n' "${one%%-*}" ;;
    */cclaunch-*.tar.gz) one=${source##*/cclaunch-}; printf '%s\n' "${one%.tar.gz}" ;;
    *)
      one=$(grep '^__version__ = "' "$source/cclaunch/__init__.py" 2>/dev/null) || return 0
      one=${one#*\"}
      printf '%s\n' "${one%%\"*}"
      ;;
  esac
}

# Asks the installer, which knows the person's own index.
newest_version() {
  if [ "$method" != venv ] && command -v uv >/dev/null 2>&1; then
    printf '%s\n' "$source" |
      clean uv pip compile --quiet --no-deps --no-header --no-annotate --python "$older/bin/python" - 2>/dev/null |
      while IFS= read -r one; do
        case $one in cclaunch==*) one=${one#cclaunch==}; printf '%s\n' "${one%% *}" ;; *) ;; esac
      done
    return 0
  fi
  clean "$older/bin/python" -I -m pip install --dry-run --quiet --no-input --disable-pip-version-check --ignore-installed \
    --no-deps --report - "$source" 2>/dev/null </dev/null |
    clean "$older/bin/python" -I -c 'import json, sys; print(json.load(sys.stdin)["install"][0]["metadata"]["version"])' 2>/dev/null || :
}

# Says whether what is installed is whole, and just what $source would bring; not asked of a registry's release, whose
# version tells.
same_content() {
  clean "$older/bin/python" -I - "$older" "$source" "${PYTHON:+$python}" <<'PYTHON'
import base64, hashlib, os, re, sys, sysconfig, tomllib, zipfile
from importlib.metadata import distributions

root, source, python = sys.argv[1:]
library = sysconfig.get_path("purelib")


def digest(data):
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def rows(text):
    """Return file -> hash of our package, as a RECORD lists it."""
    found = (line.rsplit(",", 2) for line in text.splitlines() if line.startswith("cclaunch/"))
    return {name: sum_ for name, sum_, _ in found if sum_}


def brought():
    """Return the same of the source: a wheel, or a checkout; nothing for another."""
    if source.endswith(".whl"):
        with zipfile.ZipFile(source) as wheel:
            (record,) = (name for name in wheel.namelist() if name.endswith(".dist-info/RECORD"))
            return rows(wheel.read(record).decode())
    if not os.path.isdir(source):
        return {}
    places = {"cclaunch": "cclaunch", "shell": "cclaunch/_assets/shell", "completions": "cclaunch/_assets/completions"}
    found = {}
    for place, name in places.items():
        for directory, names, files in os.walk(os.path.join(source, place)):
            names[:] = [one for one in names if one not in ("__pycache__", "_script")]
            for one in files:
                path = os.path.join(directory, one)
                found[name + path[len(os.path.join(source, place)) :]] = digest(read(path))
    return found


def needs(ours):
    """Say whether a checkout needs what the installed package needs."""
    if not os.path.isdir(source):
        return True
    project = tomllib.loads(read(os.path.join(source, "pyproject.toml")).decode())["project"]
    told = {re.sub(r"\s", "", need) for need in ours.requires or () if "extra ==" not in need}
    return {re.sub(r"\s", "", need) for need in project["dependencies"]} == told


def same():
    if python and os.path.realpath(python) != os.path.realpath(sys._base_executable):
        return False
    for found in distributions(path=[library]):
        for file in found.files or ():
            if file.suffix != ".pyc" and os.path.getsize(file.locate()) != file.size and file.size is not None:
                return False
        if found.name == "cclaunch":
            ours = found
    mine = rows(ours.read_text("RECORD"))
    if any(digest(read(os.path.join(library, name))) != sum_ for name, sum_ in mine.items()):
        return False
    if source.startswith("cclaunch"):
        return True
    if os.path.isdir(source) and read(os.path.join(source, "cclaunch/_script/cclaunch")) != read(os.path.join(root, "bin/cclaunch")):
        return False
    return mine == brought() and needs(ours)


try:
    sys.exit(not same())
except Exception:  # whatever is not there, or not as it was: it is made anew
    sys.exit(1)
PYTHON
}

# Says whether nothing is to be done: what would be installed is there, and runs.
is_current() {
  find_installed
  if [ "$force" = 1 ] || [ -z "$installed" ]; then return 1; fi
  wanted=$(wanted_version)
  if [ -z "$wanted" ]; then return 1; fi
  if [ "$wanted" != "${installed#cclaunch }" ]; then
    refuse_older "$wanted"
    return 1
  fi
  same_content || return 1
  if [ "$method" = pipx ]; then return 0; fi
  line=$(head -n 1 "$command") kind='sh'
  case $line in '#!/usr/bin/env '*) kind='env' line=${line% -IS} ;; *) ;; esac
  if [ "$kind" = env ] && [ ! -x "$spare/${line##* }" ]; then return 1; fi
  [ "$(place=$older && launcher "$kind")" = "$(cat "$command")" ]
}

# Ends when $1 is older than what is installed: that is done only when it is asked for, by --version or --force.
refuse_older() {
  if [ "$force" = 1 ] || [ -n "$version" ] || [ -z "$installed" ]; then return 0; fi
  clean "$older/bin/python" -I - "$1" "${installed#cclaunch }" <<'PYTHON' || return 0
import re, sys


def key(version):
    """Return what orders versions: release, then dev < a < b < rc < none < post."""
    found = re.match(r"(?:\d+!)?(\d+(?:\.\d+)*)(?:[-_.]?(a|b|rc|post|dev)(\d*))?", version.lower())
    release = [int(part) for part in found[1].split(".")]
    while release and not release[-1]:
        release.pop()
    rank = {"dev": 0, "a": 1, "b": 2, "rc": 3, None: 4, "post": 5}[found[2]]
    return release, rank, int(found[3] or 0)


wanted, installed = map(key, sys.argv[1:])
sys.exit(not wanted < installed)
PYTHON
  die "$installed is installed, and $1 is older: nothing was changed (--force installs it all the same)"
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

# What an upgrade had to leave to a collector goes with the next run, also one that has nothing to install.
drop_older() {
  set -- "$root"/env.*
  if [ "$dry" = 1 ] || [ $# -lt 2 ]; then return 0; fi
  take_lock
  trap 'rm -rf "$root/.lock"' EXIT
  trap 'exit 1' INT TERM HUP
  remove_older
  rm -rf "$root/.lock"
  trap - EXIT INT TERM HUP
}

with_pipx() {
  say "installing $source with pipx: the command is the script of the package, without our launcher"
  step "pipx install $source" act pipx install --force --python "$python" "$source" || die "pipx could not install it (see above)"
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

# What a launch remembers of an earlier failure ends with it: the next one tries again.
forget_failures() {
  if [ "$dry" = 0 ]; then rm -f "$state/wake-failed" "$state/roused"; fi
}

hint_path() {
  case ":$PATH:" in
    *":$bin:"*) ;; # it is
    *) say "$bin is not on your PATH; add it (export PATH=\"$bin:\$PATH\"), or call $command" ;;
  esac
  found=$(command -v cclaunch 2>/dev/null || :)
  if [ -n "$found" ] && [ "$found" != "$command" ]; then warn "warning: another cclaunch comes first on your PATH: $found"; fi
}

# The last words: what to type next, and the command that takes all of it back.
say_next() {
  case ":$PATH:" in *":$bin:"*) name=cclaunch ;; *) name=$command ;; esac
  say "done; type next: $name (claude, with telemetry), $name check (proves that it arrives), $name persist (a bare claude too)"
  case $as_file$script in
    0*) say "to take it back, hand this script to: sh -s -- --uninstall" ;;
    *[!0-9A-Za-z/._+-]*) say "to take it back: sh '$(printf '%s' "$script" | sed "s/'/'\\\\''/g")' --uninstall" ;;
    *) say "to take it back: sh $script --uninstall" ;;
  esac
}

# Read from a pipe, this script would leave claude nothing to read: then the terminal is its stdin.
launch() {
  PATH=$PATH:$bin
  export PATH
  if [ "$dry" = 1 ]; then warn "would run: $command $*"; return 0; fi
  if [ "$as_file" = 0 ] && (: </dev/tty) 2>/dev/null; then exec "$command" "$@" </dev/tty; fi
  exec "$command" "$@"
}

install() {
  python=$(find_python "$method")
  source=$(find_source)
  check_command
  if is_current; then
    forget_failures
    drop_older
    say "$installed is installed already; nothing was changed (--force makes it anew)"
    offer_claude
    hint_path
    return 0
  fi
  check_method
  if [ "$method" = pipx ]; then
    with_pipx
  else
    # Whatever fails from here on leaves the installation of before as it was.
    make_place
    make_environment
    make_bundle
    lay_launcher
    forget_failures
    if [ "$dry" = 0 ]; then
      tidy
      trap - EXIT INT TERM HUP
      remove_older
    fi
  fi
  offer_claude
  hint_path
  if [ "$dry" = 1 ]; then warn "nothing was done"; else say_next; fi
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

# Prints the completion scripts that `cclaunch completions install` wrote, each in a line.
completion_scripts() {
  share=$(dirname -- "$data") settings=$(dirname -- "$config")
  for one in "${BASH_COMPLETION_USER_DIR:-$share/bash-completion}/completions/cclaunch" "$share/zsh/site-functions/_cclaunch" \
    "$settings/fish/completions/cclaunch.fish" "$settings/nushell/autoload/cclaunch-completions.nu" \
    "${CCLAUNCH_DATA_DIR:-$data}/completions/cclaunch.ps1"; do
    # shellcheck disable=SC2016  # a mark, not a command
    if [ ! -L "$one" ] && grep -q 'Generated by `python -m cclaunch.completion`' "$one" 2>/dev/null; then printf '%s\n' "$one"; fi
  done
}

# Everything is asked before anything is done. What would be left broken without its files is not left behind.
ask_all() {
  blocks=0 unit=0 stack=0 scripts=''
  if [ -z "$tool" ] && has_unit && ask "Remove the unit that starts the collector?"; then unit=1; fi
  if [ -n "$tool" ]; then
    if has_blocks && ask "Take what cclaunch put there out of your shells' files and claude's settings (cclaunch unpersist --all)?"; then blocks=1; fi
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
  scripts=$(completion_scripts)
  if [ -n "$scripts" ]; then ask_if_there "Remove the completions of your shells?" || scripts=''; fi
  caches=0 states=0 all=0
  if [ -e "$cache" ] && ask_if_there "Remove the cache, $cache?"; then caches=1; fi
  if [ "$purge" = 1 ]; then
    if ask "Delete your settings and profiles ($config) and everything that was recorded ($data: the raw events in telemetry.db, the ledger ledger.db and its copies)?"; then all=1; fi
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
  if [ "$unit" = 1 ] && [ -z "$tool" ]; then
    remove_units
  elif [ "$unit" = 1 ]; then
    act "$tool" stack disable || die "the unit could not be removed (see above); nothing was removed"
  fi
  if [ "$all" = 1 ] && [ -n "$tool" ]; then
    act "$tool" stack down --volumes --yes || die "the stack could not be ended (see above); the files stay"
  elif [ "$stack" = 1 ]; then
    act "$tool" stack down || die "the collector could not be stopped (see above); the files stay"
  fi
}

# By hand, because no command runs that could do it; a unit that does not carry our mark stays.
remove_units() {
  for unit in "$systemd/cclaunch.service" "$HOME"/Library/LaunchAgents/*cclaunch*; do
    # shellcheck disable=SC2016  # a mark, not a command
    grep -q 'Written by `cclaunch stack enable`' "$unit" 2>/dev/null || continue
    case $unit in
      *.service) act systemctl --user disable --now cclaunch.service || : ;;
      *) act launchctl bootout "gui/$me/org.cclaunch.collector" || : ;;
    esac
    act rm -f "$unit" "$systemd/default.target.wants/cclaunch.service"
  done
}

# Names what lies there of what was recorded.
recorded_in() {
  there=''
  for one in telemetry.db ledger.db ledger-copies; do
    if [ -e "$1/$one" ]; then there="${there:+$there, }$one"; fi
  done
  printf '%s' "${there:+ (with $there)}"
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
  if laid_by_us; then act rm -rf "$command" "$spare"; fi
  if [ -n "$scripts" ]; then
    printf '%s\n' "$scripts" | while IFS= read -r one; do act rm -f "$one"; done
    act rmdir "${CCLAUNCH_DATA_DIR:-$data}/completions" 2>/dev/null || :
  fi
  if [ "$caches" = 1 ]; then act rm -rf "$cache"; fi
  if [ "$states" = 1 ]; then act rm -rf "$state"; fi
  if [ "$all" = 1 ]; then act rm -rf "$config" "$data" "$state"; fi
  if [ "$dry" = 1 ]; then warn "would remove: $root"; return 0; fi
  forget_root
  for kept in "$config" "$data" "$state" "$cache" "${CCLAUNCH_CONFIG_DIR:-}" "${CCLAUNCH_DATA_DIR:-}"; do
    if [ -n "$kept" ] && [ -e "$kept" ]; then say "kept: $kept$(recorded_in "$kept")"; fi
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
  NAME=cclaunch-env NEWEST='cclaunch>=0.1'
  dry=0 yes=0 run=0 force=0 remove=0 purge=0 quiet=0 locked=0 place='' new='' ticker=''
  if reads_script; then as_file=1; else as_file=0; fi
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
      --force) force=1 ;;
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
