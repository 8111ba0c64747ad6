#!/bin/bash
# Every line of `tcpwhy lab --json` is one JSON object with exactly the fields of docs/tcpwhy.schema.json, whatever was
# played: calls that fail, block, raise a signal or end their process, commands of the user's, IPv6, each vantage.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/tracing.sh

lab() {
	"$tcpwhy" lab --json "$@"
}

# Whether each line on stdin fits the schema.
accepted() {
	"$BUILD/check_json"
}

# plays NAME ARGUMENT...: play it into $scratch/json; every line fits.
plays() {
	local name=$1
	shift
	lab "$@" > "$scratch/json" 2> "$scratch/err"
	ok "$name: every line fits the schema" eval 'accepted < "$scratch/json"'
	ok "$name: without a complaint" is_empty "$(grep -v ' missed meanwhile: it is played again$' "$scratch/err")"
}

# some WHAT CONDITION: of the lines, as `line` in Python, some are so.
some() {
	ok "$1" python3 -c 'import json, sys
sys.exit(not any(eval("(" + sys.argv[1] + ")") for line in map(json.loads, open(sys.argv[2]))))' "$2" "$scratch/json"
}

# Whether the lines on stdin are looked at, and do not fit.
refused() {
	accepted
	[ $? = 1 ]
}

# change CHANGE: the first call, with CHANGE made to it, into $scratch/wrong.
change() {
	python3 -c 'import json, sys
line = next(line for line in map(json.loads, open(sys.argv[2])) if line["type"] == "call")
exec(sys.argv[1])
print(json.dumps(line))' "$1" "$scratch/json" > "$scratch/wrong"
}

# It fits as it is, and not with CHANGE made to it.
fits_no_more() {
	change '' && accepted < "$scratch/wrong" && change "$1" && refused < "$scratch/wrong"
}

# refuses NAME CHANGE: the schema does not accept the first call once CHANGE was made to it.
refuses() {
	ok "it refuses $1" fits_no_more "$2"
}

ok 'no line at all is refused' eval 'refused < /dev/null'
if ! lab port-closed > /dev/null 2> "$scratch/why"; then
	skip 'the lines of the lab' "$(head -1 "$scratch/why")"
	done_testing
fi

plays 'a signal over IPv4 and IPv6' -4 -6 write-after-close
for type in scenario call segment remark reset played; do
	some "a line of type $type" "line['type'] == '$type'"
done
some 'SIGPIPE' 'line.get("signal") == 13 and line["errno"] == "EPIPE" and line["result"] == -1'
some 'addresses of IPv4' 'line["type"] == "segment" and line["src"].startswith("192.0.2.")'
some 'addresses of IPv6' 'line["type"] == "segment" and line["src"].startswith("[2001:db8:")'
refuses 'a field that is missing' 'del line["errno"]'
refuses 'a field that is not in it' 'line["more"] = 1'
refuses 'a host that is none' 'line["host"] = "mars"'
refuses 'a number in place of a name' 'line["errno"] = 32'

plays 'a signal that kills' write-after-close/sigpipe-kills
some 'the process ended' 'line.get("ended") is True and line["result"] is None and line["signal"] == 13'
plays 'a call that blocks for a while, and losses, at the server' --at server keepalive-timeout
some 'it blocks' 'line["type"] == "call" and line["end"] is None and line["result"] is None'
some 'a segment that got lost' 'line["type"] == "lost"'
plays 'silence, at the router' --at router no-answer
some 'an ending' 'line["type"] == "ending"'
plays 'a scenario of no cause' linger-zero/seconds
plays 'rules of a firewall, over IPv6' -6 firewall-reject/midstream
plays 'a command of the user' --client 'exec python3 -c "import os, signal, socket
s = socket.create_connection((os.environ[\"TCPWHY_ADDRESS\"], int(os.environ[\"TCPWHY_PORT\"])))
s.recv(10)
os.kill(os.getpid(), signal.SIGKILL)"' write-after-close
some 'its calls' 'line["type"] == "call" and line["host"] == "client" and line["call"] == "recv()"'
plays 'a command that writes until SIGPIPE' --client 'exec python3 -c "import os, signal, socket
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
s = socket.create_connection((os.environ[\"TCPWHY_ADDRESS\"], int(os.environ[\"TCPWHY_PORT\"])))
s.recv(10)
while s.send(b\"x\"): pass"' write-after-close
some 'the signal, which returns nothing' 'line["type"] == "call" and line["signal"] == 13 and line["result"] is None'
lab --client 'exit 3' write-after-close > "$scratch/json" 2> /dev/null
ok 'a command that never connects: every line fits the schema' eval 'accepted < "$scratch/json"'
some 'and the last says so' 'line["type"] == "played" and "waited in vain" in line["faults"][-1]'
plays 'a row of the account' article/reset-by-read
some 'the row' 'line["type"] == "row"'
if can_trace; then
	plays 'with what the kernel says' --kernel unread-data
	for host in client server; do
		some "where only the $host is watched" "line['type'] == 'seen' and line['host'] == '$host' and
			'unread-data' in [line['cause'], *line['candidates']]"
	done
else
	skip 'what the kernel says' "$(sed -n 2p "$scratch/check")"
fi
done_testing
