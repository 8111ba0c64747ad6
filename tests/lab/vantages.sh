#!/bin/bash
# docs/lab-by-vantage.md says what `read` tells of the lab's scenarios from the client, the router and the server. A row
# that comes out otherwise is played again: where only its certainty varies from play to play, the test says so.
. "$(dirname "$0")/../support/tap.sh"

REPLAYS=3
table=docs/lab-by-vantage.md

make_table() {
	BUILD=$BUILD tools/lab_table.sh "$@"
}

# The row of a scenario.
row_of() {
	grep -F "| \`$1\` |" "$2"
}

# Without certainties, to compare what is said with them aside; "certain; IPv6: likely" is then the same twice.
without_certainty() {
	sed -E 's/\b(certain|likely)\b/sure/g; s/ \(sure\)//g; s/\bsure and sure\b/sure/g; s/\| ([^|;]*); IPv6: \1 \|/| \1 |/g
		s/\| ([^|;]*); IPv6: \1 \|/| \1 |/g' <<< "$1"
}

# varies SCENARIO: in further plays it comes out as committed, too, and never otherwise but in its certainty.
varies() {
	local replay wanted seen=
	wanted=$(row_of "$1" $table)
	for ((replay = 0; replay < REPLAYS; replay++)); do
		make_table "$1" > "$scratch/again" || return 1
		[ "$(without_certainty "$(cat "$scratch/again")")" = "$(without_certainty "$wanted")" ] || return 1
		[ "$(cat "$scratch/again")" != "$wanted" ] || seen=yes
	done
	[ "$seen" ]
}

check_row() {
	local name=$1
	if [ "$(row_of "$name" "$scratch/table")" != "$(row_of "$name" $table)" ] &&
		[ "$(without_certainty "$(row_of "$name" "$scratch/table")")" = \
			"$(without_certainty "$(row_of "$name" $table)")" ] && varies "$name"; then
		skip "$name is as committed" 'its certainty differs from play to play'
	else
		ok "$name is as committed" is "$(row_of "$name" "$scratch/table")" "$(row_of "$name" $table)"
	fi
}

if ! "$tcpwhy" lab --json port-closed > /dev/null 2> "$scratch/why"; then
	skip 'the table of the lab' "$(head -1 "$scratch/why")"
	done_testing
fi
ok 'the table is made' eval 'make_table > "$scratch/table"'
names() {
	sed -nE 's/^\| [^|]* \| `([^`]+)` .*/\1/p' "$1"
}
ok 'it has scenarios' [ "$(names "$scratch/table" | wc -l)" -ge 100 ]
ok "$table has the same, in the same order" diff <(names $table) <(names "$scratch/table")
ok 'and the same words before them' diff <(grep -v '^| .*`' $table) <(grep -v '^| .*`' "$scratch/table")
for name in $(names $table); do
	check_row "$name"
done
done_testing
