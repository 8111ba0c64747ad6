#!/bin/bash
# Whoever does not see our SYNs cannot make a probe say anything, and what is cut, damaged or contradictory is never
# taken for an answer: a host that answers each port with something else, by packets of its own making.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/probe.sh
build_network
# Its own TCP is silent.
rules near <<< 'table inet probed { chain c { type filter hook input priority 0; meta l4proto { tcp, udp } drop; }; }'
inside near "$python3" tests/support/forger.py run eth0 "$scratch/log" &
forger=$! jobs=''
until grep -q ready "$scratch/log" 2> /dev/null; do kill -0 $forger || exit 1; done

declare -A targets=([4]=$near4 [6]=$near6)
for version in 4 6; do
	"$python3" tests/support/forger.py list $version > "$scratch/cases$version"
	{
		timeout 60 "$tcpwhy" probe --json ${targets[$version]} \
			"$(awk '{ print $1 }' "$scratch/cases$version" | paste -sd,)" > "$scratch/lines$version"
		echo $? > "$scratch/status$version"
	} &
	jobs+=" $!"
done
wait $jobs

# hear VERSION: a datagram comes after all of the probe, and then the log has all of that.
hear() {
	"$python3" -c 'import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"end", (sys.argv[1], 9))' ${targets[$1]}
	until grep -qx "UDP $1 9" "$scratch/log"; do kill -0 $forger || return 1; done
}
# heard KIND NAME: how many of them came to the port that is answered so.
heard() { grep -cx "$1 $version $(awk -v name="$2" '{ p = $1; sub("[0-9]+ [a-z]+ ", "") } $0 == name { print p }' \
	"$scratch/cases$version")" "$scratch/log"; }
# resets NAME N: that port was asked, and sent N RSTs each time.
resets() {
	[ "$(heard SYN "$1")" -gt 0 ] && is "$(heard RST "$1")" $(($2 * $(heard SYN "$1")))
}

for version in 4 6; do
	ok "it ends (${targets[$version]})" is "$(cat "$scratch/status$version")" 1
	"$python3" -c 'import json, sys
for line in map(json.loads, open(sys.argv[1])):
    if line["type"] == "port": print(line["port"], line["state"])' "$scratch/lines$version" > "$scratch/states"
	while read -r number state name; do
		ok "$name: $state" is "$(grep "^$number " "$scratch/states")" "$number $state"
	done < "$scratch/cases$version"
	ok 'no other port is told of' is "$(wc -l < "$scratch/states")" "$(wc -l < "$scratch/cases$version")"
	ok 'forged segments are counted' eval '[ "$(tail -1 "$scratch/lines$version" | grep -oE "\"strays\":[0-9]+" |
		cut -d: -f2)" -gt 1000 ]'
	ok 'a control character of theirs reaches nobody' is_empty "$(grep $'\e' "$scratch/lines$version")"
	hear $version
	for name in much little; do
		ok "a SYN-ACK that acknowledges too $name is not reset" resets "a SYN-ACK that acknowledges too $name" 0
	done
	ok 'a true one is, each time' resets 'a SYN-ACK three times' 3
done
done_testing
