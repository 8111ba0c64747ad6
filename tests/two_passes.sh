#!/bin/bash
# A large capture is read twice, a survey first: the verdicts are those of reading it once, in the same order, although
# the second reading keeps only what needs an explanation, and no longer than until its last segment.
. "$(dirname "$0")/support/tap.sh"

# Above 32 MB the survey begins; the resets of one capture are alike, those of two seeds are not the same.
flags='-std=gnu17 -O2 -D_GNU_SOURCE'
ok 'the generator builds' ${CC:-gcc} $flags -o "$scratch/generate" bench/generate.c bench/frames.c
for options in '--seed 1' '--seed 2 --open 300' '--seed 3 --ipv6'; do
	"$scratch/generate" --packets 400000 --connections 24000 --resets 3000 --open 5000 $options \
		"$scratch/large.pcap" 2> /dev/null
	# Connections are numbered as the survey counts them.
	"$tcpwhy" read --json "$scratch/large.pcap" | sed 's/"connection":[0-9]*,//' > "$scratch/twice"
	"$tcpwhy" read --json --one-pass "$scratch/large.pcap" | sed 's/"connection":[0-9]*,//' > "$scratch/once"
	ok "$options: resets are found" [ "$(grep -c '"type":"reset"' "$scratch/once")" -ge 3000 ]
	ok "$options: the same verdicts" cmp "$scratch/twice" "$scratch/once"
done
done_testing
