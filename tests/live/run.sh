#!/bin/bash
# `tcpwhy run`: the command runs as it would without, and what reset its connections is told.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/tracing.sh

if ! can_trace; then
	skip 'running' "$(sed -n 2p "$scratch/check")"
	done_testing
fi
. tests/support/live.sh

# status WANT COMMAND...
status() {
	local want=$1 got
	shift
	"$tcpwhy" run -o "$scratch/report" -- "$@" > "$scratch/out" 2> "$scratch/err"
	got=$?
	is $got "$want"
}

ok 'the exit status is that of the command' status 7 sh -c 'exit 7'
ok 'so is the signal that ends it' status 143 sh -c 'kill -TERM $$'
ok 'no such command' status 127 /no/such/command
ok 'what is no command' status 126 /etc/passwd
ok 'options of the command are its own' status 0 sh -c 'exit 0' --json
ok 'no command is wrong usage' eval '"$tcpwhy" run 2> /dev/null; is $? 2'
ok 'a report that cannot be written fails before anything runs' eval '
	"$tcpwhy" run -o /nonexistent/report touch "$scratch/ran" 2> /dev/null; is $? 1 && [ ! -e "$scratch/ran" ]'
ok 'input and output pass through' eval 'is "$(echo through | "$tcpwhy" run cat 2>&1)" through'
ok 'nothing is said where nothing was reset' eval 'status 0 true; is_empty "$(cat "$scratch/report" "$scratch/err")"'
ok 'a closed descriptor stays closed' eval '
	is "$("$tcpwhy" run sh -c "[ -e /proc/self/fd/0 ] || echo closed" <&- 2> /dev/null)" closed'
ok 'an ignored SIGPIPE stays ignored' eval 'is "$(trap "" PIPE; "$tcpwhy" run grep SigIgn /proc/self/status)" "$(
	trap "" PIPE; grep SigIgn /proc/self/status)"'
ok 'the signal mask and rights are its own' eval '
	own="SigBlk|CapEff|NoNewPrivs"
	is "$("$tcpwhy" run grep -E "$own" /proc/self/status)" "$(grep -E "$own" /proc/self/status)"'

"$tcpwhy" run -o "$scratch/report" -- \
	sh -c 'trap "echo got it; exit 3" TERM; echo ready; while :; do sleep 0.05; done' > "$scratch/out" &
runner=$!
until grep -q ready "$scratch/out"; do kill -0 $runner || break; done
kill -TERM $runner
wait $runner
ok 'a signal is passed on' eval 'is $? 3; holds "$(cat "$scratch/out")" "got it"'

# ---- what is told
server 4100 'c.recv(100); os.kill(os.getpid(), signal.SIGKILL)'
inside "$tcpwhy" run -o "$scratch/report" -- python3 -c "import socket, time
s = socket.create_connection(('127.0.0.1', 4100))
s.send(b'hello')
s.recv(1)
s.send(b'first')
time.sleep(0.3)
try:
    s.send(b'second')
except OSError as e:
    print(type(e).__name__)" > "$scratch/out"
server_ends
report=$(cat "$scratch/report")
ok 'the command got what it would have got' is "$(cat "$scratch/out")" BrokenPipeError
ok 'its reset has a cause' holds "$report" \
	'write-after-close: the client wrote to a connection that the server had closed'
ok 'the process at the other end is named, and how it ended' eval 'holds "$report" "python3 (pid " &&
	holds "$report" "was killed by SIGKILL"'
ok 'the second write is named, and its error' holds "$report" 'got EPIPE from write() or send()'
ok 'and the SIGPIPE that Python ignores' holds "$report" 'ignores SIGPIPE'

inside "$tcpwhy" run --json -o "$scratch/report" -- sh -c 'python3 -c "import socket
socket.socket().connect_ex((\"127.0.0.1\", 9))"; true'
ok 'every line fits the schema' eval '"$BUILD/check_json" < "$scratch/report"'
some 'children of the command are followed' 'line.get("cause") == "port-closed" and
	line["ends"]["receiver"]["errno"] == "ECONNREFUSED"' "$scratch/report"

flood='import socket
for i in range(20000):
    with socket.socket() as s:
        s.connect_ex(("127.0.0.1", 9))'
inside "$tcpwhy" run -o "$scratch/report" -- python3 -c "$flood" 2> "$scratch/err"
ok 'what came too fast is said' holds "$(cat "$scratch/err")" 'came too fast to be looked at'
ok 'and in a report of its own, how much' holds "$(cat "$scratch/report")" 'events came too fast: counted'
inside "$tcpwhy" run --json -o "$scratch/report" -- python3 -c "$flood" 2> "$scratch/err"
ok 'every line of a flood fits the schema' eval '"$BUILD/check_json" < "$scratch/report"'
some 'and the last says how much' 'line["type"] == "live-summary" and line["counted_only"] + line["lost"] > 0 and
	line["told"] < 20000' "$scratch/report"

client 9 pass > /dev/null &
ok 'what concerns others is not told' eval 'status 0 true; wait %+; is_empty "$(cat "$scratch/report")"'

if [ -e "$BUILD/examples/Writer.class" ]; then
	# Its first write may overtake a server that is slow to die, whose exit resets it then: not what is to be shown.
	breaks_a_pipe() {
		server 4101 'os.kill(os.getpid(), signal.SIGKILL)'
		inside "$tcpwhy" run -o "$scratch/report" -- java -cp "$BUILD/examples" Writer 127.0.0.1 4101 \
			> "$scratch/out" 2>&1
		server_ends
		holds "$(cat "$scratch/out")" 'Broken pipe'
	}
	ok 'the Java client of the account breaks a pipe' eval 'breaks_a_pipe || breaks_a_pipe || breaks_a_pipe'
	ok 'the second write, EPIPE, and who was killed' eval '
		holds "$(cat "$scratch/report")" "got EPIPE from write() or send()" &&
		holds "$(cat "$scratch/report")" "was killed by SIGKILL"'
else
	skip 'the Java client of the account' 'javac is not installed'
fi
done_testing
