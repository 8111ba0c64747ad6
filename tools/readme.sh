#!/bin/bash
# Put what the program prints today into README.md: the verdict of the first screen, and a row of the lab's account.
set -eu
cd "$(dirname "$0")/.."

export NO_COLOR=1 LC_ALL=C.UTF-8
tcpwhy=${BUILD:-build}/tcpwhy

# put COMMAND TEXT: what stands below "$ COMMAND", up to the end of the block.
put() {
	COMMAND=$1 TEXT=$2 perl -0pi -e 's/(\$ \Q$ENV{COMMAND}\E\n).*?(\n```)/$1$ENV{TEXT}$2/s' README.md
}

put 'tcpwhy read --frame 6 samples/write-after-close.pcapng' \
	"$("$tcpwhy" read --frame 6 samples/write-after-close.pcapng | sed '/^$/d')"
# Without the verdict at its end.
if drawing=$("$tcpwhy" lab article/reset-by-read 2>&1); then
	put 'tcpwhy lab article/reset-by-read' "$(sed '1d; /^reset 1/,$d' <<< "$drawing")"
else
	echo "tcpwhy: the row of the lab stays as it was: $(tail -1 <<< "$drawing")" >&2
fi
