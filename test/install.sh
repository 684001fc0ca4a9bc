#!/usr/bin/env bash
# Installs the Debian packages that the tests need: the servers that stores are tested against, load balancers, proxies, the
# browser that pages run in, and `script` and tmux, which provide terminals. `.ci/run` calls it; without it, `npm test` lists the tests that it
# skipped.
set -euo pipefail

# A file of each package, which shows that the package is installed, and the package.
readonly NEEDED=(
  '/usr/bin/script bsdutils'
  '/usr/bin/perl perl-base'
  '/usr/bin/tmux tmux'
  '/usr/lib/postgresql/*/bin/initdb postgresql'
  '/usr/sbin/pgbouncer pgbouncer'
  '/usr/bin/etcd etcd-server'
  '/usr/sbin/nginx nginx'
  '/usr/sbin/haproxy haproxy'
  '/usr/sbin/squid squid'
  '/usr/bin/tinyproxy tinyproxy'
  '/usr/bin/microsocks microsocks'
  '/usr/bin/gnome-keyring-daemon gnome-keyring'
  '/usr/bin/dbus-run-session dbus-daemon'
  '/usr/lib/*/pkgconfig/libsecret-1.pc libsecret-1-dev'
  '/usr/bin/chromium chromium'
  '/sbin/ip iproute2'
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
