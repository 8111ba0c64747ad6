# Booting old kernels beside a test: sourced after tap.sh. What tools/deps.sh puts there is in $KERNELS.
KERNELS=${KERNELS:-build/kernels}
# It need not be fast: emulation asks for no rights, and some machines that have KVM cannot nest it.
BOOT_SECONDS=240
# For the lab's scenarios.
MODULES='veth crc32c_generic nf_tables nft_ct nft_reject_inet nft_chain_nat nft_nat nft_masq nf_conntrack_netlink
	inet_diag tcp_diag'

# What is missing to boot this version, "" for nothing.
missing_for() {
	local program
	for program in qemu-system-x86_64 cpio gzip; do
		has $program || { echo "$program is missing: tools/deps.sh kernels"; return; }
	done
	[ -e "$KERNELS/$1/busybox" ] || echo "Linux $1 is missing: tools/deps.sh kernels"
}

# add_modules KERNEL ROOT: in the order in which they can be loaded.
add_modules() {
	local kernel=$1 root=$2 module line path number=100
	local -A added
	for module in $MODULES; do
		line=$(grep -E "/$module\.ko:" "$kernel/modules.dep") || continue
		for path in $(tr ' ' '\n' <<< "${line#*:}" | tac) "${line%%:*}"; do
			[ -z "${added[$path]:-}" ] || continue
			added[$path]=1
			cp "$kernel/$path" "$root/lib/modules/$((number++))-${path##*/}"
		done
	done
}

# make_initramfs VERSION FILE: the program, what it is linked with, and tests/support/guest.sh to begin with. The
# scenarios to play come from standard input.
make_initramfs() {
	local kernel=$KERNELS/$1 root=$scratch/root library
	mkdir -p "$root"/{bin,proc,sys,dev,tmp,run,lib/modules}
	cp "$kernel/busybox" "$tcpwhy" "$root/bin/"
	cp tests/support/guest.sh "$root/init"
	chmod +x "$root/init"
	cat > "$root/scenarios"
	for library in $(ldd "$tcpwhy" | grep -oE '/[^ ]+'); do
		mkdir -p "$root${library%/*}"
		cp -L "$library" "$root$library"
	done
	add_modules "$kernel" "$root"
	(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) > "$2"
	rm -rf "$root"
}

# boot VERSION INITRAMFS FILE: returns when the guest has gone; what it said is in the file.
boot() {
	timeout -k 5 $BOOT_SECONDS qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 1024 -nodefaults \
		-no-reboot -display none -kernel "$KERNELS/$1/vmlinuz" -initrd "$2" \
		-append 'console=ttyS0 panic=-1 quiet' -serial file:"$scratch/console" -serial file:"$3"
}
