#!/bin/bash
# The programs in the kernel compile for each architecture whose registers they know, and for one whose they do not.
. "$(dirname "$0")/../support/tap.sh"

compiles_for() {
	clang -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_"$1" -Wall -Wextra -Werror -Isrc -c -o "$scratch/object" \
		src/live/bpf/reset.bpf.c
}

if has clang; then
	for architecture in x86 arm64 riscv; do
		ok "$architecture" compiles_for $architecture
	done
else
	skip 'architectures' 'clang is not installed'
fi
done_testing
