#!/bin/bash
# Put the verdict that the program prints today onto the first screen of README.md.
set -eu
cd "$(dirname "$0")/.."

verdict=$(
	NO_COLOR=1 LC_ALL=C.UTF-8 "${BUILD:-build}/tcpwhy" read --frame 7 samples/write-after-close.pcapng | sed '/^$/d')
VERDICT=$verdict perl -0pi -e 's/(\$ tcpwhy read --frame 7 [^\n]*\n).*?(\n```)/$1$ENV{VERDICT}$2/s' README.md
