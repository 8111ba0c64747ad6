#!/bin/bash
# Nothing stays: no process, no namespace, no interface, no file; after a run, after ^C, after SIGKILL at any moment.
. "$(dirname "$0")/../support/tap.sh"

KILLS=50
mark=lab-test-$$-$RANDOM
here=$(readlink /proc/self/ns/net)

# Every process of the lab has inherited this environment.
processes() {
	grep -slz "^TCPWHY_TEST_MARK=$mark\$" /proc/[0-9]*/environ
}

# Wait until none is left: the kernel needs a moment. Bounded: 500 looks.
all_gone() {
	local i
	for ((i = 0; i < 500; i++)); do
		[ -n "$(processes)" ] || return 0
		read -rt 0.02 <> <(:) || true
	done
	processes
	return 1
}

lab() {
	TCPWHY_TEST_MARK=$mark "$tcpwhy" lab "$@" > /dev/null 2>&1
}

links() {
	ls /sys/class/net
}

# Kill the program with a signal after so many microseconds.
kill_after() {
	TCPWHY_TEST_MARK=$mark "$tcpwhy" lab --check "$3" > /dev/null 2>&1 &
	local pid=$!
	read -rt "0.$(printf %06d "$2")" <> <(:) || true
	kill -s "$1" "$pid" 2> /dev/null
	wait "$pid" 2> /dev/null
	all_gone
}

if ! "$tcpwhy" lab --json port-closed > /dev/null 2> "$scratch/why"; then
	skip 'leaving nothing' "$(head -1 "$scratch/why")"
	done_testing
fi
links > "$scratch/links"
ls -A . > "$scratch/files"
lab write-after-close
ok 'after a run no process is left' all_gone
ok 'nor an interface' diff "$scratch/links" <(links)
ok 'nor a file' diff "$scratch/files" <(ls -A .)
ok 'after ^C no process is left' kill_after INT 30000 half-open/keepalive
for ((i = 0; i < KILLS; i++)); do
	kill_after KILL $((RANDOM * 3 % 90000)) half-open || echo "kill $i" >> "$scratch/left"
done
ok "after SIGKILL at $KILLS random moments no process is left" [ ! -s "$scratch/left" ]
ok 'nor an interface' diff "$scratch/links" <(links)
ok 'and this network namespace is the one it was' is "$(readlink /proc/self/ns/net)" "$here"
done_testing
