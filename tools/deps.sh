#!/bin/bash
# Install what is missing: `tools/deps.sh build` to build, `tools/deps.sh build check` to run the tests, too. The tests
# that play real servers (tests/live/program_*.sh) run where these are installed: `tools/deps.sh programs`. `make check`
# does not install them, for Debian starts servers that it installs. `tools/deps.sh kernels`: to run tests on older
# kernels as well, which are unpacked below build/kernels (400 MB).
set -eu

declare -A apt=(
	[build]='gcc libc6-dev make pkg-config binutils libpcap-dev libarchive-dev libjansson-dev libmnl-dev libnftables-dev
		libbpf-dev libdw-dev bpftool clang gettext netbase'
	[check]='libclang-rt-14-dev perl universal-ctags mandoc valgrind python3 tcpdump iproute2 nftables'
	[programs]='nginx redis-server redis-tools postgresql haproxy openssh-server openssh-client curl
		default-jdk-headless nodejs'
	[kernels]='qemu-system-x86 cpio'
)
declare -A dnf=(
	[build]='gcc glibc-devel make pkgconf-pkg-config binutils libpcap-devel libarchive-devel jansson-devel libmnl-devel
		nftables-devel libbpf-devel elfutils-devel bpftool clang gettext'
	[check]='compiler-rt perl-Test-Harness ctags mandoc valgrind python3 tcpdump iproute nftables'
	[programs]='nginx redis postgresql-server postgresql-contrib haproxy openssh-server openssh-clients curl
		java-latest-openjdk-devel nodejs'
)
declare -A pacman=(
	[build]='gcc make pkgconf binutils libpcap libarchive jansson libmnl nftables libbpf elfutils bpf clang gettext
		iana-etc'
	[check]='compiler-rt perl ctags mandoc valgrind python tcpdump iproute2 nftables'
	[programs]='nginx redis postgresql haproxy openssh curl jdk-openjdk nodejs'
)
declare -A apk=(
	[build]='gcc musl-dev musl-libintl make pkgconf binutils libpcap-dev libarchive-dev jansson-dev libmnl-dev
		nftables-dev libbpf-dev elfutils-dev bpftool clang gettext bash'
	[check]='compiler-rt perl-utils ctags mandoc valgrind python3 tcpdump iproute2 nftables'
	[programs]='nginx redis postgresql postgresql-contrib haproxy openssh curl openjdk17-jdk nodejs'
)

as_root=
if [ "$(id -u)" != 0 ]; then
	as_root=$(command -v sudo || true)
fi

# The packages of a table for the wanted purposes, on one line.
packages() {
	local -n table=$1
	shift
	local purpose
	for purpose in "$@"; do printf '%s ' ${table[$purpose]}; done
}

# A newer Debian has the sanitizers' run time in a package named after its own clang.
apt_name() {
	case $1 in
	libclang-rt-14-dev) apt-cache show "$1" > /dev/null 2>&1 && echo "$1" || echo libclang-rt-dev ;;
	*) echo "$1" ;;
	esac
}

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null)" = installed ]
}

with_apt() {
	local missing=() name
	for name in $(packages apt "$@"); do is_installed "$name" || is_installed "${name/-14/}" || missing+=("$name"); done
	[ ${#missing[@]} -gt 0 ] || return 0
	echo "tcpwhy: installing: ${missing[*]}"
	if [ "$(id -u)" != 0 ] && [ -z "$as_root" ]; then
		echo "tcpwhy: this needs root: apt-get install ${missing[*]}" >&2
		exit 1
	fi
	local -a get=($as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0)
	[ -n "$(find /var/lib/apt/lists -name '*_Packages*' -print -quit 2> /dev/null)" ] || "${get[@]}" update
	local names=() ; for name in "${missing[@]}"; do names+=("$(apt_name "$name")"); done
	# The lists may be older than the packages of today: then they are fetched anew, once.
	"${get[@]}" install --no-install-recommends "${names[@]}" ||
		{ "${get[@]}" update && "${get[@]}" install --no-install-recommends "${names[@]}"; }
}

# Elsewhere the line is printed, where something is missing at all.
print_line() {
	local tool complete=1
	for tool in "${CC:-gcc}" pkg-config msgfmt prove; do command -v "$tool" > /dev/null || complete=; done
	if [ "$complete" ] && pkg-config --exists libpcap libarchive jansson libmnl libnftables libbpf libdw; then return 0; fi
	echo "tcpwhy: please run: $*" >&2
	exit 1
}

# get_kernel VERSION: Debian's newest kernel of this series, its modules, and a busybox to begin with; not installed.
get_kernel() {
	local to=${KERNELS:-build/kernels}/$1 work image deb
	[ ! -e "$to/busybox" ] || return 0
	image=$(apt-cache search --names-only "^linux-image-${1//./\\.}\.[0-9.-]+-amd64$" | awk '{ print $1 }' |
		sort -V | tail -1)
	if [ -z "$image" ]; then
		echo "tcpwhy: no package linux-image-$1.*-amd64 is known here; Debian 12 has one" >&2
		return 1
	fi
	work=$(mktemp -d)
	chmod 755 "$work"
	(cd "$work" && apt-get -q -o APT::Sandbox::User=root download "$image" busybox-static)
	for deb in "$work"/*.deb; do dpkg -x "$deb" "$work/root"; done
	mkdir -p "$to"
	"$work/root/bin/busybox" depmod -b "$work/root" "${image#linux-image-}"
	mv "$work/root/boot"/vmlinuz-* "$to/vmlinuz"
	mv "$work/root/lib/modules"/*/{kernel,modules.dep} "$to/"
	mv "$work/root/bin/busybox" "$to/"
	rm -rf "$work"
}

[ $# -gt 0 ] || set -- build
if command -v apt-get > /dev/null; then
	with_apt "$@"
	case " $* " in *' kernels '*) get_kernel 6.1 ;; esac
elif command -v dnf > /dev/null; then print_line dnf install $(packages dnf "$@")
elif command -v pacman > /dev/null; then print_line pacman -S --needed $(packages pacman "$@")
elif command -v apk > /dev/null; then print_line apk add $(packages apk "$@")
else
	echo 'tcpwhy: no package manager that is known here; needed:' $(packages apt "$@") >&2
	exit 1
fi
