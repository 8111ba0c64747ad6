#!/bin/bash
# The round trip, live: of each scenario that the lab plays the kernel tells the cause that the catalogue names, for
# certain where a kernel can know it, and is certain of nothing else.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/tracing.sh

if ! can_trace; then
	skip 'the scenarios' "$(sed -n 2p "$scratch/check")"
	done_testing
fi
for version in 4 6; do
	ok "every scenario over IPv$version" "$tcpwhy" lab --all --check --kernel "-$version"
done
fails_where_it_should() {
	! "$tcpwhy" lab --kernel --json unread-data | python3 -c 'import json, sys
told = [line for line in map(json.loads, sys.stdin) if "kernel" in line]
sys.exit(not any(line["cause"] == "linger-zero" for line in told))'
}
ok 'it tells nothing that was not played' fails_where_it_should
ok 'it shows what the kernel says beside packets and calls' eval '
	"$tcpwhy" lab --kernel linger-zero > "$scratch/out"
	holds "$(cat "$scratch/out")" "and the kernel says" && holds "$(cat "$scratch/out")" "closed it -> "'
done_testing
