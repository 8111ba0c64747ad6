#!/bin/bash
# Every input that a fuzz target has found, crashes too, goes through it without harm.
. "$(dirname "$0")/support/tap.sh"

for target in fuzz/*.c; do
	name=$(basename "$target" .c)
	[ "$name" = replay ] && continue
	if [ -d "fuzz/corpus/$name" ]; then
		ok "$name: its corpus" "$BUILD/fuzz/$name-replay" "fuzz/corpus/$name"
	else
		ok "$name: has a corpus" false
	fi
done
done_testing
