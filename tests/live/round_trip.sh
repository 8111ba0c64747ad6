#!/bin/bash
# The round trip, live: of each scenario that the lab plays the kernel tells the cause that the catalogue names, for
# certain where a kernel can know it, and is certain of nothing else.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/tracing.sh

if ! can_trace; then
	skip 'the scenarios' "$(sed -n 2p "$scratch/check")"
	done_testing
fi
# Where this host is held up for a tenth of a second, others make more resets than are handed over, or another lab plays
# with the same addresses, what belongs to one reset comes apart, and the verdict is less certain than it could be. So a
# scenario that is not as expected among all others has to be so when it is played alone.
# What differs by chance does not differ in each of three rounds.
differing() {
	"$tcpwhy" lab --all --check --kernel "-$1" | sed 's/ IPv.*//' | sort -u
}
played() {
	local version=$1 name names always wrong=0
	names=$(differing "$version")
	always=$names
	for _ in 2 3; do [ -z "$always" ] || always=$(comm -12 <(echo "$always") <(differing "$version")); done
	is_empty "$always" || wrong=1
	for name in $names; do
		"$tcpwhy" lab --check --kernel "-$version" "$name" || wrong=1
	done
	return $wrong
}
# The sanitizers look for other faults than verdicts: here by IPv6 only, and by IPv4 in tests/lab/scenarios.sh.
versions=(4 6)
[ -z "${SANITIZE:-}" ] || versions=(6)
for version in "${versions[@]}"; do
	ok "every scenario over IPv$version" played "$version"
done
is_told_alone() {
	"$tcpwhy" lab --kernel --json "$1" | python3 -c 'import json, sys
told = {line["cause"] for line in map(json.loads, sys.stdin) if "kernel" in line}
sys.exit(f"told: {told}" if told != {sys.argv[1]} else 0)' "$1"
}
ok 'it tells what was played' is_told_alone unread-data
ok 'it tells nothing else' is_told_alone linger-zero
# Strangers are refused as fast as they can ask, thousands of times during the play.
beside_strangers() {
	local status stranger
	unshare -n timeout 100 python3 -c 'import fcntl, socket, struct
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))
while True:
    with socket.socket() as s:
        s.connect_ex(("127.0.0.1", 9))' &
	stranger=$!
	"$@"
	status=$?
	kill $stranger
	wait $stranger
	return $status
}
# A firewall elsewhere on the host drops more segments at once than are remembered, and among them those that another
# rejects: its RSTs look like forged ones then.
dropping() {
	nft 'table inet dropping { chain in { type filter hook input priority 0; meta l4proto tcp drop; }; }' &&
	ip link set lo up &&
	exec timeout 100 python3 -c 'import socket, struct
with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as s:
    n = 0
    while True:
        n += 1
        s.sendto(struct.pack("!HHIIBBHHH", n % 65535 + 1, n % 97 + 1, n, 0, 0x50, 2, 1000, 0, 0), ("127.0.0.1", 0))
        if n == 20000:
            print("it drops", flush=True)'
}
none_is_forged() {
	local dropper run
	: > "$scratch/drops"
	unshare -n "$BASH" -c "$(declare -f dropping); dropping" > "$scratch/drops" &
	dropper=$!
	until [ -s "$scratch/drops" ]; do kill -0 $dropper 2> /dev/null || return 1; done
	for run in 1 2 3 4 5 6 7 8; do "$tcpwhy" lab --kernel --json -4 firewall-reject/midstream; done > "$scratch/said"
	kill $dropper
	wait $dropper
	python3 -c 'import json, sys
told = [line for line in map(json.loads, sys.stdin) if "kernel" in line]
forged = [line for line in told if line["cause"] == "injected" and line["certainty"] == "certain"]
sys.exit(f"{len(told)} told, forged: {forged}" if len(told) < 8 or forged else 0)' < "$scratch/said"
}
ok 'what netfilter dropped may be forgotten, and then nothing is certainly forged' none_is_forged
ok 'the storms of strangers are kept out' eval '
	beside_strangers "$tcpwhy" lab --kernel keepalive-timeout > "$scratch/out"
	holds "$(cat "$scratch/out")" "and the kernel says" && ! grep "not kept" "$scratch/out"'
ok '… and that they crowd out events is said' holds "$(cat "$scratch/out")" 'missed meanwhile'
beside_strangers "$tcpwhy" lab --kernel --json port-closed > "$scratch/json" 2> "$scratch/err"
ok '… beside JSON, too, and that it is played again' is "$(grep -c 'meanwhile: it is played again$' "$scratch/err")" 3
ok '… until it is told as it is' is "$(grep -c 'missed meanwhile$' "$scratch/err")" 1
ok '… and told once' is "$(grep -c '"type":"scenario"' "$scratch/json")" 1
beside_strangers "$tcpwhy" lab --kernel --json --client 'echo once >&2' port-closed > /dev/null 2> "$scratch/err"
ok '… but a command of the user is run once' is "$(grep -c '^once$' "$scratch/err")" 1
ok 'it shows what the kernel says beside packets and calls' eval '
	"$tcpwhy" lab --kernel linger-zero > "$scratch/out"
	holds "$(cat "$scratch/out")" "and the kernel says" && holds "$(cat "$scratch/out")" "closed it -> "'
done_testing
