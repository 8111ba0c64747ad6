# Whether the kernel can be traced here: sourced after tap.sh by tests of what needs it.

# False where rights or the kernel lack what it takes: $scratch/check says what, in its second line. Where root has both, a
# program that is refused or crashes is a failure, and nothing to skip for.
can_trace() {
	"$tcpwhy" watch --self-check > "$scratch/check" && return 0
	if [ $? -ne 1 ] || { [ "$(id -u)" = 0 ] && [ -e /sys/kernel/btf/vmlinux ] && bpf_is_there; }; then
		cat "$scratch/check"
		echo 'Bail out! this kernel can be traced, and is not'
		exit 1
	fi
	return 1
}

# Whether bpf() is allowed at all: bpftool makes a map.
bpf_is_there() {
	bpftool prog list > /dev/null 2>&1 && [ -n "$(bpftool prog list 2> /dev/null)$(ls /proc/sys/kernel/bpf_stats_enabled)" ]
}
