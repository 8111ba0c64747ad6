#!/bin/bash
# Play the scenarios that samples/ has captures of, and write what the client's host saw into DIR (samples/ by default).
set -eu
tcpwhy=${BUILD:-build}/tcpwhy
into=${1:-samples}
plays=$(mktemp -d)
trap 'rm -rf "$plays"' EXIT

for sample in samples/*.pcapng; do
	cause=$(basename "$sample" .pcapng)
	"$tcpwhy" lab "$cause" --check --write "$plays"
	cp "$plays/$cause-ipv4-client.pcapng" "$into/$cause.pcapng"
done
