#!/bin/bash
# `make demo` makes a reset happen and explains it; where namespaces are forbidden, it says so and explains the sample.
. "$(dirname "$0")/../support/tap.sh"

export BUILD

# Without any capability, and with the number of user namespaces at its limit.
forbidden() {
	unshare --user --map-root-user bash -c 'echo 0 > /proc/sys/user/max_user_namespaces &&
		exec setpriv --bounding-set=-all --inh-caps=-all "$@"' - "$@"
}

explained() {
	ok "$1: the exit status" is "$2" 0
	ok "$1: it draws the packets" holds "$(cat "$scratch/out")" ' RST '
	ok "$1: it gives the verdict" holds "$(cat "$scratch/out")" \
		'why       write-after-close: the client wrote to a connection that the server had closed  certain'
}

ok 'make demo runs it' grep -q '^	@BUILD=$(BUILD) tools/demo.sh' Makefile
if "$tcpwhy" lab --json port-closed > /dev/null 2> "$scratch/why"; then
	tools/demo.sh > "$scratch/out" 2> "$scratch/err"
	explained 'in the lab' $?
	ok 'in the lab: with system calls' holds "$(cat "$scratch/out")" 'write() = -1 EPIPE, SIGPIPE'
	ok 'in the lab: without the sample' eval '! grep -q samples/ "$scratch/out"'
	ok 'in the lab: without a complaint' is_empty "$(cat "$scratch/err")"
else
	skip 'the demonstration in the lab' "$(head -1 "$scratch/why")"
fi
if ! has setpriv || ! has unshare; then
	skip 'where namespaces are forbidden' 'setpriv and unshare are not installed'
elif ! forbidden true 2> /dev/null; then
	skip 'where namespaces are forbidden' 'they are, so that it cannot be played here'
else
	forbidden tools/demo.sh > "$scratch/out" 2> "$scratch/err"
	explained 'forbidden' $?
	ok 'forbidden: from the sample' grep -q '^\$ tcpwhy read .*samples/write-after-close.pcapng' "$scratch/out"
	ok 'forbidden: one line says why' is "$(wc -l < "$scratch/err")" 1
fi
done_testing
