#!/bin/bash
# What `tcpwhy lab` prints and writes: one time line with packets and calls, JSON that can be read, captures that tell
# the same as the lab did, and clear words where it is misused.
. "$(dirname "$0")/../support/tap.sh"

lab() {
	"$tcpwhy" lab "$@"
}

# usage NAME WANTED ARGUMENT...: exit status 2, and a first line that says so.
usage() {
	local name=$1 wanted=$2
	shift 2
	lab "$@" > "$scratch/out" 2> "$scratch/err"
	ok "$name: wrong usage" is $? 2
	ok "$name: it says why" holds "$(head -1 "$scratch/err")" "$wanted"
}

# The kinds of lines, in order, once each.
json_types() {
	python3 -c 'import json, sys
print(*dict.fromkeys(json.loads(line)["type"] for line in sys.stdin))'
}

# ends_soon PID: within 10 s, and well.
ends_soon() {
	local i
	for ((i = 0; i < 1000; i++)); do
		kill -0 "$1" 2> /dev/null || { wait "$1"; return; }
		read -rt 0.01 <> <(:) || true
	done
	kill -KILL "$1"
	return 1
}

usage 'an unknown cause' 'no such scenario' nonsense
usage 'an unknown face' 'no such scenario' half-open/nonsense
usage 'an unknown host' 'client, router or server' --at mars half-open
usage '--all with a cause' 'it takes no cause' --all half-open
usage '--check without a cause' 'which cause' --check
usage '--json with --pause' 'neither with --check nor with --pause' --json --pause half-open
usage '--check with a command' 'nobody knows' --check --client true half-open
ok 'the list has families and scenarios' holds "$(lab)" 'half-open/keepalive'
ok '--explain tells the story' holds "$(lab --explain half-open)" "The server's power fails"

if ! lab --json port-closed > /dev/null 2> "$scratch/why"; then
	skip 'playing' "$(head -1 "$scratch/why")"
	done_testing
fi
lab --ascii write-after-close > "$scratch/out"
ok 'it draws segments' holds "$(cat "$scratch/out")" '|<------------ RST ------------|'
ok 'and calls on both sides' holds "$(cat "$scratch/out")" '| write() = -1 EPIPE, SIGPIPE  |'
ok 'the right one, too' holds "$(cat "$scratch/out")" '                 close() = 0 |'
ok 'and gives the verdict' holds "$(cat "$scratch/out")" 'write-after-close: the client wrote to a connection'
ok 'no escape sequences where it is no terminal' is_empty "$(grep -l $'\e' "$scratch/out")"
lab --json -6 write-after-close > "$scratch/json"
ok 'JSON lines of every kind' is "$(json_types < "$scratch/json")" 'scenario call segment remark reset played'
ok '--pause goes on by Enter' holds "$(yes '' | head -100 | lab --pause port-closed)" \
	'the client: connect() = -1 ECONNREFUSED'
lab --pause port-closed <&- > "$scratch/out" &
ok '--pause goes on where there is no input' ends_soon $!
lab --pause port-closed >&- 2> "$scratch/err" < /dev/null
ok 'no output: exit status' is $? 1
ok 'no output: it says so' holds "$(cat "$scratch/err")" 'standard output'
lab --write "$scratch/captures" -4 -6 no-answer > "$scratch/out"
ok 'three captures for each version' is "$(ls "$scratch/captures" | wc -l)" 6
for host in client server; do
	"$tcpwhy" read --json "$scratch/captures/no-answer-ipv4-$host.pcapng" > "$scratch/read"
	ok "read finds resets and ends in the $host's capture" grep -qE '"type": ?"(reset|ending)"' "$scratch/read"
done
ok 'calls are comments' grep -qa 'client: connect() = 0' "$scratch/captures/no-answer-ipv4-client.pcapng"
ok 'what got lost is, too' grep -qa 'lost on its way' "$scratch/captures/no-answer-ipv4-server.pcapng"
ok 'a command in a role' holds "$(lab --client 'exec python3 -c "import os, socket
s = socket.create_connection((os.environ[\"TCPWHY_ADDRESS\"], int(os.environ[\"TCPWHY_PORT\"])))
s.recv(10)"' write-after-close 2>&1)" 'recv() = 0'
ok 'a server of the user, too' holds "$(lab --server 'exec python3 -c "import os, socket
s = socket.create_server((os.environ[\"TCPWHY_ADDRESS\"], int(os.environ[\"TCPWHY_PORT\"])))
s.accept()[0].close()"' write-after-close 2>&1)" 'write-after-close (certain)'
# A tracer's stop costs only itself: were the network looked at after each, the lab would lose patience first.
ok 'a server behind many processes' holds "$(lab --server 'i=0; while [ $i -lt 1000 ]; do i=$((i + $(echo 1))); done
exec python3 -c "import os, socket
s = socket.create_server((os.environ[\"TCPWHY_ADDRESS\"], int(os.environ[\"TCPWHY_PORT\"])))
s.accept()[0].close()"' write-after-close 2>&1)" 'write-after-close (certain)'
lab --write /dev/null/x port-closed > "$scratch/out" 2> "$scratch/err"
ok 'a folder that cannot be: exit status' is $? 1
ok 'a folder that cannot be: it says which' holds "$(cat "$scratch/err")" '/dev/null/x'
done_testing
