#!/bin/sh
# Makes sure that what the tests need is installed: as root on Debian or Ubuntu by apt-get, else it says what to do.
# Postgres is not here: the program itself finds or installs it.
set -eu

packages=
for want in "$@"; do
  case $want in
    chromium)
      for name in chromium chromium-browser google-chrome google-chrome-stable headless-shell; do
        command -v "$name" >/dev/null 2>&1 && continue 2
      done
      packages="$packages chromium" ;;
    fonts)
      fc-list :lang=zh 2>/dev/null | grep -q . && continue
      packages="$packages fonts-noto-cjk fontconfig" ;;
  esac
done
[ -n "$packages" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "Install$packages with your package manager, then run this again." >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >/dev/null
# shellcheck disable=SC2086 # a list of names
apt-get install -q -y --no-install-recommends $packages >/dev/null
