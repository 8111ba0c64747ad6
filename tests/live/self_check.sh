#!/bin/bash
# `tcpwhy watch --self-check` says what can be seen, and why not: a golden file for each thing that may be missing.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/tracing.sh

golden=tests/live/self-check

# check NAME STATUS COMMAND...: the command, which runs the self-check, says what is in the file, and nothing on stderr.
check() {
	local name=$1 want=$2 status
	shift 2
	"$@" > "$scratch/got" 2> "$scratch/err"
	status=$?
	sed -i '1s/^Linux [^ ]*:/Linux RELEASE:/' "$scratch/got"
	is_empty "$(cat "$scratch/err")" && diff "$golden/$name.txt" "$scratch/got" && is $status "$want"
}
with_rights() {
	setpriv --bounding-set "$1" --inh-caps -all "$tcpwhy" watch --self-check
}
# Without the right to mount it, tracefs has to be there.
with_tracefs() {
	unshare -m "$BASH" -c 'mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing; "$@"' - "$@"
}
without_tracefs() {
	unshare -m "$BASH" -c 'while mountpoint -q /sys/kernel/tracing; do umount /sys/kernel/tracing; done; "$@"' - "$@"
}
without_types() {
	unshare -m sh -c 'mount -t tmpfs none /sys/kernel/btf && exec "$@"' - "$tcpwhy" watch --self-check
}

if [ "$(id -u)" != 0 ] || ! with_rights -all > /dev/null 2> "$scratch/why" && [ -s "$scratch/why" ]; then
	skip 'the self-check' 'only root can give up rights one by one'
	done_testing
fi
release=$(uname -r)
if [ ! -e /sys/kernel/btf/vmlinux ]; then
	skip 'what a kernel of today shows' 'this kernel has no types'
elif [ "$(printf '%s\n' 6.10 "$release" | sort -V | head -1)" != 6.10 ]; then
	skip 'what a kernel of today shows' "this is Linux $release"
elif ! can_trace; then
	skip 'what a kernel of today shows' "$(sed -n 2p "$scratch/check")"
else
	ok 'everything' check everything 0 "$tcpwhy" watch --self-check
	ok 'no rights' check no-rights 1 with_rights -all
	ok 'CAP_NET_RAW alone' check net-raw 1 with_rights -all,+net_raw
	ok 'CAP_BPF and CAP_PERFMON' check bpf-perfmon 0 with_tracefs \
		setpriv --bounding-set -all,+bpf,+perfmon --inh-caps -all "$tcpwhy" watch --self-check
	# Copied to where that user may go.
	cp "$tcpwhy" "$scratch/tcpwhy"
	chmod 755 "$scratch" "$scratch/tcpwhy"
	ok '… of a user who cannot read tracefs' check bpf-perfmon-user 0 with_tracefs \
		setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all,+bpf,+perfmon \
		--inh-caps -all,+bpf,+perfmon --ambient-caps -all,+bpf,+perfmon "$scratch/tcpwhy" watch --self-check
	ok 'tracefs need not be mounted' check everything 0 without_tracefs "$tcpwhy" watch --self-check
	ok 'CAP_BPF alone is not enough' check no-rights 1 with_rights -all,+bpf
	ok 'nor is CAP_PERFMON' check no-rights 1 with_rights -all,+perfmon
	ok 'bpf() refused, whatever the rights' check bpf-refused 1 "$BUILD/refuse" EPERM "$tcpwhy" watch --self-check
	ok 'no bpf()' check no-bpf 1 "$BUILD/refuse" ENOSYS "$tcpwhy" watch --self-check
	ok 'no types' check no-types 1 without_types
fi
done_testing
