#!/bin/bash
# Every input that a fuzz target has found, crashes too, goes through it without harm, and so do changed ones.
. "$(dirname "$0")/support/tap.sh"

# Whole captures take their time, above all with sanitizers.
declare -A changed=([packet]=50000 [probe]=50000)
for target in fuzz/*.c; do
	name=$(basename "$target" .c)
	[ "$name" = replay ] && continue
	if [ -d "fuzz/corpus/$name" ]; then
		ok "$name: its corpus, and changed ones" "$BUILD/fuzz/$name-replay" "fuzz/corpus/$name" \
			${changed[$name]:-500}
	else
		ok "$name: has a corpus" false
	fi
done
done_testing
