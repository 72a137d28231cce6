#!/bin/sh
# Gets Chromium for the browser tests where that is possible; never fails, since those tests skip without it.
set -u

say() { echo "ensure_chromium: $*" >&2; }

command -v chromium >/dev/null 2>&1 && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    say "Chromium is missing and cannot be installed from here, so the browser tests will be skipped (Debian: apt-get install chromium)."
    exit 0
fi

export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/dev/null </dev/null; then
    say "apt-get could not install Chromium, so the browser tests will be skipped."
fi
exit 0
