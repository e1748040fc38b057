#!/bin/sh
# Has the programs of other makers that tests play with: browser, feed reader, database, systemd's checks. Where they can not
# be had, those tests are skipped and say so.
set -u
missing=""
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing=" postgresql"
for pair in chromium:chromium newsboat:newsboat systemd-analyze:systemd; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "not installed, and neither root nor apt-get here; some tests will be skipped:$missing" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt="apt-get -q -o Acquire::Retries=0 -o Acquire::http::Timeout=20"
{ $apt update && $apt install -y --no-install-recommends $missing; } >/dev/null 2>&1 ||
    echo "could not be installed; some tests will be skipped:$missing" >&2
