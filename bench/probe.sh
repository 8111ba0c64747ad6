#!/bin/bash
# Measures `tcpwhy probe` beside nmap and masscan on the same hosts, in network namespaces of its own: all 65 535
# ports of a host with 50 open ones, where the rest is closed, rejected, or dropped. Results are compared port by port.
#
#   QUICK=1      one run of each, and nmap is left out where it takes two minutes
#   RUNS=5       runs of each program, in turn
#   PEERS="nmap" some of: nmap masscan (both by default)
#
# `make bench` runs it. The exit status tells whether everything could be run; a line that says ABOVE is for people to
# judge.
set -u -o pipefail
cd "$(dirname "$0")/.." || exit 1

tcpwhy=${BUILD:-build}/tcpwhy
runs=${RUNS:-${QUICK:+1}}
runs=${runs:-5}
[ -x "$tcpwhy" ] || { echo "bench: $tcpwhy is not there: run make first" >&2; exit 1; }
export LC_ALL=C.UTF-8
if [ -n "${TCPWHY_TEST_ALONE:-}" ]; then
	scratch=$(mktemp -d) || exit 1
	trap 'rm -rf "$scratch"' EXIT
fi
. tests/support/probe.sh
build_network
opened=$(fifty_ports 7)
listen near $opened || exit 1
near_mac=$(inside near ip -o link show eth0 | sed -nE 's/.*ether ([0-9a-f:]+).*/\1/p')
accepted="tcp dport { ${opened// /, } } accept"
failed=0

target() {
	rules near <<-END
		table inet probed {
			chain in { type filter hook input priority 0
				${1:+$accepted}
				${1:-}
			}
		}
	END
}

# Each leaves lines "port state" for all it tells of in $scratch/told; what is not told of is the state in $rest.
run_tcpwhy() {
	"$tcpwhy" probe "$1" - > "$scratch/text"
	[ $? = 1 ] || return 1
}
told_tcpwhy() {
	rest=''
	"$tcpwhy" probe --json "$1" - | "$python3" -c 'import json, sys
for line in map(json.loads, sys.stdin):
    if line["type"] == "port": print(line["port"], line["state"])' > "$scratch/told"
}
run_nmap() {
	nmap -n -Pn -sS -p- -oG "$scratch/grepable" "$1" > "$scratch/text"
}
told_nmap() {
	rest=$(sed -nE 's/.*Ignored State: ([a-z]+) .*/\1/p' "$scratch/grepable")
	grep -oE '[0-9]+/[a-z]+/tcp' "$scratch/grepable" | awk -F/ '{ print $1, $2 }' > "$scratch/told"
}
# It ends only if a packet comes now and then, and what it does not call open may be anything.
run_masscan() {
	# Not by inside(): what is to be ended is the program, not a shell.
	nsenter -t "${holders[near]}" -n "$python3" -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    s.sendto(b"x", ("203.0.113.1", 9))
    time.sleep(0.2)' > /dev/null &
	local other=$!
	timeout 60 masscan "$1" --interface near0 --router-mac "$near_mac" -p1-65535 --rate 100000 --wait 2 \
		-oL "$scratch/list" > "$scratch/text" 2>&1
	local status=$?
	kill $other
	wait $other 2> /dev/null
	return $status
}
told_masscan() {
	rest=unsaid
	awk '$1 == "open" { print $3, "open" }' "$scratch/list" > "$scratch/told"
}
# wrong STATE: how many ports are told wrongly, where all but the open ones are STATE.
wrong_ports() {
	awk -v opened="$opened" -v state="$1" -v rest="$rest" 'BEGIN { split(opened, list); for (i in list) open[list[i]] = 1 }
		{ told[$1] = $2 } END {
			for (port = 1; port <= 65535; port++) {
				is = port in told ? told[port] : rest
				wanted = port in open ? "open" : state
				wrong += is != wanted && !(is == "unsaid" && wanted != "open")
			}
			print wrong + 0
		}' "$scratch/told"
}

seconds_of() {
	local began=$EPOCHREALTIME
	"$@" || { echo "bench: $*: failed" >&2; failed=1; }
	awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.3f", b - a }'
}
median() {
	tr ' ' '\n' | sort -g | awk 'NF { v[++n] = $1 } END { print n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2 }'
}
row() {
	printf '%-52s %9s %-8s %8s  %s\n' "$1" "$2" "$3" "${4:-}" \
		"$([ -z "${4:-}" ] || awk -v v="$2" -v l="$4" 'BEGIN { print v <= l ? "PASS" : "ABOVE" }')"
}

# compare NAME STATE TOOL...: sets medians[TOOL].
declare -A medians
compare() {
	local name=$1 state=$2 tool run
	shift 2
	declare -A times=() bad=()
	for ((run = 0; run < runs; run++)); do
		for tool; do
			[ "$run" = 0 ] || [ "$tool $state" != 'nmap filtered' ] || continue
			times[$tool]+=" $(seconds_of run_$tool $near4)"
			told_$tool $near4
			bad[$tool]+=" $(wrong_ports "$state")"
		done
	done
	for tool; do
		medians[$tool]=$(median <<< "${times[$tool]}")
		row "$name: $tool" "${medians[$tool]}" s
		echo "# $name: $tool: seconds${times[$tool]}; ports wrong${bad[$tool]}"
		[ "$tool" != tcpwhy ] || row '  ports told wrongly, worst run' \
			"$(tr ' ' '\n' <<< "${bad[$tool]}" | sort -g | tail -1)" ports 0
	done
}

tools=(tcpwhy)
for tool in ${PEERS-nmap masscan}; do
	if command -v $tool > /dev/null; then tools+=($tool); else echo "bench: $tool is not installed: left out"; fi
done
target ''
compare closed closed "${tools[@]}"
[ -z "${medians[nmap]:-}" ] ||
	row 'closed: tcpwhy : nmap' \
		"$(awk -v a="${medians[tcpwhy]}" -v b="${medians[nmap]}" 'BEGIN { printf "%.2f", a / b }')" times 0.5
target 'meta l4proto tcp reject with tcp reset'
compare rejected closed "${tools[@]}"
target 'meta l4proto tcp drop'
[ -z "${QUICK:-}" ] || tools=("${tools[@]/nmap/}")
compare dropped filtered ${tools[@]}
row 'dropped: tcpwhy' "${medians[tcpwhy]}" s 2.5
exit $failed
