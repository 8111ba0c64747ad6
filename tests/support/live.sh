# Watching beside a test: sourced after tap.sh by tests/live/*.sh.

# Everything happens in a network namespace that only this test has, held by a process that ends with it.
unshare -n sleep 600 &
namespace_holder=$!
trap 'kill $namespace_holder 2> /dev/null; rm -rf "$scratch"' EXIT
until [ "$(readlink /proc/$namespace_holder/ns/net 2> /dev/null)" != "$(readlink /proc/self/ns/net)" ]; do
	kill -0 $namespace_holder 2> /dev/null || break
done
netns=$(readlink /proc/$namespace_holder/ns/net | tr -dc 0-9)

inside() {
	nsenter -t $namespace_holder -n "$@"
}
inside ip link set lo up 2> /dev/null || inside python3 -c 'import fcntl, socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))'

# watch_into FILE ARGUMENT...: begin to watch, as the command in `watch_as` where there is one; returns when it does.
watch_as=()
watch_into() {
	local file=$1
	shift
	rm -f "$scratch/watch-err"
	"${watch_as[@]}" "$tcpwhy" watch "$@" > "$file" 2> "$scratch/watch-err" &
	watcher=$!
	until grep -qs 'watching' "$scratch/watch-err"; do
		kill -0 $watcher 2> /dev/null || return 1
	done
}

# watch_ends: what happened until now is told, and it ends.
watch_ends() {
	kill -INT $watcher
	wait $watcher
}

# client PORT CODE: a Python client of 127.0.0.1 in the namespace; `s` is its socket.
client() {
	inside timeout 30 python3 -c "import socket, time, sys
s = socket.socket()
try:
    s.connect(('127.0.0.1', $1))
    $2
except OSError as e:
    print(type(e).__name__)"
}

# server PORT CODE: in the background, one that does CODE with each connection `c`; returns when it listens.
server() {
	# Without a shell in between, so that its id is that of what is to be ended.
	(exec nsenter -t $namespace_holder -n timeout 600 python3 -c "import os, select, signal, socket, struct, sys, time
l = socket.socket()
l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
l.bind(('127.0.0.1', $1))
l.listen(5)
open('$scratch/listens-$1', 'w').close()
while True:
    c, _ = l.accept()
    $2
    c.close()") &
	server_pid=$!
	until [ -e "$scratch/listens-$1" ]; do
		kill -0 $server_pid 2> /dev/null || return 1
	done
	rm -f "$scratch/listens-$1"
}

server_ends() {
	kill $server_pid 2> /dev/null
	{ wait $server_pid; } 2> /dev/null
}

# some WHAT CONDITION FILE: of the lines of JSON in the file, as `line` in Python, some are so.
some() {
	ok "$1" python3 -c 'import json, sys
lines = list(map(json.loads, open(sys.argv[2])))
if not any(eval("(" + sys.argv[1] + ")") for line in lines):
    sys.exit("\n".join(map(str, lines)))' "$2" "$3"
}
