#!/bin/bash
# The programs of examples/ see in the lab what the account of resets says that such programs see on Linux.
. "$(dirname "$0")/../support/tap.sh"

examples=$BUILD/examples

# The calls of a host, on one line.
calls() {
	python3 -c 'import json, sys
lines = [line for line in map(json.loads, sys.stdin) if line["type"] == "call"]
print("; ".join(line["text"] for line in lines if line["host"] == sys.argv[1]))' "$1"
}

# play ROLE COMMAND [OPTION]: what the program in that role called; what it printed is in $scratch/printed.
play() {
	"$tcpwhy" lab --json ${3:-} "--$1" "$2" write-after-close 2> "$scratch/printed" | calls "$1"
}

# sees NAME ROLE COMMAND WANTED [OPTION]: the program made these calls.
sees() {
	local name=$1 role=$2 command=$3 wanted=$4 option=${5:-}
	ok "$name" holds "$(play "$role" "$command" "$option")" "$wanted"
}

printed() {
	ok "$1" holds "$(cat "$scratch/printed")" "$2"
}

if ! "$tcpwhy" lab --json port-closed > /dev/null 2> "$scratch/why"; then
	skip 'the examples' "$(head -1 "$scratch/why")"
	done_testing
fi
for version in -4 -6; do
	sees "IPv${version#-}: the first client is killed by its second write" client "$examples/writer" \
		'write() = 6; write() = -1 EPIPE; a signal: killed by SIGPIPE' $version
	sees "IPv${version#-}: the second client reads the end of file" client "$examples/reader" \
		'write() = 6; read() = 0; close() = 0' $version
done
sees 'the first client ignores SIGPIPE' client "$examples/writer '' '' ignore" \
	'write() = 6; write() = -1 EPIPE; close() = 0'
printed 'and prints it' 'write() = -1: Broken pipe'
sees 'the server closes at once' server "$examples/server" 'close() = 0; close() = 0'
sees 'the server closes after a line' server "$examples/server '' line" 'read() = 6; close() = 0' \
	"--client $examples/writer"

if has java && [ -e "$examples/Reader.class" ]; then
	sees 'Java: the second write is a broken pipe, and the JVM lives on' client "java -cp $examples Writer" \
		'write() = 6; write() = -1 EPIPE; a signal: SIGPIPE'
	printed 'Java: it says so' 'write: Broken pipe'
	sees 'Java: the second client reads the end of file' client "java -cp $examples Reader" 'write() = 6; read() = 0'
	printed 'Java: the line is null' 'read: null'
	sees 'Java: the server closes at once' server "java -cp $examples Server" 'close() = 0'
else
	skip 'the examples in Java' 'java or javac is not installed'
fi
done_testing
