#!/bin/bash
# Captures of the benchmark: the same options give the same bytes; their numbers and checksums are right.
source "$(dirname "$0")/support/tap.sh"
dir=$scratch

# The n-th word of what the generator said: packets N connections N resets N.
said() {
	cut -d' ' -f$((2 * $1)) "$dir/said"
}

count_packets() {
	tcpdump -r "$1" --count "${@:2}" 2>/dev/null | cut -d' ' -f1
}

# Connections as addresses and ports of whoever sent a SYN without ACK.
count_connections() {
	tcpdump -nr "$1" 'ip[33] & 0x12 = 2' 2>/dev/null | awk '{ print $3, $5 }' | sort -u | wc -l
}

between() {
	[ "$2" -ge "$1" ] && [ "$2" -le "$3" ] || { echo "got $2, want $1 to $3"; return 1; }
}

checksums_are_right() {
	tcpdump -nvvr "$1" 2>/dev/null >"$dir/text"
	! grep -E 'incorrect|bad cksum|bad-' "$dir/text" && grep -q '(correct)' "$dir/text"
}

${CC:-gcc} -std=gnu17 -O1 -Wall -Wextra -Werror -D_GNU_SOURCE -o "$dir/generate" bench/{generate,frames}.c || exit 1
generate() {
	"$dir/generate" "$@" 2>"$dir/said"
}

sizes=(--packets 20000 --connections 1200 --resets 100 --open 200)
generate "${sizes[@]}" --seed 7 "$dir/a.pcap"
generate "${sizes[@]}" --seed 8 "$dir/other.pcap"
generate "${sizes[@]}" --seed 7 "$dir/b.pcap"
ok 'the same seed gives the same bytes' cmp "$dir/a.pcap" "$dir/b.pcap"
ok 'another seed gives others' eval '! cmp -s "$dir/a.pcap" "$dir/other.pcap"'
ok 'standard output gets the same bytes' eval 'generate "${sizes[@]}" --seed 7 - | cmp - "$dir/a.pcap"'
ok 'as many connections as asked for' is "$(said 2)" 1200
ok 'as many RSTs as asked for' is "$(said 3)" 100
ok 'as many packets as asked for, but for a connection' between 19965 "$(said 1)" 20035

if has tcpdump; then
	ok 'tcpdump counts the same packets' is "$(count_packets "$dir/b.pcap")" "$(said 1)"
	ok 'tcpdump counts the same RSTs' is "$(count_packets "$dir/b.pcap" 'tcp[tcpflags] & tcp-rst != 0')" 100
	ok 'tcpdump counts the same connections' is "$(count_connections "$dir/b.pcap")" 1200

	generate --packets 2000 --connections 120 --resets 40 --open 10 --snap 65535 "$dir/uncut.pcap"
	ok 'IPv4 and TCP checksums are right' checksums_are_right "$dir/uncut.pcap"
	generate --packets 2000 --connections 120 --resets 40 --open 10 --snap 65535 --ipv6 "$dir/uncut6.pcap"
	ok 'TCP checksums over IPv6 are right' checksums_are_right "$dir/uncut6.pcap"

	generate --connections 300 --packets-per-connection 16:16 --no-close "$dir/open.pcap"
	ok 'open connections have all their packets' is "$(count_packets "$dir/open.pcap")" 4800
	ok 'and no end' is "$(count_packets "$dir/open.pcap" 'tcp[tcpflags] & (tcp-rst|tcp-fin) != 0')" 0

	generate --flood 5000 "$dir/flood.pcap"
	ok 'a flood is nothing but SYNs' is "$(count_packets "$dir/flood.pcap" 'tcp[tcpflags] = tcp-syn')" 5000
	ok 'of as many connections' is "$(count_connections "$dir/flood.pcap")" 5000
	generate --flood 5000 --connections 100 "$dir/both.pcap"
	ok 'a flood may have connections below it' is "$(count_packets "$dir/both.pcap")" "$(said 1)"
else
	skip 'tcpdump counts the same' 'tcpdump is not installed'
fi
done_testing
