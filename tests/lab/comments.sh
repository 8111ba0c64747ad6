#!/bin/bash
# In the captures of the lab a call that sends is a comment of the frame that it brought about, and one that returned
# with what came is a comment of that.
. "$(dirname "$0")/../support/tap.sh"

# Each frame of a pcapng of this machine: its TCP flags in hex, the bytes of its payload, and its comments.
frames() {
	python3 -c '
import struct, sys
data, at = open(sys.argv[1], "rb").read(), 0
while at < len(data):
    kind, size = struct.unpack_from("=II", data, at)
    if kind == 6:
        length = struct.unpack_from("=I", data, at + 20)[0]
        frame, option, comments = data[at + 28:at + 28 + length], at + 28 + (length + 3) // 4 * 4, []
        while option < at + size - 4:
            code, octets = struct.unpack_from("=HH", data, option)
            if code == 1:
                comments.append(data[option + 4:option + 4 + octets].decode())
            option += 4 + (octets + 3) // 4 * 4
        ip = frame[14:]
        tcp = ip[(ip[0] & 15) * 4:]
        payload = int.from_bytes(ip[2:4], "big") - (ip[0] & 15) * 4 - (tcp[12] >> 4) * 4
        print("%02x" % tcp[13], payload, *comments, sep="|")
    at += size' "$1"
}

if ! has python3 || ! "$tcpwhy" lab --check --write "$scratch" linger-zero write-after-close > "$scratch/why" 2>&1; then
	skip 'comments' "python3 is missing, or $(head -1 "$scratch/why")"
	done_testing
fi
frames "$scratch/write-after-close-ipv4-client.pcapng" > "$scratch/written"
ok 'write() stands at its data' grep -qE '^18\|5\|.*client: write\(\) = 5' "$scratch/written"
ok 'close() stands at the FIN that it sent' grep -qE '^11\|0\|.*server: close\(\) = 0' "$scratch/written"
ok 'connect() stands at no later frame than the end of the handshake' grep -qE '^1[02]\|0\|.*client: connect\(\) = 0' \
	"$scratch/written"
frames "$scratch/linger-zero-ipv4-client.pcapng" > "$scratch/reset"
ok 'what a RST brings stands at the RST' grep -qE '^14\|0\|.*client: read\(\) = -1 ECONNRESET' "$scratch/reset"
done_testing
