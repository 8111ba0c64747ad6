# Real programs beside a watch: sourced after live.sh by tests/live/program_*.sh.
. tests/support/tracing.sh
# Each uses its own instance, with its own files and ports in the namespace, and touches no service of the system.

PATH=$PATH:/usr/sbin:/sbin
patience_s=20
told=$scratch/told.json
: > "$scratch/expected"

# The namespace is of this test alone: whoever is in it was started here, also as a child or a daemon.
everybody_ends() {
	local process
	for process in /proc/[0-9]*; do
		[ "$(readlink "$process/ns/net")" = "net:[$netns]" ] && kill -KILL "${process#/proc/}"
	done
	kill -KILL "${watcher:-}"
	wait
	rm -rf "$scratch"
} 2> /dev/null
trap everybody_ends EXIT

# needs COMMAND PACKAGE: without it the rest of this file is skipped.
needs() {
	has "$1" && return
	skip "$1" "not installed: package $2"
	done_testing
}

# eventually COMMAND...: wait until it succeeds, with patience but not for ever.
eventually() {
	local end=$((SECONDS + patience_s))
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.02
	done
}

# start NAME COMMAND...: inside the namespace, in the background; its pid is $started, its output $scratch/NAME.log.
start() {
	local name=$1
	shift
	(exec nsenter -t $namespace_holder -n "$@") > "$scratch/$name.log" 2>&1 &
	started=$!
}

# ended PID: it is awaited, and its status told; a signal that was sent is said by nobody.
ended() {
	{ wait "$1"; } 2> /dev/null
}

# stop PID SIGNAL: it may have ended by itself.
stop() {
	kill "-${2:-TERM}" "$1" 2> /dev/null
	ended "$1"
	true
}

# sockets FIELD PORT STATE UNREAD: whether a socket with this port in the field (2: its own, 3: of its peer) is in this
# state, as the kernel's table numbers it, and has data that its program did not read (1), or any (0).
sockets() {
	awk -v field="$1" -v port="$(printf ':%04X$' "$2")" -v state="$3" -v unread="$4" '
		$field ~ port && $4 == state && (!unread || $5 !~ /:00000000$/) { found++ }
		END { exit !found }' "/proc/$namespace_holder/net/tcp"
}
listens() { sockets 2 "$1" 0A 0; }
is_queued() { sockets 2 "$1" 0A 1; }
is_connected() { sockets 2 "$1" 01 0; }
# Data wait for the server of this port, or for a client of it.
server_has_unread() { sockets 2 "$1" 01 1; }
client_has_unread() { sockets 3 "$1" 01 1; }
client_saw_fin() { sockets 3 "$1" 08 0; }

# is_stopped PID
is_stopped() { grep -q '^State:.T' "/proc/$1/status"; }
# hold PID: it runs no further until it gets SIGCONT.
hold() {
	kill -STOP "$1" && eventually is_stopped "$1"
}

# hold_when PID COMMAND...: hold it at a moment when the command soon succeeds; at another it is let go and held again.
hold_when() {
	local pid=$1 attempt polls
	shift
	for attempt in {1..50}; do
		hold "$pid" || return 1
		for polls in {1..20}; do
			"$@" && return
			sleep 0.02
		done
		kill -CONT "$pid"
	done
	return 1
}

# judge CODE ARGUMENT...: Python that judges the lines that were told; `fits` says whether a line meets a condition.
judge() {
	python3 -c 'import json, sys
lines = []
for text in open(sys.argv[1]):
    if text.endswith("\n"):
        lines.append(json.loads(text))
class Anything(dict):
    def __missing__(self, key):
        return Anything()
def loose(value):
    if isinstance(value, dict):
        return Anything({key: loose(inner) for key, inner in value.items()})
    return value
def fits(line, condition):
    line = loose(line)
    ends = line["ends"]
    sender, receiver, end = ends["sender"], ends["receiver"], line["end"]
    return eval("(" + condition + ")", {**globals(), **locals()})
def process(end, command, act=None):
    process = end["process"] or {}
    return process.get("command") == command and (act is None or process["act"] == act)
def brief(line):
    words = [line[key] for key in ("cause", "certainty", "src", "dst", "part", "candidates")]
    for end in line["ends"].values():
        words += ["|"] + [end[key] for key in ("errno", "sigpipe", "state")]
        words += [(end["process"] or {}).get(key) for key in ("pid", "command", "act", "signal", "killer_command")]
    return " ".join(map(str, words + [line["kernel"]["reason"]]))
'"$1" "$told" "${@:2}"
}

is_told() {
	judge 'sys.exit(not any(fits(line, sys.argv[2]) for line in lines))' "$1"
}

show_told() {
	judge 'for line in filter(lambda line: line["type"] in ("reset", "ending"), lines): print(brief(line))
for line in lines:
    if line["type"] == "later": print(line)'
	return 1
}

# tells WHAT CONDITION: a verdict is `certain` and so; see `fits` for the words of the condition.
tells() {
	local condition="line['certainty'] == 'certain' and ($2)"
	printf '%s\0' "$condition" >> "$scratch/expected"
	ok "$1" eval 'eventually is_told "$condition" || show_told'
}

# may_tell CONDITION: what depends on who is faster.
may_tell() {
	printf '%s\0' "line['certainty'] == 'certain' and ($1)" >> "$scratch/expected"
}

# tells_later WHAT CONDITION: what a program got after the verdict, or with it.
tells_later() {
	local condition=$2
	ok "$1" eval 'eventually is_told "$condition" || show_told'
}

# watch_begins: of this namespace, into $told.
watch_begins() {
	if ! can_trace; then
		skip 'watching' "$(sed -n 2p "$scratch/check")"
		done_testing
	fi
	watch_into "$told" --json --netns "$netns" || { echo "Bail out! $(cat "$scratch/watch-err")"; exit 1; }
}

unexpected() {
	judge 'expected = open(sys.argv[2]).read().split("\0")[:-1]
for line in lines:
    if "cause" in line and not any(fits(line, condition) for condition in expected):
        print(brief(line))' "$scratch/expected"
}

# watch_is_over: nothing was told but what the test had expected, and all of it fits the schema.
watch_is_over() {
	watch_ends
	ok 'it tells nothing else' eval 'is_empty "$(unexpected)"'
	ok 'every line fits the schema' eval '"$BUILD/check_json" < "$told"'
	done_testing
}
