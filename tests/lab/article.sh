#!/bin/bash
# `tcpwhy lab article` tells the classic account of resets in its order, and this kernel does in each row what the row
# says; where today's Linux differs from the account, it says so.
. "$(dirname "$0")/../support/tap.sh"

# Whatever the account describes, in its order.
ROWS='refused reset-not-refused scan
	power-loss power-loss-listening power-loss-keepalive
	linger-off linger-zero linger-n linger-n-over
	rst-unacknowledged rst-lost-once rst-lost-always
	broken-pipe sigpipe-default sigpipe-caught sigpipe-ignored
	reset-by-read reset-by-read-unread reset-by-read-linger reset-by-read-answer'
# Those in which today's Linux differs.
DIFFERENT='reset-not-refused linger-zero linger-n-over rst-lost-always reset-by-read reset-by-read-answer'

lab() {
	"$tcpwhy" lab "$@"
}

told_rows() {
	lab --explain article | sed -n 's|^article/\([a-z-]*\)$|\1|p' | xargs
}

# Flags of the last segment at the client: 4 is RST.
last_flags() {
	lab --json "$1" | python3 -c 'import json, sys
print([line["flags"] for line in map(json.loads, sys.stdin) if line["type"] == "segment"][-1])'
}

# The result of the first call of that name that ended.
result_of() {
	lab --json "$1" | python3 -c 'import json, sys
calls = [line for line in map(json.loads, sys.stdin) if line["type"] == "call" and line["end"]]
print(next(call["text"] for call in calls if call["host"] == sys.argv[1] and call["call"] == sys.argv[2]))' "$2" "$3"
}

ok 'the rows, in their order' is "$(told_rows)" "$(echo $ROWS)"
for row in $DIFFERENT; do
	ok "$row says where today's Linux differs" holds "$(lab --explain "article/$row")" 'Linux today: '
done
lab article/nonsense > "$scratch/out" 2> "$scratch/err"
ok 'an unknown row: wrong usage' is $? 2
ok 'an unknown row: it says so' holds "$(head -1 "$scratch/err")" 'article/nonsense: no such scenario'

if ! lab --json port-closed > /dev/null 2> "$scratch/why"; then
	skip 'playing the rows' "$(head -1 "$scratch/why")"
	done_testing
fi
for row in $ROWS; do
	ok "$row over IPv4 and IPv6" lab --check -4 -6 "article/$row"
done
ok 'refused' is "$(result_of article/refused client 'connect()')" 'connect() = -1 ECONNREFUSED'
ok 'reset, not refused' is "$(result_of article/reset-not-refused client 'read()')" 'read() = -1 ECONNRESET'
ok 'the second client of the account reads the end of file' \
	is "$(result_of article/reset-by-read client 'read()')" 'read() = 0'
ok 'and ECONNRESET where no FIN came first' \
	is "$(result_of article/reset-by-read-unread client 'read()')" 'read() = -1 ECONNRESET'
ok 'nothing answers a RST' is "$(last_flags article/rst-unacknowledged)" 20
lab --json article > "$scratch/json"
ok 'JSON has each row before its scenario' is \
	"$(grep -c '"type": *"row"' "$scratch/json")" "$(echo $ROWS | wc -w)"
ok 'and no faults' is_empty "$(grep '"type": *"played"' "$scratch/json" | grep -vE '"faults": *\[\]')"
done_testing
