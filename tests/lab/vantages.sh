#!/bin/bash
# docs/lab-by-vantage.md says what `read` tells of the lab's scenarios from the client, the router and the server, and
# how certain it is. Each play says the same: what differs from play to play, tools/lab_table.sh knows and leaves open.
. "$(dirname "$0")/../support/tap.sh"

table=docs/lab-by-vantage.md

# The row of a scenario.
row_of() {
	grep -E "^\| [^|]* \| \`$1\` \|" "$2"
}

names() {
	sed -nE 's/^\| [^|]* \| `([^`]+)` .*/\1/p' "$1"
}

if ! "$tcpwhy" lab --json port-closed > /dev/null 2> "$scratch/why"; then
	skip 'the table of the lab' "$(head -1 "$scratch/why")"
	done_testing
fi
BUILD=$BUILD tools/lab_table.sh > "$scratch/table" 2> "$scratch/why"
ok 'the table is made' is "$?: $(cat "$scratch/why")" '0: '
ok 'it has scenarios' [ "$(names "$scratch/table" | wc -l)" -ge 100 ]
ok "$table has the same, in the same order" diff <(names $table) <(names "$scratch/table")
ok 'and the same words around them' diff <(grep -v '^| .*`' $table) <(grep -v '^| .*`' "$scratch/table")
for name in $(names $table); do
	ok "$name is as committed" is "$(row_of "$name" "$scratch/table")" "$(row_of "$name" $table)"
done
done_testing
