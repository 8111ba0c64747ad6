#!/bin/bash
# What a process did and what it got is told as it was: shutdown() is no close(), a SIGPIPE that is blocked was not got,
# MPTCP loses bytes, too, and is dissolved as TCP is; and what happens beside a storm of resets is told in full.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/tracing.sh

if ! can_trace; then
	skip 'acts' "$(sed -n 2p "$scratch/check")"
	done_testing
fi
. tests/support/live.sh

live=$scratch/live.json
# play PROTOCOL CODE NAME: watch a Python program with a connection from `c` to `s`, on port 4300; 0 is TCP, 262 MPTCP.
play() {
	local protocol=$1
	watch_into "$live" --json --netns "$netns" port 4300 && inside timeout 30 python3 -c "import ctypes, signal, socket
import struct, sys, time
libc = ctypes.CDLL(None)
def dissolve(s):
    libc.connect(s.fileno(), struct.pack('HHIQ', 0, 0, 0, 0), 16)
def pair():
    c = socket.socket(socket.AF_INET, socket.SOCK_STREAM, $protocol)
    c.connect(('127.0.0.1', 4300))
    return c, l.accept()[0]
def unread(s, count):
    while len(s.recv(100, socket.MSG_PEEK)) < count: pass
def gone(c):
    while struct.unpack_from('B', c.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1))[0] != 7: pass
l = socket.socket(socket.AF_INET, socket.SOCK_STREAM, $protocol)
l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
l.bind(('127.0.0.1', 4300))
l.listen(5)
c, s = pair()
$2" > "$scratch/out" 2>&1
	watch_ends
	"$BUILD/check_json" < "$live" > "$scratch/fits" 2>&1
	ok "$3: every line fits the schema" is "$?$(cat "$scratch/fits")" 0
}

# ---- SIGPIPE
late='s.close()
c.send(b"first")
gone(c)
try: c.send(b"second")
except OSError as e: print(type(e).__name__)
'
for how in ignored delivered blocked; do
	case $how in
	ignored) prepare='' ;;
	delivered) prepare='signal.signal(signal.SIGPIPE, lambda *_: None)' ;;
	blocked) prepare='signal.signal(signal.SIGPIPE, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPIPE})' ;;
	esac
	play 0 "$prepare
$late$late" "SIGPIPE $how"
	ok "SIGPIPE $how: the program goes on" is "$(head -1 "$scratch/out")" BrokenPipeError
	ok "SIGPIPE $how: each time it is told as that" python3 -c 'import json, sys
ends = [end for line in map(json.loads, open(sys.argv[2])) for end in (*line.get("ends", {}).values(), line.get("end"))]
pipes = {end["sigpipe"] for end in ends if end} - {"none"}
sys.exit(f"told: {pipes}" if pipes != {sys.argv[1]} else 0)' $how "$live"
done

# ---- shutdown() and close()
wait_for_rst='
c.recv(1)
c.send(b"late")
gone(c)'
play 0 "s.shutdown(socket.SHUT_WR)
s.close()$wait_for_rst" 'shutdown()'
# Its FIN may not be acknowledged by the time of close(), which sends no other: what comes later crosses none.
some 'a FIN that shutdown() sent was not sent by close()' 'line.get("cause") == "write-after-close" and
	line["ends"]["sender"]["process"]["act"] == "half-close"' "$live"
play 0 "s.close()$wait_for_rst" 'close()'
some 'one that close() sent was' 'line.get("cause") == "write-after-close" and
	line["ends"]["sender"]["process"]["act"] == "close"' "$live"

# ---- MPTCP
if inside python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)' 2> /dev/null; then
	hello='
c.send(b"a"); s.recv(1); s.send(b"b"); c.recv(1)'
	play 262 "$hello
c.send(b'hello')
unread(s, 5)
s.close()
time.sleep(0.05)" 'MPTCP, unread data'
	some 'MPTCP: what was unread is lost' 'line.get("cause") == "mptcp-fastclose" and line["lost_bytes"] == 5 and
		line["ends"]["sender"]["unread_bytes"] == 5' "$live"
	play 262 "$hello
dissolve(s)
time.sleep(0.05)" 'MPTCP, connect(AF_UNSPEC)'
	some 'MPTCP: connect(AF_UNSPEC) is told as that' 'line.get("cause") == "disconnect" and
		line["certainty"] == "certain" and line["ends"]["sender"]["process"]["act"] == "disconnect"' "$live"
else
	skip 'MPTCP' 'this kernel has none'
fi

# ---- a storm
watch_into "$live" --json --netns "$netns"
inside timeout 60 python3 -c "import multiprocessing, os, socket, time
def storm(port):
    while True:
        socket.socket().connect_ex(('127.0.0.1', port))
storms = [multiprocessing.Process(target=storm, args=(9,), daemon=True) for _ in range(2)]
for one in storms: one.start()
l = socket.socket()
l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
l.bind(('127.0.0.1', 4301))
l.listen(5)
for _ in range(10):
    time.sleep(0.25)
    c = socket.create_connection(('127.0.0.1', 4301))
    s, _ = l.accept()
    c.send(b'hello')
    s.recv(1, socket.MSG_PEEK)
    s.close()
for one in storms: one.kill()"
watch_ends
some 'the storm was more than is handed over' 'line["type"] == "live-summary" and line["counted_only"] > 1000' "$live"
ok 'each reset beside it is told in full, with both ends' python3 -c 'import json, sys
told = [line for line in map(json.loads, open(sys.argv[1])) if line.get("cause") == "unread-data"]
whole = [line for line in told if line["certainty"] == "certain" and line["src"] == "127.0.0.1:4301" and
         line["ends"]["receiver"]["errno"] == "ECONNRESET"]
sys.exit(f"{len(whole)} of 10, {len(told)} in any form" if len(whole) != 10 else 0)' "$live"
done_testing
