#!/bin/bash
# With --stacks it is told from where in its program each process did what it did: the function that called, with its
# line where debug information tells it, also of programs without frame pointers, that have ended since, and whose files
# are only theirs; and where something is missing, what.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/tracing.sh

if ! can_trace; then
	skip 'stacks' "$(sed -n 2p "$scratch/check")"
	done_testing
fi
. tests/support/live.sh

source=tests/tools/acts.c
compile() {
	"${CC:-gcc}" -g -O2 "$@" "$source"
}
line_of() {
	grep -n "line of $1 " "$source" | cut -d: -f1
}
ok 'a program without frame pointers is there' compile -fomit-frame-pointer -o "$scratch/acts"
ok 'and one with them' compile -fno-omit-frame-pointer -o "$scratch/framed"
cp "$scratch/acts" "$scratch/bare"
ok 'and one without symbols' strip "$scratch/bare"

# acts NAME PROGRAM WAY: what is told of it, in $live; again where this host was held up until it had ended.
live=$scratch/live.json
acts() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		watch_into "$live" --json --stacks --netns "$netns" port 4200 && inside "$2" 4200 "$3" > "$scratch/out" 2>&1
		watch_ends
		grep -q '"stack_gap": *"too-late"' "$live" || break
	done
	"$BUILD/check_json" < "$live" > "$scratch/fits" 2>&1
	ok "$1: every line fits the schema" is "$?$(cat "$scratch/fits")" 0
}

# told WHAT CONDITION: of the processes at both ends and in the lines `later`, one is so: `process`, and `at(NAME)`, the
# line that one of its frames has in the function of that name, 0 without a line.
cat > "$scratch/told.py" << 'END'
import json, sys
processes = []
for line in map(json.loads, open(sys.argv[2])):
    ends = line.get("ends", {})
    processes += [end["process"] for end in (*ends.values(), line.get("end")) if end and end["process"]]
def lines(frames):
    return {frame["function"]: frame["line"] or 0 for frame in frames if frame["function"]}
for process in processes:
    at = lines(process.get("stack", [])).get
    killer_at = lines(process.get("killer_stack", [])).get
    if eval("(" + sys.argv[1] + ")"):
        sys.exit(0)
sys.exit("\n".join(map(str, processes)))
END
told() {
	ok "$1" python3 "$scratch/told.py" "$2" "$live"
}

for program in acts framed; do
	acts "$program closes" "$scratch/$program" close
	told "$program: the line of close()" "process['act'] == 'close' and at('close_it') == $(line_of close)"
	told "$program: and who had called that" "at('serve') and at('main') and
		process['stack'][-1]['function'] == '_start'"
	told "$program: nothing is missing" "process.get('stack', None) and process['stack_gap'] is None"
done
acts 'it exits' "$scratch/acts" exit
told 'the line of exit(), of a process that is gone' "process['act'] == 'exit' and at('leave_all') == $(line_of exit)"
acts 'it crashes' "$scratch/acts" crash
told 'the line of the crash' "process['signal'] == 11 and at('crash') == $(line_of crash)"
acts 'it is killed' "$scratch/acts" killed
told 'the line where it was' "process['signal'] == 15 and at('rest') == $(line_of pause)"
told 'and the line of kill(), in who killed it' "killer_at('kill_it') == $(line_of kill)"
acts 'it dissolves the connection' "$scratch/acts" disconnect
told 'the line of connect(AF_UNSPEC)' "process['act'] == 'disconnect' and at('dissolve') == $(line_of connect)"
acts 'the RST comes long after close()' "$scratch/acts" late
told 'the line of that close()' "process['act'] == 'close' and process['ago_ns'] and at('close_it') == $(line_of close)"
told 'and where its peer got SIGPIPE' "at('say_more') == $(line_of send)"

acts 'without symbols' "$scratch/bare" close
told 'the offset stands for the line' "any(frame['module'].endswith('/bare') and frame['offset'] and
	not frame['function'] for frame in process.get('stack', []))"
offset=$(python3 -c 'import json, sys
print(next(hex(frame["offset"]) for line in map(json.loads, open(sys.argv[1])) if line["type"] == "reset"
	for frame in line["ends"]["sender"]["process"]["stack"] if frame["module"].endswith("/bare")))' "$live" 2>&1)
if has addr2line; then
	ok 'which addr2line takes' holds "$(addr2line -f -e "$scratch/acts" "$offset")" "acts.c:$(line_of close)"
else
	skip 'which addr2line takes' 'addr2line is not installed'
fi

# A file that nobody else sees: on a file system of its own mount namespace.
cat > "$scratch/hidden" << END
mkdir "$scratch/mount" && mount -t tmpfs none "$scratch/mount" && cp "$scratch/acts" "$scratch/mount/acts" &&
	exec "$scratch/mount/acts" "\$@"
END
hidden() {
	unshare -m bash "$scratch/hidden" "$@"
}
if unshare -m true 2> /dev/null; then
	printf '#!/bin/bash\nexec unshare -m bash %s "$@"\n' "$scratch/hidden" > "$scratch/in-its-own"
	chmod +x "$scratch/in-its-own"
	acts 'in a mount namespace of its own' "$scratch/in-its-own" close
	told 'the file is looked at as the process sees it' "at('close_it') == $(line_of close)"
else
	skip 'a mount namespace of its own' 'unshare -m does not work here'
fi

ok 'stacks are not told where they are not asked for' eval '
	watch_into "$live" --json --netns "$netns" port 4200 && inside "$scratch/acts" 4200 close > /dev/null 2>&1
	watch_ends && ! grep -q "\"stack" "$live"'

watch_into "$scratch/text" --stacks --netns "$netns" port 4200 && inside "$scratch/acts" 4200 close > /dev/null 2>&1
watch_ends
ok 'a line says it in short' holds "$(cat "$scratch/text")" "closed it in close_it() (acts.c:$(line_of close))"
inside "$tcpwhy" run --stacks -o "$scratch/report" -- "$scratch/acts" 4200 late > "$scratch/out" 2>&1
ok 'run says where the program met the error' grep -qE "say_more\(\) at .*acts\.c:$(line_of send)" "$scratch/report"
ok 'packets have no stacks' eval '"$tcpwhy" watch --capture --stacks 2> "$scratch/err"
	is $? 2 && holds "$(cat "$scratch/err")" "--stacks: packets do not tell of processes"'
done_testing
