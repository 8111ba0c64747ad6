#!/bin/bash
# The packets of a probe are what docs/probe.md says: a SYN as this host's own TCP sends it, one RST for each SYN-ACK,
# ours, and nothing else; `tcpwhy read` calls that a half-open scan, and nothing stays at either end.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/probe.sh
has tcpdump || { echo '1..0 # SKIP tcpdump is not installed'; exit 0; }
build_network
listen near 80 443 8080 8081 8082 8083

modes=(--immediate-mode)
# capture FILE ARGUMENT...: what passes near0 while tcpwhy probe runs.
capture() {
	local file=$1
	shift
	tcpdump "${modes[@]}" -i "${interface:-near0}" -U -w "$file" tcp or icmp or icmp6 2> "$scratch/tcpdump" &
	local watcher=$!
	until grep -q listening "$scratch/tcpdump"; do kill -0 $watcher || return 1; done
	"$@" > "$scratch/lines" 2> "$scratch/err"
	status=$?
	# Packets are written as they come; those of the probe are behind them when an error for this one is there.
	for ((i = 0; i < 100; i++)); do
		"$python3" -c 'import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"end", (sys.argv[1], 9))' "${last:-$near4}"
		tcpdump -r "$file" -n 'icmp[0] == 3 or (icmp6 and ip6[40] == 1)' 2> /dev/null | grep -q . && break
	done
	kill $watcher
	wait $watcher
}
# rows FILE: flags, ports, hop limit, class, label, window, options, numbers of each TCP packet.
rows() {
	"$python3" - "$1" "${link:-14}" <<'END'
import struct, sys
data = open(sys.argv[1], 'rb').read()
at = 24
while at < len(data):
    _, _, captured, _ = struct.unpack('<IIII', data[at:at + 16])
    frame, at = data[at + 16:at + 16 + captured], at + 16 + captured
    ip = frame[int(sys.argv[2]):]
    if ip[0] >> 4 == 4:
        protocol, hops, tos, label, tcp = ip[9], ip[8], ip[1], 0, ip[(ip[0] & 15) * 4:]
        ident = struct.unpack('>H', ip[4:6])[0]
        extra = (ip[0] & 15) * 4 - 20
    else:
        word = struct.unpack('>I', ip[:4])[0]
        protocol, hops, tos, label, tcp, ident, extra = ip[6], ip[7], word >> 20 & 255, word & 0xfffff, ip[40:], 0, 0
    if protocol != 6: continue
    sport, dport, seq, ack, off, flags, win = struct.unpack('>HHIIBBH', tcp[:16])
    names = ''.join(n for bit, n in zip((1, 2, 4, 8, 16), 'FSRPA') if flags & bit)
    options, o = [], tcp[20:(off >> 4) * 4]
    while o:
        size = 1 if o[0] < 2 else o[1]
        options.append(f'{o[0]}' + (':' + o[2:size].hex() if o[0] in (2, 3) else ''))
        o = o[size:]
    print(names, sport, dport, hops, tos, 'label' if label else '-', win, ident != 0, extra,
          ','.join(options) or '-', seq, ack)
END
}
# What `tcpwhy read` says of RSTs that answer no SYN; with `port` set, of those to that port.
port=:80
causes() {
	"$tcpwhy" read --json "$scratch/probe.pcap" | "$python3" -c 'import json, sys
for line in map(json.loads, sys.stdin):
    if line["type"] == "reset" and line["dst"].endswith(sys.argv[1]) and line["cause"] not in (
            "port-closed", "firewall-reject"): print(line["cause"], line["certainty"])' "$port"
}
count() { grep -cE "$1" "$scratch/rows"; }
sockets() {
	inside near "$python3" -c 'import sys
states = [line.split()[3] for name in ("tcp", "tcp6") for line in open("/proc/net/" + name).readlines()[1:]]
print(*sorted(states))'
}

for last in $near4 $near6; do
	capture "$scratch/own.pcap" "$python3" -c "import socket; socket.create_connection(('$last', 80)).close()"
	rows "$scratch/own.pcap" | awk '$1 == "S" && $3 == 80' > "$scratch/own"
	before=$(sockets)
	capture "$scratch/probe.pcap" "$tcpwhy" probe "$last" 80
	rows "$scratch/probe.pcap" > "$scratch/rows"
	ok "an open port is open ($last)" is "$status" 0
	awk '$1 == "S" && $3 == 80' "$scratch/rows" > "$scratch/syn"
	ok "the SYN is that of this host's TCP" diff <(cut -d' ' -f4-10 "$scratch/own") <(cut -d' ' -f4-10 "$scratch/syn")
	ok 'one SYN, one SYN-ACK' is "$(count '^S [0-9]+ 80 ') $(count '^SA 80 ')" '1 1'
	ok 'one RST, that of the probe: the kernel begins with 64 hops' is \
		 "$(count '^R [0-9]+ 80 ') $(count '^R [0-9]+ 80 60 ')" '1 1'
	ok 'its number is the one that the SYN-ACK asks for' is \
		 "$(awk '$1 == "R" && $3 == 80 { print $11 }' "$scratch/rows")" \
		"$(awk '$1 == "SA" && $2 == 80 { print $12 }' "$scratch/rows")"
	ok 'and SYNs to ports that nobody uses, which are refused' is \
		 "$(count '^S [0-9]+ [23][0-9]{4} ') $(count '^RA [23][0-9]{4} ')" '3 3'
	ok 'and nothing else' is "$(wc -l < "$scratch/rows")" 9
	ok 'tcpwhy read calls it a half-open scan' is "$(causes)" 'half-open-scan certain'
	ok 'no connection is left at the host' is "$(sockets)" "$before"
done

last=$near4
capture "$scratch/probe.pcap" "$tcpwhy" probe $near4 22,80
rows "$scratch/probe.pcap" > "$scratch/rows"
ok 'a closed port is asked a second time, with a DSCP' is \
	"$(grep -E '^S [0-9]+ 22 ' "$scratch/rows" | cut -d' ' -f5 | xargs)" '0 184'
ok 'and that is all' is "$(wc -l < "$scratch/rows")" 7

# Too many for one by one.
modes=(-B 65536)
capture "$scratch/probe.pcap" "$tcpwhy" probe $near4 -
modes=(--immediate-mode)
rows "$scratch/probe.pcap" > "$scratch/rows"
ok 'all ports: a SYN each, and 256 that ask who it is' is "$(count '^S ')" $((65535 + 256))
ok 'as many RSTs as SYN-ACKs, all of them ours' is \
	 "$(count '^SA ') $(count '^R ') $(count '^R [0-9]+ [0-9]+ 60 ')" '6 6 6'
ok 'no connection is left at the host' is "$(sockets)" "$before"
ok 'tcpwhy read calls all of them half-open scans' is "$(port='' causes | sort | uniq -c | xargs)" \
	'6 half-open-scan certain'

# To an own address the kernel's RST goes out, alone.
listen here 80
interface=lo last=127.0.0.1
capture "$scratch/probe.pcap" "$tcpwhy" probe 127.0.0.1 80
rows "$scratch/probe.pcap" > "$scratch/rows"
ok 'to an own address: one RST, that of the kernel' is "$(count '^R [0-9]+ 80 ') $(count '^R [0-9]+ 80 64 ')" '1 1'
ok 'and tcpwhy read calls it a half-open scan' is "$(causes)" 'half-open-scan certain'
done_testing
