#!/bin/sh
# Gets LibreOffice Calc for the tests of workbooks where that is possible; never fails, since those tests skip without it.
set -u

say() { echo "ensure_libreoffice: $*" >&2; }

command -v soffice >/dev/null 2>&1 && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    say "LibreOffice is missing and cannot be installed from here, so its tests will be skipped (Debian: apt-get install libreoffice-calc-nogui)."
    exit 0
fi

export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends libreoffice-calc-nogui; } >/dev/null </dev/null; then
    say "apt-get could not install LibreOffice, so its tests will be skipped."
fi
exit 0
