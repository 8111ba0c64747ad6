#!/bin/bash
# Each header compiles alone, with gcc and with clang, and the public one also as C++ and as plain C99.
. "$(dirname "$0")/support/tap.sh"

flags="-D_GNU_SOURCE -Isrc -Iinclude $(pkg-config --cflags libpcap libarchive jansson libmnl libnftables)"

# Included twice, so that a missing guard shows.
compiles() {
	local compiler=$1 standard=$2 header=$3
	printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
		$compiler -std="$standard" -Wall -Wextra -Werror -fsyntax-only $flags -I. -x "${4:-c}" -
}

# Those of the programs in the kernel have a compiler of their own.
compiles_for_bpf() {
	printf '#include "%s"\n#include "%s"\n' "$1" "$1" |
		clang -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -Wall -Wextra -Werror -fsyntax-only -Isrc -I. -x c -
}

for compiler in gcc clang; do
	if ! has $compiler; then
		skip "headers with $compiler" "$compiler is not installed"
		continue
	fi
	for header in $(find src include -name '*.h' ! -path 'src/live/bpf/*' | sort); do
		ok "$compiler: $header" compiles $compiler gnu17 "$header"
	done
	ok "$compiler: the public header as C99" compiles $compiler c99 include/tcpwhy.h
done
if has clang; then
	for header in src/live/bpf/*.h; do
		ok "bpf: $header" compiles_for_bpf "$header"
	done
	ok 'the public header as C++' compiles clang c++17 include/tcpwhy.h c++
else
	skip 'the public header as C++' 'clang is not installed'
fi
done_testing
