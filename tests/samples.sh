#!/bin/bash
# The captures in samples/ are what tools/make_samples.c makes, and the program explains them.
. "$(dirname "$0")/support/tap.sh"

"$BUILD/make_samples" "$scratch"
for sample in samples/*; do
	ok "$sample is what make_samples makes" cmp "$sample" "$scratch/$(basename "$sample")"
done
for sample in "$scratch"/*.pcapng; do
	ok "$(basename "$sample") is in samples/" [ -e "samples/$(basename "$sample")" ]
done
found=$("$tcpwhy" read --json samples/write-after-close.pcapng)
ok 'the cause is the name of the sample' holds "$found" '"cause":"write-after-close"'
ok 'and it is certain' holds "$found" '"certainty":"certain"'
done_testing
