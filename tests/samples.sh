#!/bin/bash
# The captures in samples/ are the lab's: they say the cause whose name they have, and the lab plays the same again.
. "$(dirname "$0")/support/tap.sh"

# Who sent what: everything but what is another each time (moments, numbers that a kernel draws).
story() {
	tcpdump -n -t -r "$1" 2> /dev/null | sed -E 's/, (seq|ack|win) [0-9:]+//g; s/, options \[[^]]*\]//'
}

played=yes
mkdir "$scratch/samples"
"$tcpwhy" lab port-closed --check > /dev/null 2>&1 || played=
[ -z "$played" ] || BUILD=$BUILD tools/samples.sh "$scratch/samples"
for sample in samples/*.pcapng; do
	cause=$(basename "$sample" .pcapng)
	ok "$sample says $cause" holds "$("$tcpwhy" read --json "$sample")" "\"cause\":\"$cause\""
	if [ -n "$played" ]; then
		ok "$sample: as the lab plays it" [ "$(story "$sample")" = "$(story "$scratch/samples/$cause.pcapng")" ]
	else
		skip "$sample: as the lab plays it" 'namespaces are forbidden here'
	fi
done
found=$("$tcpwhy" read --json samples/write-after-close.pcapng)
ok 'and write-after-close is certain' holds "$found" '"certainty":"certain"'
done_testing
