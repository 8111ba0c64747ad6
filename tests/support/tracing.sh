# Whether the kernel can be traced here: sourced after tap.sh by tests of what needs it.

# False where rights or the kernel lack what it takes; the second line of $scratch/check says what. Where they do not, a
# program that is refused or crashes is a failure, and nothing to skip for.
can_trace() {
	"$tcpwhy" watch --self-check > "$scratch/check" && return 0
	if [ $? -ne 1 ] ||
		! grep -qE 'CAP_BPF|bpf\(\)|does not describe its types|lacks what tracing needs' "$scratch/check"; then
		sed 's/^/# /' "$scratch/check"
		echo 'Bail out! this kernel can be traced, and is not'
		exit 1
	fi
	return 1
}
