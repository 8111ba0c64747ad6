#!/bin/bash
# What the command line promises: exit statuses, one clear line on standard error, results as far as reading got.
. "$(dirname "$0")/support/tap.sh"

sample=samples/write-after-close.pcapng

# gives STATUS PIECE COMMAND...: the exit status, and a piece of what is said on standard error ('' for nothing at all).
gives() {
	local want=$1 piece=$2 status
	shift 2
	"$@" > "$scratch/out" 2> "$scratch/err" < /dev/null
	status=$?
	is "$status" "$want" && holds "$(cat "$scratch/err")" "$piece" || return 1
	[ -n "$piece" ] || is_empty "$(cat "$scratch/err")" || return 1
	[ "$want" = 0 ] || holds "$(head -1 "$scratch/err")" 'tcpwhy: '
}

# prints PIECE: in the output of the last command.
prints() {
	holds "$(cat "$scratch/out")" "$1"
}

lines_are_json() {
	python3 -c 'import json, sys; [json.loads(line) for line in sys.stdin]' < "$scratch/out"
}

# Everything up to the second last byte.
head -c -40 "$sample" > "$scratch/cut.pcapng"
: > "$scratch/empty"
echo 'not a capture at all, but a text' > "$scratch/text"
# pcap with link type 147 (DLT_USER0) and one frame of 60 zeros; the same with Ethernet holds no TCP.
pcap_of_link() {
	printf '\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x'"$1"'\0\0\0\x01\0\0\0\0\0\0\0\x3c\0\0\0\x3c\0\0\0'
	head -c 60 /dev/zero
}
pcap_of_link 93 > "$scratch/link.pcap"
pcap_of_link 01 > "$scratch/no-tcp.pcap"

# ---- the program
ok '--help' gives 0 '' "$tcpwhy" --help
ok '--help names the commands' prints causes
ok '--version' gives 0 '' "$tcpwhy" --version
ok 'no command' gives 2 'which command' "$tcpwhy"
ok 'an unknown command' gives 2 'reed: no such command' "$tcpwhy" reed
ok 'an unknown option of the program' gives 2 '--bogus: no such option' "$tcpwhy" --bogus

# ---- the options of read
ok 'read --help' gives 0 '' "$tcpwhy" read --help
ok 'no file' gives 2 'which file' "$tcpwhy" read
ok 'an unknown option' gives 2 '--bogus: no such option' "$tcpwhy" read --bogus "$sample"
ok 'and where help is' holds "$(cat "$scratch/err")" 'tcpwhy read --help'
ok 'a missing argument' gives 2 '--frame: it needs an argument' "$tcpwhy" read "$sample" --frame
ok 'an argument too many' gives 2 'it takes no argument' "$tcpwhy" read --all=yes "$sample"
ok 'not a number' gives 2 '--frame x7' "$tcpwhy" read --frame x7 "$sample"
ok 'frame 0' gives 2 '--frame 0' "$tcpwhy" read --frame 0 "$sample"
ok 'a bad filter' gives 2 'tcpwhy: -f: ' "$tcpwhy" read -f 'foo bar' "$sample"
ok 'a drawing in JSON' gives 2 '--ladder' "$tcpwhy" read --json --ladder "$sample"
ok 'writing over what is read' gives 2 'overwrite' "$tcpwhy" read -w "$scratch/cut.pcapng" "$scratch/cut.pcapng"
ok 'standard input twice' gives 2 'only once' "$tcpwhy" read - -

# ---- inputs that cannot be read, or not all of it
ok 'a missing file' gives 1 "$scratch/none: " "$tcpwhy" read "$scratch/none"
ok 'a directory' gives 1 'directory' "$tcpwhy" read "$scratch"
ok 'an empty file' gives 1 "$scratch/empty: " "$tcpwhy" read "$scratch/empty"
ok 'a text' gives 1 'not a capture' "$tcpwhy" read "$scratch/text"
ok 'cut short' gives 1 'cut off' "$tcpwhy" read "$scratch/cut.pcapng"
ok 'cut short: what was read is reported' prints '6 frames'
ok 'an unknown link type' gives 0 '' "$tcpwhy" read "$scratch/link.pcap"
ok 'an unknown link type is named' prints '147'
ok 'a bad file among good ones' gives 1 "$scratch/text: " "$tcpwhy" read "$scratch/text" "$sample"
ok 'the good one is still read' prints write-after-close
ok 'each bad file is named' gives 1 "$scratch/none: " "$tcpwhy" read "$scratch/text" "$scratch/none"
ok 'a name that would steer the terminal' gives 1 '\x1b' "$tcpwhy" read $'\e[31m'
ok 'is not printed raw' eval '! grep -q $'"'\\e'"' "$scratch/err"'
ok 'a full disk' gives 1 'standard output' eval '"$tcpwhy" read "$sample" > /dev/full'

# ---- nothing to explain
ok 'no TCP' gives 0 '' "$tcpwhy" read "$scratch/no-tcp.pcap"
ok 'no TCP: says so' prints 'no TCP in it'
ok 'no resets' gives 0 '' "$tcpwhy" read -f 'tcp[tcpflags] & tcp-rst = 0' "$sample"
ok 'no resets: says so' prints 'no resets'
ok 'a filter that lets nothing pass' gives 0 '' "$tcpwhy" read -f udp "$sample"
ok 'a filter that lets nothing pass: says so' prints 'lets nothing pass'
ok 'a frame that is not there' gives 1 'the last frame is 7' "$tcpwhy" read --frame 99 "$sample"
ok 'a frame without a verdict' gives 1 'no reset there' "$tcpwhy" read --frame 3 "$sample"
ok 'a connection that is not there' gives 1 'the last connection is 1' "$tcpwhy" read --connection 5 "$sample"

# ---- results
ok 'the summary' gives 0 '' "$tcpwhy" read "$sample"
ok 'the summary names the cause' prints 'write-after-close: '
ok 'one frame' gives 0 '' "$tcpwhy" read --frame 7 "$sample"
ok 'one frame: its verdict' prints 'reset 1 '
ok 'one frame: no summary' eval '! prints "7 frames"'
ok 'everything' gives 0 '' "$tcpwhy" read --all "$sample"
ok 'everything: the verdict and the summary' eval 'prints "reset 1 " && prints "7 frames"'
ok 'a pipe' eval 'cat "$sample" | "$tcpwhy" read - > "$scratch/out" && prints "reset 1 "'
ok 'a ladder' gives 0 '' "$tcpwhy" read --ladder --ascii "$sample"
ok 'a ladder: ASCII only' eval '! LC_ALL=C grep -q "[^ -~]" "$scratch/out"'
ok 'a ladder: the RST' prints ' RST '
ok 'a ladder from a pipe' eval 'cat "$sample" | "$tcpwhy" read --ladder - > "$scratch/out" && prints " RST "'
ok 'JSON' gives 0 '' "$tcpwhy" read --json "$sample"
ok 'JSON: the summary is last' holds "$(tail -1 "$scratch/out")" '"type":"summary"'
ok 'JSON: each line is an object' lines_are_json
ok 'JSON of a file that cannot be read: still a summary' gives 1 "$scratch/none" "$tcpwhy" read --json "$scratch/none"
ok 'JSON of nothing: it is one' prints '"type":"summary"'
ok 'connections' gives 0 '' "$tcpwhy" read --json --connections "$sample"
ok 'connections: there is one' prints '"type":"connection"'
ok 'no colour elsewhere than on a terminal' eval '! grep -q $'"'\\e'"' "$scratch/out"'
ok 'a reader who leaves' eval '"$tcpwhy" read --all $(yes "$sample" | head -500) 2> "$scratch/err" | head -1 &&
	is_empty "$(grep -v "at most 8 can be read together" "$scratch/err")"'

# ---- two files as one run
second=samples/port-closed.pcapng
ok 'two files' gives 0 '' "$tcpwhy" read --json "$sample" "$second"
ok 'two files: the name of each' eval 'prints "\"file\":\"$sample\"" && prints "\"file\":\"$second\""'

# ---- -w
ok 'writing' gives 0 '' "$tcpwhy" read -w "$scratch/written.pcapng" "$sample"
ok 'the verdict is a comment' grep -aq 'tcpwhy: write-after-close' "$scratch/written.pcapng"
ok 'comments of the capture are kept' grep -aq 'client: write() = 5' "$scratch/written.pcapng"
ok 'what was written can be read' gives 0 '' "$tcpwhy" read "$scratch/written.pcapng"
ok 'what was written is the connection' prints '7 frames'
ok 'writing what came from a pipe' eval 'cat "$sample" | "$tcpwhy" read -w "$scratch/piped.pcapng" - > /dev/null &&
	cmp "$scratch/piped.pcapng" "$scratch/written.pcapng"'
ok 'writing to standard output' eval '"$tcpwhy" read -w - "$sample" > "$scratch/out.pcapng" &&
	cmp "$scratch/out.pcapng" "$scratch/written.pcapng"'
ok 'writing two files' gives 0 '' "$tcpwhy" read -w "$scratch/both.pcapng" "$sample" "$second"
ok 'two files: all of both' eval '"$tcpwhy" read "$scratch/both.pcapng" > "$scratch/out" && prints "9 frames"'
ok 'writing where nothing can be written' gives 1 '-w' "$tcpwhy" read -w "$scratch/none/out.pcapng" "$sample"

# ---- causes
ok 'the catalogue' gives 0 '' "$tcpwhy" causes
ok 'one cause' gives 0 '' "$tcpwhy" causes half-open
ok 'a cause that is none' gives 2 'half: no such cause' "$tcpwhy" causes half
ok 'what may have been meant' holds "$(cat "$scratch/err")" 'half-open'
ok 'a log line' gives 0 '' "$tcpwhy" causes --error 'write: broken pipe'
ok 'a log line: its cause' prints write-after-close
ok 'a log line that is not known' gives 1 'no message that is known' "$tcpwhy" causes --error 'all is well'
ok 'two things at once' gives 2 'one thing at a time' "$tcpwhy" causes --json half-open
ok 'the catalogue as JSON' gives 0 '' "$tcpwhy" causes --json
ok 'the catalogue as JSON: objects' lines_are_json
done_testing
