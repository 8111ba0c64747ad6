#!/bin/bash
# Measures tcpwhy against tcpdump, tshark, tcptrace and a bare walk over the file, and its memory: `make bench`.
#
#   QUICK=1         a tenth of everything
#   ONLY="time"     some of: time two others memory pipe flood instructions (all but the last by default)
#   PAIRS=7         pairs of runs that the ratio to tcpdump is the median of
#   PAUSE=3         seconds of rest before each of these runs
#   BENCH_DIR=DIR   where captures of up to 4 GB are written; a new folder below TMPDIR by default
#   KEEP=1          leave the captures there
#
# Run it on a machine that does nothing else. The exit status tells whether everything could be run; a line that says
# ABOVE is for people to judge.
set -u -o pipefail

build=${BUILD:-build}
pairs=${PAIRS:-7}
pause=${PAUSE:-3}
scale=${QUICK:+10}
scale=${scale:-1}
only=${ONLY:-time two others memory pipe flood}
reset_filter='tcp[tcpflags] & tcp-rst != 0'
flood_limit_mib=600  # the ceiling of connections kept in full, 0.4 GB, and the program itself
here=$(dirname "$0")
tcpwhy=$build/tcpwhy
table=''
failed=0

dir=${BENCH_DIR:-${TMPDIR:-/tmp}/tcpwhy-bench.$$}
mkdir -p "$dir" || exit 1
clean_up() {
	[ -n "${KEEP:-}" ] && return
	rm -f "$dir"/{20k,200k,tenth,open,one,other}.pcap "$dir"/{generate,walk,elsewhere,peak,report,output,errors,generated}
	rmdir "$dir" 2>/dev/null
}
trap clean_up EXIT
trap 'exit 130' INT TERM

fail() {
	echo "bench: $*" >&2
	failed=1
}

wants() {
	[[ " $only " == *" $1 "* ]]
}

# row NAME VALUE UNIT [LIMIT]: a line of the table at the end.
row() {
	local verdict=''
	if [ -n "${4:-}" ]; then
		verdict=$(awk -v value="$2" -v limit="$4" 'BEGIN { print value <= limit ? "PASS" : "ABOVE" }')
	fi
	table+=$(printf '%-66s %9s %-7s %6s  %s' "$1" "$2" "${3:-}" "${4:-}" "$verdict")$'\n'
}

quotient() {
	awk -v a="$1" -v b="$2" -v digits="${3:-3}" 'BEGIN { printf "%.*f", digits, b ? a / b : 0 }'
}

median() {
	sort -g | awk '{ value[NR] = $1 } END { print NR % 2 ? value[(NR + 1) / 2] : (value[NR / 2] + value[NR / 2 + 1]) / 2 }'
}

build_tools() {
	local cc=${CC:-gcc} flags='-std=gnu17 -O2 -Wall -Wextra -D_GNU_SOURCE'
	$cc $flags -o "$dir/generate" "$here/generate.c" "$here/frames.c" &&
		$cc $flags -o "$dir/walk" "$here/walk.c" &&
		$cc $flags -o "$dir/elsewhere" "$here/elsewhere.c" &&
		$cc $flags -o "$dir/peak" "$here/peak.c"
}

# generate NAME OPTION...: write a capture, and read it once so that it lies in memory.
generate() {
	local file=$dir/$1.pcap
	shift
	"$dir/generate" "$@" "$file" 2>"$dir/generated" || { fail "generate $*: $(cat "$dir/generated")"; return 1; }
	echo "# $(basename "$file"): $(cat "$dir/generated")"
	cat "$file" >/dev/null
}

# measure [-s] COMMAND...: sets seconds, busy, peak_kib and anonymous_kib. A status up to $tolerated is no failure.
tolerated=0
measure() {
	local sample='' status
	[ "$1" = -s ] && { sample=-s; shift; }
	rm -f "$dir/report"
	"$dir/peak" $sample "$dir/report" "$@" >"$dir/output" 2>"$dir/errors"
	status=$?
	read -r seconds busy peak_kib anonymous_kib <"$dir/report"
	[ $status -le $tolerated ] || { fail "$1 failed ($status): $(tail -n 3 "$dir/errors")"; return 1; }
}

time_tcpwhy() {
	measure "$tcpwhy" read "$1" && tcpwhy_seconds=$seconds tcpwhy_busy=$busy
}

time_tcpdump() {
	measure tcpdump -r "$1" --count "$reset_filter" && tcpdump_seconds=$seconds tcpdump_busy=$busy
}

# compare NAME FILE LIMIT: pairs of runs in random order, the same each time the benchmark runs. What a run costs
# depends on the one before it: in a virtual machine, memory that a program freed goes back to the host after a second
# or two, and to get it again is slow. After a rest every run begins alike, with none of it at hand: that is how a
# command begins that somebody types, and of the two tcpwhy, which needs more memory, has the worse of it.
compare() {
	local ratios='' busies='' times='' ratio program order
	RANDOM=1
	for ((i = 1; i <= pairs; i++)); do
		order=(tcpwhy tcpdump)
		((RANDOM % 2)) && order=(tcpdump tcpwhy)
		for program in "${order[@]}"; do
			sleep "$pause"
			time_$program "$2" || return
		done
		ratio=$(quotient "$tcpwhy_seconds" "$tcpdump_seconds")
		echo "# $1, pair $i: tcpwhy $tcpwhy_seconds s, tcpdump $tcpdump_seconds s, ratio $ratio, ${order[0]} first"
		ratios+=$ratio$'\n' times+=$tcpwhy_seconds$'\n'
		busies+=$(quotient "$tcpwhy_busy" "$tcpdump_busy")$'\n'
	done
	row "tcpwhy : tcpdump, $1 open at a time, median of $pairs" "$(printf %s "$ratios" | median)" times "$3"
	row "  processor time of all threads" "$(printf %s "$busies" | median)" times
	row "  a packet" "$(quotient "$(printf %s "$times" | median)" "$packets" 9 | awk '{ printf "%.1f", $1 * 1e9 }')" ns
}

measure_time() {
	packets=$((10000000 / scale))
	for open in 20000 200000; do
		local name=$((open / 1000))k limit=1.0
		[ $open = 200000 ] && limit=1.5
		generate $name --packets $packets --connections $((600000 / scale)) --resets $((50000 / scale)) \
			--open $((open / scale)) || continue
		time_tcpwhy "$dir/$name.pcap"
		compare "$((open / scale))" "$dir/$name.pcap" $limit
		time_tcpdump "$dir/$name.pcap" && measure "$dir/walk" "$dir/$name.pcap" &&
			row "  walk : tcpdump" "$(quotient "$seconds" "$tcpdump_seconds")" times
		[ $open = 200000 ] && rm -f "$dir/$name.pcap"
	done
}

# Two captures of the same traffic, against one of them: pairs of runs in turn, each after a rest. Connections that are
# reset are compared segment by segment: with few of them, and with one in twelve.
measure_two() {
	local resets
	for resets in $((5000 / scale)) $((50000 / scale)); do
		generate one --packets $((10000000 / scale)) --connections $((600000 / scale)) --resets $resets \
			--open $((20000 / scale)) || return
		"$dir/elsewhere" "$dir/one.pcap" "$dir/other.pcap" && cat "$dir/other.pcap" >/dev/null ||
			{ fail elsewhere; return; }
		compare_two $resets || return
		rm -f "$dir"/{one,other}.pcap
	done
}

compare_two() {
	local ratios='' busies='' one one_busy one_peak
	for ((i = 1; i <= pairs; i++)); do
		sleep "$pause"
		measure "$tcpwhy" read "$dir/one.pcap" || return
		one=$seconds one_busy=$busy
		sleep "$pause"
		measure "$tcpwhy" read "$dir/one.pcap" "$dir/other.pcap" || return
		ratios+=$(quotient "$seconds" "$one")$'\n' busies+=$(quotient "$busy" "$one_busy")$'\n'
		echo "# two captures, $1 resets, pair $i: one $one s, two $seconds s"
	done
	grep -q '^2 captures of the same traffic' "$dir/output" || fail 'two captures were not taken for one traffic'
	row "two captures : one of them, $1 resets, median of $pairs" "$(printf %s "$ratios" | median)" times 2.5
	row "  processor time of all threads" "$(printf %s "$busies" | median)" times
	measure -s "$tcpwhy" read "$dir/one.pcap" || return
	one_peak=$anonymous_kib
	measure -s "$tcpwhy" read "$dir/one.pcap" "$dir/other.pcap" || return
	row "  anonymous memory of one" $((one_peak / 1024)) MiB
	row "  of two, at most 310 MiB each more than one" $((anonymous_kib / 1024)) MiB $((2 * one_peak / 1024 + 620))
}

# The others are so slow that a tenth of the packets is enough.
measure_others() {
	generate tenth --packets $((1000000 / scale)) --connections $((60000 / scale)) --resets $((5000 / scale)) \
		--open $((20000 / scale)) || return
	time_tcpwhy "$dir/tenth.pcap" && time_tcpwhy "$dir/tenth.pcap" || return
	if command -v tshark >/dev/null; then
		measure tshark -n -r "$dir/tenth.pcap" -Y tcp.flags.reset==1 &&
			row "tshark : tcpwhy, a tenth of the packets" "$(quotient "$seconds" "$tcpwhy_seconds" 1)" times
	fi
	if command -v tcptrace >/dev/null; then
		measure tcptrace -n "$dir/tenth.pcap" &&
			row "tcptrace : tcpwhy, a tenth of the packets" "$(quotient "$seconds" "$tcpwhy_seconds" 1)" times
	fi
}

# peak_with MILLIONS OPTION...: the peaks of reading a capture of so many open connections, 16 packets each.
peak_with() {
	local connections=$(($1 * 1000000 / scale))
	shift
	generate open --connections $connections --packets-per-connection 16:16 --no-close "$@" || return
	measure -s "$tcpwhy" read "$dir/open.pcap"
	local status=$?
	rm -f "$dir/open.pcap"
	return $status
}

measure_memory() {
	local option limit one one_anonymous each=$((1000000 / scale))
	for version in 4 6; do
		option='' limit=160
		[ $version = 6 ] && option=--ipv6 limit=208
		peak_with 1 $option || return
		one=$peak_kib one_anonymous=$anonymous_kib
		row "peak with $each open, IPv$version" $((one / 1024)) MiB
		peak_with 2 $option || return
		row "peak with $((2 * each)) open, IPv$version" $((peak_kib / 1024)) MiB
		row "a connection, IPv$version: difference of the peaks" \
			"$(quotient $(((peak_kib - one) * 1024)) $each 1)" bytes $limit
		row "  of it anonymous, without mapped pages of the file" \
			"$(quotient $(((anonymous_kib - one_anonymous) * 1024)) $each 1)" bytes
	done
}

# What a pipe loses against a file: the second pass, so that every connection is kept in full.
measure_pipe() {
	local of_file
	[ -e "$dir/20k.pcap" ] || generate 20k --packets $((10000000 / scale)) --open $((20000 / scale)) || return
	time_tcpwhy "$dir/20k.pcap" && measure -s "$tcpwhy" read "$dir/20k.pcap" || return
	of_file=$peak_kib
	measure -s "$tcpwhy" read - < <(cat "$dir/20k.pcap") || return
	row "pipe : file, time, $((20000 / scale)) open at a time" "$(quotient "$seconds" "$tcpwhy_seconds")" times
	row "pipe : file, peak, $((20000 / scale)) open at a time" "$(quotient "$peak_kib" "$of_file")" times
}

# Real connections go on below the flood. What is said of those that were let go is shown; status 1 may say so too.
measure_flood() {
	local connections=$((50000000 / scale)) tolerated=1
	measure "$tcpwhy" read - < <("$dir/generate" --flood $connections --connections 10000 --open 1000 - \
		2>"$dir/generated") || return
	echo "# flood: $(cat "$dir/generated")"
	grep -hi 'let go' "$dir/output" "$dir/errors" | sed 's/^ */#   /'
	row "peak below a SYN flood of $connections connections, piped" $((peak_kib / 1024)) MiB $flood_limit_mib
	row "  a packet" "$(quotient "$seconds" "$connections" 9 | awk '{ printf "%.1f", $1 * 1e9 }')" ns
}

# Instructions executed do not depend on what else the machine does.
measure_instructions() {
	local program count
	packets=$((1000000 / scale))
	generate tenth --packets $packets --open 20000 || return
	for program in tcpwhy tcpdump; do
		local command=("$tcpwhy" read "$dir/tenth.pcap")
		[ $program = tcpdump ] && command=(tcpdump -r "$dir/tenth.pcap" --count "$reset_filter")
		valgrind --tool=callgrind --callgrind-out-file=/dev/null "${command[@]}" >"$dir/output" 2>"$dir/errors" ||
			{ fail "valgrind $program failed"; return; }
		count=$(awk '/Collected/ { print $NF }' "$dir/errors")
		row "instructions a packet, $program" "$(quotient "$count" $packets 1)"
	done
}

[ -x "$tcpwhy" ] || { echo "bench: $tcpwhy is not there: run make first" >&2; exit 1; }
command -v tcpdump >/dev/null || { echo "bench: tcpdump is needed: apt install tcpdump" >&2; exit 1; }
build_tools || exit 1
for part in time two others memory pipe flood instructions; do
	wants $part && measure_$part
done
printf '\n%-66s %9s %-7s %6s\n%s' measure value unit limit "$table"
exit $failed
