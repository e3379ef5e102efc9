# Shared by the scripts beside it: sourced, not run. Sets ROOT and VENV; changes no directory.
# shellcheck shell=bash

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
VENV="$ROOT/.venv"
PATH="$PATH:/usr/sbin:/sbin" # Debian keeps mosquitto there, and ordinary users without it
POLICY=/usr/sbin/policy-rc.d

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$@" && exit 1; }
has() { command -v "$1" >/dev/null; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
may_install() { has apt-get && { [ "$(id -u)" = 0 ] || { has sudo && sudo -n true 2>/dev/null; }; }; }

# have_tools COMMAND:PACKAGE...: every command, installed where that needs no question.
have_tools() {
    local missing=() pair
    for pair in "$@"; do has "${pair%%:*}" || missing+=("${pair#*:}"); done
    if [ ${#missing[@]} = 0 ]; then return; fi
    apt_install "${missing[@]}"
    for pair in "$@"; do has "${pair%%:*}" || die "${pair%%:*} is missing, and ${pair#*:} did not bring it"; done
}

# have_headers HEADER:PACKAGE...: what g++ has to find, installed likewise.
have_headers() {
    local missing=() pair
    for pair in "$@"; do has_header "${pair%%:*}" || missing+=("${pair#*:}"); done
    if [ ${#missing[@]} = 0 ]; then return; fi
    apt_install "${missing[@]}"
    for pair in "$@"; do has_header "${pair%%:*}" || die "<${pair%%:*}> is missing, and ${pair#*:} did not bring it"; done
}
has_header() { echo "#include <$1>" | g++ -x c++ -E - &>/dev/null; }

# apt_install PACKAGE...: starts and enables no service; says what to install where it may not. In a shell of its own,
# so that the guard it sets is taken away at its end, however that comes.
apt_install() (
    may_install || die "please install what is missing; on Debian or Ubuntu:" \
        "sudo apt-get install --no-install-recommends $*"
    forbid_services "$@"
    say "installing $* with apt-get"
    log="$(mktemp)"
    apt=(env DEBIAN_FRONTEND=noninteractive apt-get)
    if ! { as_root "${apt[@]}" update && as_root "${apt[@]}" install -y --no-install-recommends "$@"; } &>"$log"; then
        tail -n 20 "$log" >&2
        die "apt-get could not install $*"
    fi
    rm -f "$log"
    for package in mosquitto prometheus rabbitmq-server ejabberd; do
        [[ " $* " == *" $package "* ]] || continue
        as_root update-rc.d "$package" disable || true
        as_root systemctl disable "$package" || true
    done &>/dev/null
)

# forbid_services PACKAGE...: until this shell ends apt-get starts none. A policy that is there already stays as it is.
forbid_services() {
    if [ ! -e "$POLICY" ]; then
        trap 'as_root rm -f "$POLICY"' EXIT
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$POLICY" >/dev/null
        as_root chmod 755 "$POLICY"
        return
    fi
    local answer=0
    "$POLICY" mosquitto start &>/dev/null || answer=$?
    [ "$answer" = 101 ] || die "$POLICY lets apt-get start services; please install these yourself: $*"
}

# find_python: one of 3.11 or later that can make virtual environments, or nothing.
find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate" && return
        fi
    done
}

# have_environment run|dev: VENV with gauge-mqtt and what it needs; nothing to do until one of the listed files changes.
have_environment() {
    local found want stamp="$VENV/.made-for-$1"
    want="$(cd "$ROOT" && cat pyproject.toml requirements.lock scripts/lib.sh | cksum) $ROOT"
    if [ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && "$VENV/bin/python" -c 'import gauge_mqtt' &>/dev/null; then
        return
    fi
    if ! { "$VENV/bin/python" -m pip --version && grep -F "$VENV" "$VENV/pyvenv.cfg"; } &>/dev/null; then
        found="$(find_python)"
        if [ -z "$found" ]; then
            apt_install python3 python3-venv
            found="$(find_python)"
        fi
        [ "$found" ] || die "Python 3.11 or later with its venv module is needed; name one: PYTHON=/path $0"
        say "making a virtual environment in $VENV"
        "$found" -m venv --clear "$VENV"
    fi
    say "installing gauge-mqtt into $VENV: half a minute, more on a slow line"
    rm -f "$stamp"
    if lock_fits; then
        say "  the packages it needs, each checked by its hash"
        pip_install --require-hashes -r "$ROOT/requirements.lock"
        say "  gauge-mqtt itself"
        pip_install --no-deps -e "$ROOT"
    else
        pip_install -e "$ROOT[broker]"
    fi
    if [ "$1" = dev ]; then
        say "  what its tests need"
        dev_group | pip_install -r /dev/stdin
    fi
    printf '%s\n' "$want" | tee "$VENV/.made-for-run" >"$stamp"
}

pip_install() {
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-input "$@" || die "pip failed, see above"
}

# lock_fits: whether there are ready-made wheels of everything in the lock; elsewhere pip finds its own way.
lock_fits() {
    case "$(uname -m)" in x86_64 | aarch64 | arm64) ;; *) return 1 ;; esac
    "$VENV/bin/python" -c 'import sys; sys.exit(sys.version_info >= (3, 15))'
}

# dev_group: the development tools of pyproject.toml, for Debian 12's pip, which cannot install a dependency group.
dev_group() {
    "$VENV/bin/python" - "$ROOT/pyproject.toml" <<'PY'
import sys, tomllib
print(*tomllib.load(open(sys.argv[1], "rb"))["dependency-groups"]["dev"], sep="\n")
PY
}
