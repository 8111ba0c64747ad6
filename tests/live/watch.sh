#!/bin/bash
# `tcpwhy watch` tells of each reset once, with its cause and both processes, counts all, and leaves nothing behind.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/tracing.sh

if ! can_trace; then
	skip 'watching' "$(sed -n 2p "$scratch/check")"
	done_testing
fi
. tests/support/live.sh
live=$scratch/live.json

# usage STATUS ARGUMENT...
fails() {
	local want=$1 status
	shift
	"$tcpwhy" watch "$@" > "$scratch/out" 2> "$scratch/err"
	status=$?
	is $status "$want" && holds "$(cat "$scratch/err")" 'tcpwhy: '
}

# The ids of all that is attached; others may watch, too.
programs() {
	bpftool prog list | awk '/name on_send_reset/ { print $1 }' | sort
}

ok 'a bad filter is wrong usage' fails 2 'port port'
ok 'an unknown cause is wrong usage' fails 2 --cause nonsense
ok 'an unknown harm is wrong usage' fails 2 --harm nonsense
ok 'a file that cannot be written fails' fails 1 -w /nonexistent/file
ok 'without rights it says what is missing' eval '
	setpriv --reuid 65534 --regid 65534 --clear-groups "$tcpwhy" watch > "$scratch/out" 2> "$scratch/err"; is $? 1 &&
	holds "$(cat "$scratch/err")" CAP_BPF'

just_enough() {
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all,+bpf,+perfmon --ambient-caps=-all,+bpf,+perfmon \
		--bounding-set=-all,+bpf,+perfmon "$tcpwhy" watch --self-check > "$scratch/check" 2>&1
	is $? 0 && holds "$(cat "$scratch/check")" 'yes  the process that holds a socket'
}
ok 'CAP_BPF and CAP_PERFMON are all that it needs' just_enough

# ---- what is told
ok 'it watches' watch_into "$live" --json --netns "$netns"
client 9 pass > /dev/null
server 4000 'c.recv(1); c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))'
client 4000 's.send(b"x"); s.recv(1)' > /dev/null
server_ends
server 4001 'time.sleep(0.1)'
client 4001 's.send(b"hello"); s.recv(1)' > /dev/null
server_ends
server 4002 'c.recv(100); os.kill(os.getpid(), signal.SIGKILL) if c.recv(3, socket.MSG_PEEK) else 0'
client 4002 's.send(b"x"); time.sleep(0.1); s.send(b"more"); s.recv(1)' > /dev/null
client 4002 pass > /dev/null
server_ends
server 4003 'c.recv(100)'
client 4003 's.send(b"x"); s.recv(1); s.send(b"late"); time.sleep(0.4); s.send(b"later")' > /dev/null
server_ends
server 4004 'import threading; c.recv(1, socket.MSG_PEEK); t = threading.Thread(
        target=lambda: (open("/proc/thread-self/comm", "w").write("helper"), c.close())); t.start(); t.join()'
client 4004 's.send(b"x"); s.recv(1)' > /dev/null
server_ends
sleep_a_join() { inside python3 -c 'import time; time.sleep(0.3)'; }
sleep_a_join
ok 'it ends with ^C' watch_ends
ok 'every line fits the schema' eval '"$BUILD/check_json" < "$live"'
some 'a closed port' 'line.get("cause") == "port-closed" and line["certainty"] == "certain" and
	line["src"] == "127.0.0.1:9" and line["ends"]["receiver"]["errno"] == "ECONNREFUSED" and
	line["ends"]["receiver"]["process"]["command"] == "python3"' "$live"
some 'SO_LINGER 0' 'line.get("cause") == "linger-zero" and line["certainty"] == "certain" and
	line["ends"]["sender"]["process"]["act"] == "close" and line["kernel"]["reason"] == "TCP_STATE"' "$live"
some 'unread data, and how much' 'line.get("cause") == "unread-data" and line["certainty"] == "certain" and
	line["ends"]["sender"]["unread_bytes"] == 5 and line["lost_bytes"] == 5' "$live"
some 'a process that was killed, and by whom' 'line.get("cause") == "process-death" and
	line["certainty"] == "certain" and line["ends"]["sender"]["process"]["signal"] == 9' "$live"
some 'a process is called by its own name, not by that of its thread' 'line.get("cause") == "unread-data" and
	line["src"].endswith(":4004") and line["ends"]["sender"]["process"]["command"] == "python3"' "$live"
some 'a listener that went away a moment ago' 'line.get("cause") == "port-closed" and line["src"].endswith(":4002") and
	line["ends"]["sender"]["process"]["act"] == "exit" and line["ends"]["sender"]["process"]["ago_ns"] > 0' "$live"
some 'a write after close' 'line.get("cause") == "write-after-close" and line["certainty"] == "certain" and
	line["ends"]["sender"]["process"]["act"] == "close" and line["ends"]["receiver"]["errno"] == "EPIPE"' "$live"
some 'and the SIGPIPE of the next one' 'line["type"] == "later" and line["end"]["sigpipe"] == "ignored"' "$live"
some 'the totals' 'line["type"] == "live-summary" and line["sent"] >= 6 and line["lost"] == 0' "$live"

# ---- filters
refuse_both() {
	client 9 pass > /dev/null
	client 10 pass > /dev/null
	sleep_a_join
	watch_ends
}
only_port() {
	watch_into "$live" --netns "$netns" "$@" && refuse_both
	is "$(grep -c 'port-closed ' "$live")" 1 && holds "$(cat "$live")" "127.0.0.1:$port"
}
none_of() {
	watch_into "$live" --netns "$netns" "$@" && refuse_both
	is "$(grep -c 'port-closed ' "$live")" 0
}
port=10
ok 'a filter of libpcap' only_port src port 10
ok 'another cause is not told' none_of --cause abort
ok 'less harm is not told' none_of --harm data-lost
ok 'another command is not told' none_of -c nginx
ok 'another process is not told' none_of -p $namespace_holder
ok 'another cgroup is not told' none_of --cgroup /no/such
port=9
watch_into "$live" --netns "$netns" -v -w "$scratch/resets.pcapng" port 9 && refuse_both
ok 'the whole record names kernel, processes and advice' eval 'holds "$(cat "$live")" "kernel says" &&
	holds "$(cat "$live")" NO_SOCKET && holds "$(cat "$live")" "ss -ltnp"'
ok 'what it writes is a capture that can be read' eval '
	holds "$("$tcpwhy" read --all "$scratch/resets.pcapng")" 127.0.0.1:9'

# A process may call itself what it likes.
hostile_name() {
	watch_into "$live" --netns "$netns" "$@"
	inside python3 -c 'import ctypes, socket
ctypes.CDLL(None).prctl(15, b"\033[31m\"<x>\n", 0, 0, 0)
socket.socket().connect_ex(("127.0.0.1", 9))'
	sleep_a_join
	watch_ends
}
steers_no_terminal() {
	holds "$(cat "$live")" port-closed && ! grep -qP '[\x00-\x09\x0b-\x1f\x7f]' "$live"
}
hostile_name
ok 'a name with control characters is made harmless' steers_no_terminal
hostile_name -v
ok '… in the whole record, too' steers_no_terminal
hostile_name --json
ok '… and in JSON' eval 'steers_no_terminal && "$BUILD/check_json" < "$live"'

# ---- nothing is left, nobody is disturbed
before=$(programs)
watch_into "$live" --json --netns "$netns"
first=$watcher
ok 'it keeps no rights' eval '
	is "$(awk "/^Cap(Eff|Prm)/ { print \$2 }" /proc/$first/status | sort -u)" 0000000000000000'
watch_into "$scratch/second.json" --json --netns "$netns"
client 9 pass > /dev/null
sleep_a_join
kill -KILL $first
wait $first 2> /dev/null
ok 'the second goes on when the first is killed' kill -0 $watcher
client 9 pass > /dev/null
sleep_a_join
watch_ends
ok 'two at once: the second saw both' eval 'is "$(grep -c "\"port-closed\",\"certainty\"" "$scratch/second.json")" 2'
ok 'the first saw its one' eval 'is "$(grep -c "\"port-closed\",\"certainty\"" "$live")" 1'
# The kernel lets go of what a killed process held a moment later.
all_gone() {
	local tries=200
	left() { comm -13 <(echo "$before") <(programs); }
	while [ -n "$(left)" ] && [ $((tries--)) -gt 0 ]; do sleep 0.05; done
	is_empty "$(left)"
}
ok 'nothing is left attached' all_gone

# ---- what is remembered has bounds: 16500 connections to itself are more ends than that. Whose socket it is that was
# forgotten is asked when the RST is told of: until then the client holds it.
watch_into "$live" --json --netns "$netns"
server 4005 'c.recv(1); c.send(b"y"); c.recv(1);
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))'
client 4005 's.send(b"x"); s.recv(1)
    l = socket.create_server(("", 4006))
    for i in range(16500):
        a = socket.create_connection(("127.0.1.%d" % (i % 250 + 1), 4006))
        b = l.accept()[0]
        a.close(); b.close()
    s.send(b"x")
    try: s.recv(1)
    except ConnectionResetError:
        while ":4005" not in open("'"$live"'").read(): time.sleep(0.01)' > /dev/null
server_ends
sleep_a_join
watch_ends
some 'a connection that is forgotten is explained all the same' 'line.get("src", "").endswith(":4005") and
	line["cause"] == "linger-zero" and line["certainty"] == "certain" and
	line["ends"]["sender"]["process"]["act"] == "close" and line["ends"]["receiver"]["process"]["command"] == "python3"' \
	"$live"
some '… but for what was forgotten of it' 'line.get("src", "").endswith(":4005") and
	line["sender"] == "unknown" and line["ends"]["sender"]["age_ns"] is None' "$live"
some 'and none counts as missed' 'line["type"] == "live-summary" and line["map_full"] < 100' "$live"

# ---- a storm: every reset is counted, not every one is told, and the difference is said
out_rsts() {
	inside awk '/^Tcp: [0-9]/ { print $15 }' /proc/net/snmp
}
before=$(out_rsts)
watch_into "$live" --json --netns "$netns"
inside timeout 60 python3 -c 'import socket
for i in range(20000):
    s = socket.socket()
    s.connect_ex(("127.0.0.1", 9))
    s.close()'
sleep_a_join
watch_ends
some 'every RST of a storm is counted' \
	"line['type'] == 'live-summary' and line['sent'] == $(($(out_rsts) - before))" "$live"
some 'what was not told is said' 'line["type"] == "live-summary" and
	0 < line["told"] < 20000 and line["counted_only"] + line["lost"] > 0' "$live"
some 'and what it was' 'line["type"] == "live-summary" and line["floods"] and line["floods"][0]["count"] > 5000 and
	line["floods"][0]["peer"] == "127.0.0.1"' "$live"
ok 'every line of a storm fits the schema' eval '"$BUILD/check_json" < "$live"'

# ---- what happens beside a storm has its share of what is told
before=$(out_rsts)
watch_into "$live" --json --netns "$netns"
(exec nsenter -t $namespace_holder -n timeout 60 python3 -c 'import socket
while True:
    with socket.socket() as s:
        s.connect_ex(("127.0.0.1", 9))') &
storm=$!
until [ $(($(out_rsts) - before)) -gt 5000 ]; do kill -0 $storm || break; done
server 4006 'c.recv(1); c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))'
for one in {1..20}; do client 4006 's.send(b"x"); s.recv(1)'; done > /dev/null
server_ends
kill $storm
{ wait $storm; } 2> /dev/null
sleep_a_join
watch_ends
told_beside() {
	python3 -c 'import json, sys
told = {line["dst"] for line in map(json.loads, open(sys.argv[1]))
        if line.get("src", "").endswith(":4006") and line["cause"] == "linger-zero"}
sys.exit(f"{len(told)} told" if len(told) != 20 else 0)' "$live"
}
ok 'nothing of it is crowded out by a storm' told_beside
some 'of which not all is told' 'line["type"] == "live-summary" and line["counted_only"] > 5000' "$live"
done_testing
