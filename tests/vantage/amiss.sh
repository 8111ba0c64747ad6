#!/bin/bash
# Law: captures lie. They lack frames, hold some twice, were filtered, stopped too early, or bear the wrong name. None
# of that makes a verdict certain of what is not so.
. "$(dirname "$0")/../support/tap.sh"

mkdir "$scratch/captures"
while IFS=$'\t' read -r title complaint; do
	ok "$title" is_empty "$complaint"
done < <(python3 tests/vantage/amiss.py "$tcpwhy" "$scratch/captures" 2> "$scratch/why"; echo $? > "$scratch/status")

# without FILE COUNT: leave out the first frames of a pcap file.
without() {
	python3 - "$1" "$2" << 'END'
import struct, sys
data, at = open(sys.argv[1], "rb").read(), 24
for _ in range(int(sys.argv[2])):
	at += 16 + struct.unpack("<I", data[at + 8:at + 12])[0]
open(sys.argv[1], "wb").write(data[:24] + data[at:])
END
}

# Alone, the one is certain of a handshake that was disturbed, the other of a port where nobody listens.
ok 'a handshake is disturbed' "$BUILD/stage" 'a second SYN disturbs a handshake' 6 "$scratch/captures"
ok 'both captures lack its beginning' eval 'without "$scratch/captures/client.pcap" 1 &&
	without "$scratch/captures/server.pcap" 2'
"$tcpwhy" read --json --at "client=$scratch/captures/client.pcap" --at "server=$scratch/captures/server.pcap" |
	python3 -c '
import json, sys
for verdict in map(json.loads, sys.stdin):
    if verdict["type"] == "reset":
        print(verdict["certainty"], *sorted([verdict["cause"], *verdict["candidates"]]))' > "$scratch/told"
ok 'what two captures are certain of, each of something else, is not certain' \
	is "$(cat "$scratch/told")" 'likely bad-handshake port-closed'
ok 'all of it is told' is "$(cat "$scratch/status" "$scratch/why")" 0
done_testing
