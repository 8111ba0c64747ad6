#!/bin/bash
# The installed library: pkg-config finds it, the example is built against it, and it shows its public functions only.
. "$(dirname "$0")/support/tap.sh"

prefix=$(cat "$BUILD/prefix")
root=$scratch/root$prefix
cc=${CC:-gcc}
sanitize=${SANITIZE:+-fsanitize=$SANITIZE}
export PKG_CONFIG_PATH=$root/lib/pkgconfig

install_it() {
	make --no-print-directory install PREFIX="$prefix" DESTDIR="$scratch/root" BUILD="$BUILD" CC="$cc" \
		SANITIZE="${SANITIZE:-}"
}

# Global symbols that are defined and are not ours.
foreign_symbols() {
	nm "$@" | awk '$2 ~ /^[A-TV-Z]$/ && $3 !~ /^tcpwhy_/ && $3 !~ /^(__asan|__ubsan|__odr_asan|__sanitizer|___asan)/'
}

build_example() {
	local how=$1
	shift
	$cc -std=gnu17 -Wall -Wextra -Werror $sanitize -o "$scratch/feed-$how" examples/feed.c "$@"
}

# What pkg-config says of tcpwhy, moved to where it lies for now, and of libpcap, which the example uses.
flags() {
	pkg-config --define-variable=prefix="$root" --cflags --libs tcpwhy
	pkg-config --cflags --libs libpcap
}

# Only libtcpwhy itself is taken as archive; what it needs in turn is named in tcpwhy.pc, and stays shared.
static_flags() {
	flags | sed 's/-ltcpwhy/-l:libtcpwhy.a/'
	pkg-config --libs $(sed -n 's/^Requires.private: //p' "$root/lib/pkgconfig/tcpwhy.pc")
}

runs() {
	LD_LIBRARY_PATH=$root/lib "$@" > "$scratch/out" 2> "$scratch/err" || { cat "$scratch/err"; return 1; }
	holds "$(cat "$scratch/out")" 'frame 7: write-after-close (certain), sent by the server' &&
		holds "$(cat "$scratch/out")" '1 verdicts'
}

ok 'make install' install_it
for file in bin/tcpwhy include/tcpwhy.h lib/libtcpwhy.a lib/libtcpwhy.so.0 lib/libtcpwhy.so lib/pkgconfig/tcpwhy.pc \
	share/man/man1/tcpwhy.1 share/man/man7/tcpwhy-causes.7; do
	ok "installed: $file" [ -e "$root/$file" ]
done
ok 'pkg-config knows the version' is "$(pkg-config --modversion tcpwhy)" "$(sed -n 's/^VERSION *:= *//p' Makefile)"
ok 'the shared library exports tcpwhy_* only' is_empty "$(foreign_symbols -D --defined-only "$root/lib/libtcpwhy.so.0")"
ok 'the static library exports tcpwhy_* only' is_empty "$(foreign_symbols --defined-only "$root/lib/libtcpwhy.a")"
ok 'every function of the header is there' is \
	"$(nm -D --defined-only "$root/lib/libtcpwhy.so.0" | awk '$3 ~ /^tcpwhy_/ { print $3 }' | sort)" \
	"$(grep -oE '\btcpwhy_[a-z_]+\(' "$root/include/tcpwhy.h" | grep -vE '_fn\(' | tr -d '(' | sort -u)"
ok 'its soname' holds "$(objdump -p "$root/lib/libtcpwhy.so.0")" 'SONAME               libtcpwhy.so.0'
ok 'the example, shared' build_example shared $(flags)
ok 'the example, shared: runs' runs "$scratch/feed-shared" samples/write-after-close.pcapng
ok 'the example, static' build_example static $(static_flags)
ok 'the example, static: runs' runs "$scratch/feed-static" samples/write-after-close.pcapng
if has valgrind && [ -z "$sanitize" ]; then
	ok 'no leak, no error' env LD_LIBRARY_PATH="$root/lib" valgrind -q --leak-check=full --error-exitcode=9 \
		"$scratch/feed-shared" samples/write-after-close.pcapng
else
	skip 'no leak, no error' 'valgrind is not installed, or the sanitizers look for it'
fi
done_testing
