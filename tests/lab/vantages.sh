#!/bin/bash
# docs/lab-by-vantage.md says what `read` tells of the lab's scenarios from the client, the router and the server. A
# row that comes out otherwise is played again: where plays differ, but never in the cause, the test says so.
. "$(dirname "$0")/../support/tap.sh"

REPLAYS=5
table=docs/lab-by-vantage.md

make_table() {
	BUILD=$BUILD tools/lab_table.sh "$@"
}

# The row of a scenario.
row_of() {
	grep -E "^\| [^|]* \| \`$1\` \|" "$2"
}

names() {
	sed -nE 's/^\| [^|]* \| `([^`]+)` .*/\1/p' "$1"
}

# The row with certainties and further resets set aside; what IPv6 says then, too, is not said twice.
essence() {
	sed -E 's/\(?\b(certain|likely)\b\)?/sure/g; s/\bsure (and|or) sure\b/sure/g; s/, also [^|;,]*//g
		s/\| ([^|;]*); IPv6: \1 /| \1 /g; s/\| ([^|;]*); IPv6: \1 /| \1 /g' <<< "$1"
}

# varies ROW NAME: plays of the scenario give other rows than this one, and all have the essence of the committed one.
varies() {
	local replay again essence other=
	essence=$(essence "$(row_of "$2" $table)")
	[ "$(essence "$1")" = "$essence" ] || return 1
	for ((replay = 0; replay < REPLAYS; replay++)); do
		again=$(make_table "$2") || return 1
		[ "$(essence "$again")" = "$essence" ] || return 1
		[ "$again" = "$1" ] || other=yes
	done
	[ "$other" ]
}

check_row() {
	local name=$1 got want
	got=$(row_of "$name" "$scratch/table")
	want=$(row_of "$name" $table)
	if [ "$got" != "$want" ] && varies "$got" "$name"; then
		skip "$name is as committed" 'its certainty or its further resets differ from play to play'
	else
		ok "$name is as committed" is "$got" "$want"
	fi
}

if ! "$tcpwhy" lab --json port-closed > /dev/null 2> "$scratch/why"; then
	skip 'the table of the lab' "$(head -1 "$scratch/why")"
	done_testing
fi
make_table > "$scratch/table" 2> "$scratch/why"
ok 'the table is made' is "$?: $(cat "$scratch/why")" '0: '
ok 'it has scenarios' [ "$(names "$scratch/table" | wc -l)" -ge 100 ]
ok "$table has the same, in the same order" diff <(names $table) <(names "$scratch/table")
ok 'and the same words around them' diff <(grep -v '^| .*`' $table) <(grep -v '^| .*`' "$scratch/table")
for name in $(names $table); do
	check_row "$name"
done
done_testing
