#!/bin/bash
# Law: captures of one traffic are told from parts of one capture, from copies and from strangers, each with a clear
# word; and whatever names they have, nothing that is printed steers a terminal or breaks JSON.
. "$(dirname "$0")/../support/tap.sh"

# stage FOLDER TITLE VERSION
stage() {
	mkdir -p "$scratch/$1" && "$BUILD/stage" "$2" "$3" "$scratch/$1"
}

# reads STATUS PIECE-OF-STDERR ARGUMENT...: '' for nothing on standard error.
reads() {
	local want=$1 piece=$2
	shift 2
	"$tcpwhy" read "$@" > "$scratch/out" 2> "$scratch/err" < /dev/null
	is $? "$want" && holds "$(cat "$scratch/err")" "$piece" || return 1
	[ -n "$piece" ] || is_empty "$(cat "$scratch/err")"
}

prints() {
	holds "$(cat "$scratch/out")" "$1"
}

# field JQ-LIKE-PATH: of the first line of type $1, by python.
field() {
	python3 -c '
import json, sys
for line in map(json.loads, open(sys.argv[1])):
    if line["type"] == sys.argv[2]:
        print(json.dumps(eval("line" + sys.argv[3], {"line": line})))
        break' "$scratch/out" "$1" "$2"
}

times() {
	is "$(grep -c "$1" "$scratch/out")" "$2"
}

# A capture of something else, at the same time.
stranger() {
	local first
	first=$("$tcpwhy" read --json "$sample" | python3 -c '
import calendar, json, sys, time
print([calendar.timegm(time.strptime(line["totals"]["first_time"][:19], "%Y-%m-%dT%H:%M:%S"))
       for line in map(json.loads, sys.stdin) if line["type"] == "summary"][0])')
	"$BUILD/shift" "$sample" "$scratch/other.pcapng" $((1700000000 - first)) 0
}

sample=samples/write-after-close.pcapng
ok 'conversations are played' eval "stage forged 'a forged RST misses the window' 4 &&
	stage forged6 'a forged RST misses the window' 6 && stranger"
cd "$scratch" || exit 1
tcpwhy=$OLDPWD/$tcpwhy BUILD=$OLDPWD/$BUILD

# ---- recognised
ok 'two captures are told by themselves' reads 0 '' forged/client.pcap forged/server.pcap
ok 'and it is said' prints '2 captures of the same traffic'
ok 'their order is found' prints 'client.pcap - server.pcap'
ok 'in whatever order they are given' reads 0 '' forged/server.pcap forged/client.pcap
ok 'it is the same' prints 'client.pcap - server.pcap'
mkdir elsewhere && cp forged/server.pcap elsewhere/client.pcap
ok 'files of one name in two folders' reads 0 '' forged/client.pcap elsewhere/client.pcap
ok 'are told apart' prints 'forged/client.pcap - elsewhere/client.pcap'
ok 'three' reads 0 '' forged/server.pcap forged/client.pcap forged/middle.pcap
ok 'stand in their order' prints 'client.pcap - middle.pcap - server.pcap'
"$BUILD/shift" forged/server.pcap late.pcapng 86400 50
ok 'a clock that is a day ahead' reads 0 '' --all forged/client.pcap late.pcapng
ok 'is found' prints '1 d 0 h ahead'
ok 'who made the RST is told' prints 'injected'
ok 'and where' prints 'made between the capture late.pcapng and the capture client.pcap'

# ---- the summary
ok 'whichever is given first' reads 0 '' forged/server.pcap forged/client.pcap
ok 'the end is told as the one has it that saw it' prints 'ended     1 reset'
ok 'and as it is' reads 0 '' forged/client.pcap forged/server.pcap
ok 'the other way round' prints 'ended     1 reset'

# ---- one verdict for a reset, in JSON
ok 'with names' reads 0 '' --json --at client=forged/client.pcap --at server=late.pcapng
ok 'each line is JSON' python3 -c 'import json, sys; [json.loads(line) for line in open(sys.argv[1])]' "$scratch/out"
ok 'who never sent it is named' is "$(field reset '["not_sent_by"]')" '"server"'
ok 'between whom it was made, too' is "$(field reset '["made_between"]')" '["server", "client"]'
ok 'its frame is that of the capture that has it' is "$(field reset '["frames"][0]["vantage"]')" '"client"'
ok 'evidence says which capture it is from' is \
	"$(field reset '["evidence"][0].get("vantage") in ("client", "server")')" true
ok 'the clock is there' is "$(field vantages '["captures"][1]["offset_ns"] < -86399 * 10**9')" true
ok 'over IPv6' reads 0 '' --json --at client=forged6/client.pcap --at middle=forged6/middle.pcap \
	--at server=forged6/server.pcap
ok 'it is certain' is "$(field reset '["cause"], line["certainty"]')" '["injected", "certain"]'

# ---- the ladder
ok 'a ladder' reads 0 '' --ladder --ascii --at client=forged/client.pcap --at server=forged/server.pcap
ok 'has a rail for each' prints 'client                   server'
ok 'and shows what was made on the way' prints 'made on the way'
ok 'in ASCII' is_empty "$(LC_ALL=C grep -n '[^ -~]' "$scratch/out")"
ok 'without, in lines' reads 0 '' --ladder forged/client.pcap forged/middle.pcap forged/server.pcap
ok 'that are slanted' prints '╲'

# ---- parts of one capture, copies, strangers
head -c 24 forged/client.pcap > first.pcap
python3 - << 'END'
import struct
data = open("forged/client.pcap", "rb").read()
at, records = 24, []
while at < len(data):
    size = struct.unpack("<I", data[at + 8:at + 12])[0] + 16
    records.append(data[at:at + size])
    at += size
open("first.pcap", "wb").write(data[:24] + b"".join(records[:7]))
open("second.pcap", "wb").write(data[:24] + b"".join(records[7:]))
END
"$tcpwhy" read --json forged/client.pcap | sed 's/"file": *"[^"]*"//' > whole
ok 'parts of one capture' reads 0 '' --json first.pcap second.pcap
ok 'are one run' is "$(field summary '["totals"]["connections"]')" 1
ok 'parts with the same name are one vantage' reads 0 '' --json --at client=first.pcap --at client=second.pcap \
	--at server=forged/server.pcap
ok 'of two' is "$(field vantages '["captures"]' | grep -o '"name"' | wc -l)" 2
ok 'which tells the same' is "$(field reset '["not_sent_by"]')" '"server"'
ok 'wherever the parts are given' reads 0 '' --json --at client=first.pcap --at server=forged/server.pcap \
	--at client=second.pcap
ok 'they are one' is "$(field vantages '["captures"]' | grep -o '"name"' | wc -l)" 2
ok 'and tell the same, too' is "$(field reset '["not_sent_by"]')" '"server"'
cp forged/client.pcap copy.pcap
cp forged/client.pcap again.pcap
ok 'copies' reads 0 'is a copy of' forged/client.pcap copy.pcap again.pcap
ok 'are read each on its own' times '1 connection, ' 3
ok 'in one line' is "$(wc -l < "$scratch/err")" 1
ok 'strangers at the same time' reads 0 'have no segment in common' forged/client.pcap other.pcapng
ok 'are read each on its own, too' times '1 connection, ' 2
ok 'one that belongs to nobody' reads 0 'has no segment in common' forged/client.pcap forged/server.pcap other.pcapng
ok 'is named' holds "$(cat "$scratch/err")" 'other.pcapng'

# ---- what is read as one run, though it is not
ok 'one through a pipe' reads 0 'read as one run' forged/client.pcap <(cat forged/server.pcap)
ok 'is compared where its place is named' reads 0 '' --at client=forged/client.pcap \
	--at server=<(cat forged/server.pcap)
ok 'as a file is' prints 'client - server'
ok 'what is written' reads 0 'read as one run' -w written.pcapng forged/client.pcap forged/server.pcap
ok 'parts of one capture are one run' reads 0 '' -w written.pcapng first.pcap second.pcap
for i in 1 2 3 4 5 6 7; do
	"$BUILD/shift" forged/server.pcap "more$i.pcapng" $((i * 60)) 0
done
ok 'more captures than can be read together' reads 0 'at most 8' forged/client.pcap forged/server.pcap more?.pcapng

# ---- wrong usage
ok 'no name' reads 2 'not NAME=FILE' --at forged/client.pcap
ok 'no file' reads 2 'not NAME=FILE' --at client=
ok 'one with, one without' reads 2 'with --at every file is given by it' \
	--at client=forged/client.pcap forged/server.pcap
ok 'nothing is written, and how it can be is said' reads 2 'read and write each FILE by itself' \
	-w x.pcapng --at client=forged/client.pcap --at server=forged/server.pcap
ok 'a file that is not there' reads 1 'gone.pcap' --at client=gone.pcap --at server=forged/server.pcap
ok 'gives its name to no other' reads 1 'gone.pcap' --json --at client=gone.pcap --at middle=forged/middle.pcap \
	--at server=forged/server.pcap
ok 'and the others are read together' is "$(field vantages '["captures"][0]["name"], line["captures"][1]["name"]')" \
	'["middle", "server"]'

# ---- hostile names
name=$'\e[31m"\\\x01'
cp forged/server.pcap "$name.pcap"
for format in --json --all --ladder; do
	ok "a hostile file name, $format" reads 0 '' $format forged/client.pcap "$name.pcap"
	ok 'steers nothing' is_empty "$(LC_ALL=C grep -n $'[\x01-\x08\x0b-\x1f\x7f]' "$scratch/out")"
done
ok 'a hostile name' reads 0 '' --json --at "$name=forged/client.pcap" --at server=forged/server.pcap
ok 'is still JSON' python3 -c 'import json, sys; [json.loads(line) for line in open(sys.argv[1])]' "$scratch/out"
cd "$OLDPWD" || exit 1
done_testing
