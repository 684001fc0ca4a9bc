#!/usr/bin/env bash
# Installs what the tests need of the system, from Debian's packages: the real servers that stores are tested against, the
# browser that pages run in, and `script`, which gives a test a terminal. `.ci/run` calls it; where it has not run, `npm test` names what it skipped.
set -euo pipefail

# A file that is there once a package is installed, and the package.
readonly NEEDED=(
  '/usr/bin/script bsdutils'
  '/usr/lib/postgresql/*/bin/initdb postgresql'
  '/usr/bin/etcd etcd-server'
  '/usr/bin/gnome-keyring-daemon gnome-keyring'
  '/usr/bin/dbus-run-session dbus-daemon'
  '/usr/lib/*/pkgconfig/libsecret-1.pc libsecret-1-dev'
  '/usr/bin/chromium chromium'
  '/usr/bin/jq jq'
  '/usr/bin/zsh zsh'
  '/usr/bin/fish fish'
)

missing=()
for line in "${NEEDED[@]}"; do
  read -r file package <<<"$line"
  compgen -G "$file" >/dev/null || missing+=("$package")
done
[ "${#missing[@]}" = 0 ] && exit 0

command -v apt-get >/dev/null || {
  printf 'error: the tests need %s; install it and run this again\n' "${missing[*]}" >&2
  exit 1
}
sudo=()
[ "$(id -u)" = 0 ] || sudo=(sudo)
printf '\n==> apt-get install %s\n' "${missing[*]}"
"${sudo[@]}" apt-get update -qq
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
