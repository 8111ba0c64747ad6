#!/bin/bash
# Where the kernel cannot be traced, `tcpwhy watch` tells from packets what packets tell, and says what they do not.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/live.sh

watch_as=(nsenter -t "$namespace_holder" -n)
if ! watch_into /dev/null --capture; then
	skip 'watching packets' "$(head -1 "$scratch/watch-err")"
	done_testing
fi
live=$scratch/live.json
watch_ends

# fails STATUS TEXT ARGUMENT...: it ends at once, and says so in a line that holds the text.
fails() {
	local want=$1 text=$2 status
	shift 2
	"$tcpwhy" watch "$@" > "$scratch/out" 2> "$scratch/err"
	status=$?
	is $status "$want" && holds "$(head -1 "$scratch/err")" "$text"
}

ok 'a process cannot be asked for' fails 2 '--pid: packets do not tell' --capture -p 1
ok 'nor a command' fails 2 '--command: packets do not tell' --capture -c nginx
ok 'nor a cgroup' fails 2 '--cgroup: packets do not tell' --capture --cgroup /a
ok 'nor another network namespace' fails 2 '--netns: packets are captured in' --capture --netns 1
ok 'a bad filter is wrong usage' fails 2 'does not compile' --capture 'port port'

# ---- what is told
resets() {
	client 9 pass > /dev/null
	server 4001 'time.sleep(0.1)'
	client 4001 's.send(b"hello"); s.recv(1)' > /dev/null
	server_ends
	server 4003 'c.recv(100)'
	client 4003 's.send(b"x"); s.recv(1); s.send(b"late")' > /dev/null
	server_ends
	return 0
}
ok 'it watches' watch_into "$live" --capture --json
ok 'it says in one line what is lost' eval 'is "$(wc -l < "$scratch/watch-err")" 1 &&
	holds "$(cat "$scratch/watch-err")" "no processes, no errno, no reason"'
ok 'it keeps no rights' eval \
	'is "$(awk "/^Cap(Eff|Prm)/ { print \$2 }" /proc/$watcher/status | sort -u)" 0000000000000000'
resets
ok 'it ends with ^C' watch_ends
ok 'every line fits the schema' eval '"$BUILD/check_json" < "$live"'
some 'a closed port' 'line.get("cause") == "port-closed" and line["src"] == "127.0.0.1:9" and
	"ends" not in line' "$live"
some 'unread data are an abort, likely' 'line.get("cause") == "abort" and line["certainty"] == "likely" and
	line["src"] == "127.0.0.1:4001"' "$live"
some 'a write after close' 'line.get("cause") == "write-after-close" and line["certainty"] == "certain" and
	line["src"] == "127.0.0.1:4003"' "$live"
some 'the summary, and that nothing was missed' 'line["type"] == "summary" and line["totals"]["resets"] == 3 and
	line["not_seen"]["dropped"] == 0' "$live"

# ---- forms and filters
watch_into "$live" --capture && resets && watch_ends
ok 'one line a reset' is "$(grep -cE '^[0-9:.]{12}  [a-z-]+\?? +127\.0\.0\.1:[0-9]+ -> 127\.0\.0\.1' "$live")" 3
ok 'no frame is named that nobody could look at' is_empty "$(grep -E '^  see' "$live")"
# told WHAT COUNT ARGUMENT...: so many resets are told.
told() {
	local count=$1
	shift
	watch_into "$live" --capture --json "$@" && resets && watch_ends && is "$(grep -c '"type":"reset"' "$live")" "$count"
}
ok 'a filter of both directions' told 1 port 9
ok 'a filter of one direction is for the RST' told 1 src port 4003
ok 'it cuts no connection in half' grep -q '"write-after-close","certainty":"certain"' "$live"
ok 'the other direction' told 0 dst port 4003
ok 'a cause and its refinements' told 1 --cause write-after-close
ok 'a harm or worse' told 1 --harm data-lost
watch_into "$live" --capture -v -w "$scratch/resets.pcapng" port 4003 && resets && watch_ends
ok 'the whole record gives advice' holds "$(cat "$live")" '  do  '
ok 'what it writes is a capture that can be read' \
	holds "$("$tcpwhy" read --all "$scratch/resets.pcapng")" 127.0.0.1:4003
ok 'a summary now and then' eval 'watch_into "$live" --capture --json --summary 1 &&
	until grep -q "\"summary\"" "$live"; do kill -0 $watcher || break; done; watch_ends'

# ---- when a reset is told without an end of the watching
watch_into "$live" --capture --json
client 9 pass > /dev/null
sealed() {
	local tries=300
	until grep -q '"port-closed"' "$live" || [ $((tries--)) = 0 ]; do sleep 0.1; done
	grep -q '"sealed":"time"' "$live"
}
ok 'silence seals a verdict' sealed
watch_ends

# ---- the rights that it needs
watch_as=(nsenter -t "$namespace_holder" -n setpriv --bounding-set -all,+net_raw --inh-caps -all)
ok 'with CAP_NET_RAW alone it captures, and says why' eval '
	watch_into "$live" && is "$(wc -l < "$scratch/watch-err")" 1 &&
	holds "$(cat "$scratch/watch-err")" "CAP_BPF and CAP_PERFMON" &&
	holds "$(cat "$scratch/watch-err")" "; watching packets"'
client 9 pass > /dev/null
watch_ends
ok 'and explains' grep -q port-closed "$live"
ok 'a process cannot be asked for then' eval '
	setpriv --bounding-set -all,+net_raw --inh-caps -all "$tcpwhy" watch -p 1 2> "$scratch/err"; is $? 2 &&
	holds "$(cat "$scratch/err")" "CAP_BPF"'
ok 'with neither right one line names both' eval '
	setpriv --bounding-set -all --inh-caps -all "$tcpwhy" watch 2> "$scratch/err"; is $? 1 &&
	holds "$(head -1 "$scratch/err")" CAP_BPF && holds "$(head -1 "$scratch/err")" CAP_NET_RAW'
done_testing
