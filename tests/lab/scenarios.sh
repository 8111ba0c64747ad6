#!/bin/bash
# The round trip: each scenario is played on this kernel over IPv4 and IPv6; what the programs got, and what `read` says
# of the captures from all three vantages, is what the catalogue says.
. "$(dirname "$0")/../support/tap.sh"

scenarios() {
	"$tcpwhy" lab | awk '/^  [a-z]/ { print $1 }'
}

# A host that is held up for longer than a kernel waits for an acknowledgment sends segments again, and they draw more
# RSTs than the scenario tells of. So a play that differs is said, and has to be as expected twice after that.
check() {
	"$tcpwhy" lab --check "-$2" "$1" 2>&1 | tee -a "$scratch/differed"
	[ "${PIPESTATUS[0]}" -eq 0 ] || {
		"$tcpwhy" lab --check "-$2" "$1" && "$tcpwhy" lab --check "-$2" "$1"
	}
}

if ! "$tcpwhy" lab --json port-closed > /dev/null 2> "$scratch/why"; then
	skip 'the scenarios' "$(head -1 "$scratch/why")"
	done_testing
fi
# The sanitizers look for other faults than verdicts: here by IPv4 only, and by IPv6 in tests/live/round_trip.sh.
versions=(4 6)
[ -z "${SANITIZE:-}" ] || versions=(4)
ok 'there are scenarios' [ "$(scenarios | wc -l)" -ge 25 ]
for scenario in $(scenarios); do
	for version in "${versions[@]}"; do
		ok "$scenario over IPv$version" check "$scenario" "$version"
	done
done
sed 's/^/# played again: /' "$scratch/differed" >&2
done_testing
