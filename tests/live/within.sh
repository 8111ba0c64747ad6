#!/bin/bash
# `watch --netns` sees one end, and says no more than that end can know: the side that made the RST knows the cause, the
# other has it among its candidates, and who did what there is nothing to it.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/tracing.sh

if ! can_trace; then
	skip 'one end alone' "$(sed -n 2p "$scratch/check")"
	done_testing
fi
if ! "$tcpwhy" lab --json port-closed > /dev/null 2> "$scratch/why"; then
	skip 'one end alone' "$(head -1 "$scratch/why")"
	done_testing
fi

# The network namespaces of a process and of all below it.
namespaces_below() {
	local child
	readlink "/proc/$1/ns/net"
	for child in $(cat /proc/"$1"/task/*/children 2> /dev/null); do namespaces_below "$child"; done
}

# The lab waits for Enter before each step, and names it.
mkfifo "$scratch/enter"
: > "$scratch/steps"
exec 5<> "$scratch/enter"
"$tcpwhy" lab --pause unread-data < "$scratch/enter" > "$scratch/steps" 2>&1 &
lab=$!
watchers=()
trap 'kill $lab "${watchers[@]}" 2> /dev/null; rm -rf "$scratch"' EXIT
# until_step WORD: Enter until that step is next. Only a step that has been looked at is let go.
until_step() {
	local said=0
	while :; do
		until [ "$(wc -c < "$scratch/steps")" -gt "$said" ] && [ "$(tail -c 1 "$scratch/steps")" = ' ' ]; do
			kill -0 $lab 2> /dev/null || return 1
		done
		grep -q "$1 *\$" "$scratch/steps" && return
		said=$(wc -c < "$scratch/steps")
		echo >&5
	done
}
ok 'it plays until both ends are connected' until_step 'the client: write()'
ours=$(readlink /proc/self/ns/net)
for netns in $(namespaces_below $lab | sort -u | grep -vxF "$ours" | tr -dc '0-9\n'); do
	"$tcpwhy" watch --json --netns "$netns" > "$scratch/$netns.json" 2> "$scratch/$netns.err" &
	watchers+=($!)
	until grep -qs watching "$scratch/$netns.err"; do kill -0 $! 2> /dev/null || break; done
done
ok 'each namespace is watched' [ ${#watchers[@]} -ge 2 ]
for _ in 1 2 3 4 5 6 7 8 9 10; do echo >&5; done
exec 5>&-
ok 'it is played to its end' wait $lab
kill -INT "${watchers[@]}"
for watcher in "${watchers[@]}"; do wait "$watcher"; done

# told END CONDITION: of the namespaces there is one whose resets, as `told`, are so.
cat > "$scratch/told.py" << 'END'
import json, sys
files = {name: [line for line in map(json.loads, open(name)) if line["type"] == "reset"] for name in sys.argv[2:]}
if not any(told and eval(sys.argv[1]) for told in files.values()):
    sys.exit("\n".join(f"{name}: {line}" for name, told in files.items() for line in told))
END
told() {
	python3 "$scratch/told.py" "$1" "$scratch"/*.json
}
ok 'the end that closed: it is certain, who did it is told' told 'all(line["cause"] == "unread-data" and
	line["certainty"] == "certain" and line["ends"]["sender"]["process"] for line in told)'
ok 'the other end: it may be that, or another abort, of a process that is not named' told 'all(
	line["cause"] == "abort" and {"unread-data", "linger-zero"} <= set(line["candidates"]) and
	not line["ends"]["sender"]["process"] and line["ends"]["receiver"]["errno"] == "ECONNRESET" for line in told)'
# The connection is older than the watch: its SYN, which the kernel counts as a byte, is not told as one.
ok 'the bytes of a connection that began before are those of its program' told 'all(
	line["ends"]["receiver"].get("acked_bytes") == 100 for line in told)'
done_testing
