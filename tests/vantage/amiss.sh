#!/bin/bash
# Law: captures lie. They lack frames, hold some twice, were filtered, stopped too early, or bear the wrong name. None
# of that makes a verdict certain of what is not so.
. "$(dirname "$0")/../support/tap.sh"

mkdir "$scratch/captures"
while IFS=$'\t' read -r title complaint; do
	ok "$title" is_empty "$complaint"
done < <(python3 tests/vantage/amiss.py "$tcpwhy" "$scratch/captures" 2> "$scratch/why"; echo $? > "$scratch/status")
ok 'all of it is told' is "$(cat "$scratch/status" "$scratch/why")" 0
done_testing
