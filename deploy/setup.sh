#!/usr/bin/env bash
# Installs what `make run` and `make test` need and this machine lacks. Says what
# it does; where it cannot, says exactly what to do. Safe to run again.
# `deploy/setup.sh test` adds a MariaDB for the connector's tests, a Chromium and Chinese type for the journeys.
set -euo pipefail

fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

have go   || fail "Go is missing; install Go 1.26 or later from https://go.dev/dl/"
have node || fail "Node is missing; install Node 20 or later from https://nodejs.org/"
have npm  || fail "npm is missing; it comes with Node"

has_postgres() {
  compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null && return 0
  compgen -G '/opt/homebrew/opt/postgresql@*/bin/postgres' >/dev/null && return 0
  compgen -G '/usr/local/opt/postgresql@*/bin/postgres' >/dev/null && return 0
  compgen -G '/Applications/Postgres.app/Contents/Versions/*/bin/postgres' >/dev/null && return 0
  have postgres
}

# MariaDB is for tests alone: the connector for departments' databases is held to it.
has_mariadb() { have mariadbd || [ -x /usr/sbin/mariadbd ]; }

missing=()
has_postgres || missing+=(postgresql)
have openssl || missing+=(openssl)
have curl    || missing+=(curl)
have xxd || have od || missing+=(coreutils)
[ "${1:-}" != test ] || has_mariadb || missing+=(mariadb-server)
if [ "${1:-}" = test ] && have apt-get; then
  have chromium || have chromium-browser || have google-chrome || missing+=(chromium)
  compgen -G '/usr/share/fonts/opentype/noto/NotoSansCJK*' >/dev/null || missing+=(fonts-noto-cjk)
fi
[ ${#missing[@]} -eq 0 ] && exit 0

if have apt-get; then
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    have sudo || fail "as root, run: apt-get update && apt-get install -y ${missing[*]}"
    as_root=(sudo)
  fi
  printf 'installing %s by apt …\n' "${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
elif have brew; then
  printf 'installing %s by brew …\n' "${missing[*]}"
  missing=("${missing[@]/#mariadb-server/mariadb}")
  brew install "${missing[@]/#postgresql/postgresql@16}"
else
  fail "install ${missing[*]} with this system's package manager, then run make again"
fi
