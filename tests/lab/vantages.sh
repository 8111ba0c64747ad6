#!/bin/bash
# docs/lab-by-vantage.md says what `read` tells of the lab's scenarios from the client, the router and the server, and
# how certain it is; and what `watch` tells of the same plays, with both ends in sight and with one. Each play says the
# same: what differs from play to play, tools/lab_table.sh knows and leaves open.
#
# And of the same play each pair of captures and all three together, with clocks that are off by a day and drift, never
# tell less than the best of them alone, and are never certain of what is not so; and what both sides can tell is told.
# Where it is not, the lists of tests/vantage/lab.py say why.
. "$(dirname "$0")/../support/tap.sh"

table=docs/lab-by-vantage.md

# The row of a scenario; what the kernel says of it.
row_of() {
	grep -E "^\| [^|]* \| \`$1\` \|" "$2"
}
kernel_row_of() {
	grep "^| kernel: \`$1\` |" "$2"
}

# As committed among all others, or when played alone: where this host is held up for a tenth of a second, what the
# kernel tells of one reset comes apart, and the verdict is less certain than it could be.
kernel_says() {
	local committed
	committed=$(kernel_row_of "$1" $table)
	[ "$(kernel_row_of "$1" "$scratch/table")" != "$committed" ] || return 0
	BUILD=$BUILD tools/lab_table.sh "$1" > "$scratch/alone"
	is "$(kernel_row_of "$1" "$scratch/alone")" "$committed"
}

# All but the rows; where the kernel cannot be traced here, without what stands above its rows.
words() {
	if grep -q '^| kernel: ' "$scratch/table"; then cat "$1"; else sed '/^## What `watch` tells/,/^|---/d' "$1"; fi |
		grep -v -e '^| .*`' -e '^$'
}

names() {
	sed -nE 's/^\| [^|]* \| `([^`]+)` .*/\1/p' "$1"
}

# The scenarios that are played: all; under the sanitizers, which look for other faults than words, one in five.
scenarios=()
least=100
if [ -n "${SANITIZE:-}" ]; then
	mapfile -t scenarios < <(names $table | awk 'NR % 5 == 1')
	least=${#scenarios[@]}
fi

if ! "$tcpwhy" lab --json port-closed > /dev/null 2> "$scratch/why"; then
	skip 'the table of the lab' "$(head -1 "$scratch/why")"
	done_testing
fi
mkdir "$scratch/captures"
CAPTURES=$scratch/captures BUILD=$BUILD tools/lab_table.sh "${scenarios[@]}" > "$scratch/table" 2> "$scratch/why"
ok 'the table is made' is "$?: $(grep -v ' missed meanwhile: it is played again$' "$scratch/why")" '0: '
ok 'it has scenarios' [ "$(names "$scratch/table" | wc -l)" -ge "$least" ]
if [ ${#scenarios[@]} -eq 0 ]; then
	ok "$table has the same, in the same order" diff <(names $table) <(names "$scratch/table")
	ok 'and the same words around them' diff <(words $table) <(words "$scratch/table")
fi
for name in $(names "$scratch/table"); do
	ok "$name is as committed" is "$(row_of "$name" "$scratch/table")" "$(row_of "$name" $table)"
done
for capture in "$scratch"/captures/*.pcapng; do
	case $capture in
	*-client.pcapng) "$BUILD/shift" "$capture" "$scratch/one" 0 0 ;;
	*-router.pcapng) "$BUILD/shift" "$capture" "$scratch/one" 86400 50 ;;
	*-server.pcapng) "$BUILD/shift" "$capture" "$scratch/one" -86400 -50 ;;
	esac || echo "$capture"
	mv "$scratch/one" "$capture"
done > "$scratch/failed"
ok 'clocks are set' is_empty "$(cat "$scratch/failed")"
python3 tests/vantage/lab.py "$tcpwhy" "$scratch/captures" > "$scratch/told" 2> "$scratch/why"
ok 'all of it is read together' is "$?: $(cat "$scratch/why")" '0: '
ok 'of every scenario' [ "$(grep -c '^played' "$scratch/told")" -ge $((2 * least)) ]
ok 'together they never tell less than alone' is_empty "$(grep '^worse' "$scratch/told")"
ok 'nor are they certain of what none of them alone says' is_empty "$(grep '^new' "$scratch/told")"
ok 'what both sides can tell is told' is_empty "$(grep '^inexact' "$scratch/told")"
ok 'where clocks stand is told' is_empty "$(grep '^clock' "$scratch/told")"
ok 'all of them are matched without a complaint' is_empty "$(grep '^complaint' "$scratch/told")"

if ! grep -q '^| kernel: ' "$scratch/table"; then
	skip 'what the kernel says' "$("$tcpwhy" watch --self-check | sed -n 2p)"
	done_testing
fi
for name in $(names "$scratch/table"); do
	ok "$name: the kernel says as committed" kernel_says "$name"
done
done_testing
