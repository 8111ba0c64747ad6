#!/bin/bash
# Make a reset happen and explain it; where namespaces are forbidden, explain the one in samples/.
set -eu
cd "$(dirname "$0")/.."

tcpwhy=${BUILD:-build}/tcpwhy
show() {
	echo
	echo "\$ tcpwhy $*"
	echo
	"$tcpwhy" "$@"
}

show lab write-after-close || show read --all --ladder samples/write-after-close.pcapng
