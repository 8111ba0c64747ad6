#!/bin/busybox sh
# The first process of a guest with an old kernel, see tests/support/kernel.sh: what it prints goes to a file outside.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mount -t cgroup2 none /sys/fs/cgroup
stty -F /dev/ttyS1 raw
exec > /dev/ttyS1 2>&1
for module in /lib/modules/*.ko; do insmod $module; done
ip link set lo up
export LC_ALL=C.UTF-8

echo == self-check
tcpwhy watch --self-check

# Whatever is told between two lines that name a scenario belongs to the second.
echo == live
touch /tmp/live
# watches FILE OPTION...: returns when it does.
watches() {
	file=$1
	shift
	rm -f /tmp/err
	tcpwhy watch --json "$@" >> $file 2> /tmp/err &
	watcher=$!
	until grep -q watching /tmp/err 2> /dev/null; do
		kill -0 $watcher || { cat /tmp/err; poweroff -f; }
	done
}
watches /tmp/live
# played NAME: what came of it is told a moment later.
played() {
	sleep 0.5
	echo "{\"type\":\"scenario\",\"name\":\"$1\"}" >> /tmp/live
}
nc 127.0.0.1 9 < /dev/null 2> /dev/null
played loopback
while read -r name; do
	tcpwhy lab --check $name > /tmp/lab 2>&1 || head -1 /tmp/lab
	played $name
done < /scenarios
kill -INT $watcher
wait $watcher
cat /tmp/live

echo == stacks
watches /tmp/stacks --stacks
tcpwhy lab unread-data > /tmp/lab 2>&1
sleep 0.5
kill -INT $watcher
wait $watcher
cat /tmp/stacks
echo == end
poweroff -f
