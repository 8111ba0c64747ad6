#!/bin/bash
# Law: for every scenario of the lab each pair of its captures and all three together, with clocks that are off by a day
# and drift, never tell less than the best of them alone, and are never certain of what is not so; and what both sides
# can tell is told. Where it is not, the list below says why.
. "$(dirname "$0")/../support/tap.sh"

if ! "$tcpwhy" lab --json port-closed > /dev/null 2> "$scratch/why"; then
	skip 'captures of the lab together' "$(head -1 "$scratch/why")"
	done_testing
fi
mkdir "$scratch/captures"
"$tcpwhy" lab --json -4 -6 -w "$scratch/captures" --all > "$scratch/played.json" 2> "$scratch/why"
ok 'the lab plays' is "$?: $(cat "$scratch/why")" '0: '
for capture in "$scratch"/captures/*.pcapng; do
	case $capture in
	*-client.pcapng) "$BUILD/shift" "$capture" "$scratch/one" 0 0 ;;
	*-router.pcapng) "$BUILD/shift" "$capture" "$scratch/one" 86400 50 ;;
	*-server.pcapng) "$BUILD/shift" "$capture" "$scratch/one" -86400 -50 ;;
	esac || echo "$capture"
	mv "$scratch/one" "$capture"
done > "$scratch/failed"
ok 'and clocks are set' is_empty "$(cat "$scratch/failed")"
python3 tests/vantage/lab.py "$tcpwhy" "$scratch" > "$scratch/told" 2> "$scratch/why"
ok 'all of it is read' is "$?: $(cat "$scratch/why")" '0: '
ok 'there are scenarios' [ "$(grep -c '^played' "$scratch/told")" -ge 200 ]
ok 'together they never tell less than alone' is_empty "$(grep '^worse' "$scratch/told")"
ok 'nor are they certain of what none of them alone says' is_empty "$(grep '^new' "$scratch/told")"
ok 'what both sides can tell is told' is_empty "$(grep '^inexact' "$scratch/told")"
ok 'where clocks stand is told' is_empty "$(grep '^clock' "$scratch/told")"
ok 'all of them are matched without a complaint' is_empty "$(grep '^complaint' "$scratch/told")"
done_testing
