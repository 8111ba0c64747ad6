#!/bin/bash
# Measures what `tcpwhy watch` costs those who are watched, over loopback in a network namespace of its own.
#
#   QUICK=1          few pairs, short runs, to see that it works: its intervals say nothing
#   ONLY="short"     some of: bulk short exact stacks storm (all by default)
#   PAIRS=40         pairs of runs, with and without, whichever first by chance
#   SECONDS=1        seconds of each run
#   BENCH_DIR=DIR    where the little that is written goes; a new folder below TMPDIR by default
#
# `make bench` runs it. A ratio is the median over the pairs, for other load of the machine spoils some of them; its
# 95 % interval is a bootstrap (percentiles of the medians of 2000 samples). The exit status tells whether everything
# could be run; a line that says BELOW or ABOVE is for people to judge.
seconds=$SECONDS  # bash counts on from what the environment gave
set -u -o pipefail

[ "$seconds" -gt 0 ] || seconds=1
pairs=${PAIRS:-${QUICK:+6}}
pairs=${pairs:-40}
volume=1000000000
[ -z "${QUICK:-}" ] || volume=100000000
only=${ONLY:-bulk short exact stacks storm}
here=$(dirname "$0")
tcpwhy=${BUILD:-build}/tcpwhy
maps_limit_mib=64
rss_limit_mib=64
settle=0.5
table=''
failed=0
watcher=''
measurer=''

skip() {
	echo "bench: watch: $*: left out"
	exit 0
}

[ -x "$tcpwhy" ] || { echo "bench: $tcpwhy is not there: run make first" >&2; exit 1; }
if [ -z "${IN_NAMESPACE:-}" ]; then
	"$tcpwhy" watch --self-check >/dev/null 2>&1 || skip 'this kernel, or this user, cannot trace resets'
	IN_NAMESPACE=1 SECONDS=$seconds exec unshare -n "$BASH" "$0"
fi

dir=${BENCH_DIR:-${TMPDIR:-/tmp}/tcpwhy-bench-watch.$$}
mkdir -p "$dir" || exit 1
clean_up() {
	[ -z "$watcher" ] || kill -KILL "$watcher" 2>/dev/null
	[ -z "$measurer" ] || kill "$measurer" 2>/dev/null
	rm -f "$dir"/{talk,said,told,ratios,before,after}
	rmdir "$dir" 2>/dev/null
}
trap clean_up EXIT
trap 'exit 130' INT TERM

fail() {
	echo "bench: $*" >&2
	failed=1
	return 1
}

wants() {
	[[ " $only " == *" $1 "* ]]
}

# row NAME VALUE UNIT [LIMIT [at-least]]
row() {
	local verdict=''
	if [ -n "${4:-}" ]; then
		verdict=$(awk -v value="$2" -v limit="$4" -v least="${5:-}" 'BEGIN {
			print least ? (value >= limit ? "PASS" : "BELOW") : (value <= limit ? "PASS" : "ABOVE") }')
	fi
	table+=$(printf '%-66s %9s %-7s %6s  %s' "$1" "$2" "${3:-}" "${4:-}" "$verdict")$'\n'
}

# watch_begins OUTPUT ARGUMENT...: returns when it watches.
watch_begins() {
	local output=$1
	shift
	: >"$dir/said"
	"$tcpwhy" watch "$@" >"$output" 2>"$dir/said" &
	watcher=$!
	until grep -q watching "$dir/said"; do
		kill -0 $watcher 2>/dev/null || { fail "watch failed: $(cat "$dir/said")"; return; }
		sleep 0.02
	done
}

watch_ends() {
	kill -INT $watcher
	wait $watcher || fail "watch failed: $(cat "$dir/said")"
	watcher=''
}

# once MODE watched|alone: sets rate, and busy, processor seconds a piece. Both load the programs, for that warms the
# machine and leaves it with work, and then let it come to rest.
once() {
	local cpu count
	watch_begins /dev/null || return
	[ "$2" = watched ] || watch_ends
	sleep $settle
	read -r rate cpu count < <("$dir/talk" "$1" "$seconds") || { fail "talk $1 failed"; return; }
	busy=$(awk -v cpu="$cpu" -v count="$count" 'BEGIN { print cpu / count }')
	[ "$2" = alone ] || watch_ends
}

# Lines of ratios in, "median low high" out.
interval() {
	awk -v resamples=2000 'function median(n, i, k, x) {
			for (i = 2; i <= n; i++) {
				x = drawn[i]
				for (k = i - 1; k > 0 && drawn[k] > x; k--)
					drawn[k + 1] = drawn[k]
				drawn[k + 1] = x
			}
			return n % 2 ? drawn[(n + 1) / 2] : (drawn[n / 2] + drawn[n / 2 + 1]) / 2
		}
		{ ratio[NR] = drawn[NR] = $1 } END {
			srand(1)
			all = median(NR)
			for (r = 1; r <= resamples; r++) {
				for (i = 1; i <= NR; i++)
					drawn[i] = ratio[1 + int(rand() * NR)]
				print median(NR), all
			}
		}' | sort -g | awk '{ value[NR] = $1 } END {
			printf "%.4f %.4f %.4f\n", $2, value[int(NR * 0.025) + 1], value[int(NR * 0.975)] }'
}

# compare MODE NAME LIMIT
compare() {
	local rate busy rates busies middle low high first second one
	: >"$dir/ratios"
	for ((i = 1; i <= pairs; i++)); do
		((RANDOM % 2)) && first=watched second=alone || first=alone second=watched
		declare -A rates=() busies=()
		for one in $first $second; do
			once "$1" $one || return
			rates[$one]=$rate busies[$one]=$busy
		done
		echo "# $2, pair $i: watched ${rates[watched]}, alone ${rates[alone]} a second, $first first"
		echo "${rates[watched]} ${rates[alone]} ${busies[watched]} ${busies[alone]}" >>"$dir/ratios"
	done
	read -r middle low high < <(awk '{ print $1 / $2 }' "$dir/ratios" | interval)
	row "$2, watched : alone, median of $pairs" "$middle" times
	row "  lower end of its 95 % interval" "$low" times "$3" at-least
	row "  upper end" "$high" times
	read -r middle low high < <(awk '{ print $3 / $4 }' "$dir/ratios" | interval)
	row "  processor time of both ends a piece, $low to $high" "$middle" times
}

measure_bulk() {
	compare bulk 'bytes over one connection' 0.97
}

measure_short() {
	compare short 'short connections' 0.93
}

# Lines "name runs ns" of the programs of the watcher.
programs() {
	local file id
	for file in /proc/$watcher/fdinfo/*; do
		id=$(awk '/^prog_type/ { program = 1 } /^prog_id:/ && program { print $2 }' "$file" 2>/dev/null)
		[ -z "$id" ] || awk -v name="$(bpftool prog show id "$id" | sed -n '1s/.* name \([^ ]*\).*/\1/p')" \
			'/^run_cnt:/ { runs = $2 } /^run_time_ns:/ { ns = $2 } END { print name, runs, ns }' "$file"
	done | sort -u
}

# spent BEFORE AFTER: lines "name runs ns" of what ran meanwhile.
spent() {
	join "$1" "$2" | awk '$4 > $2 { print $1, $4 - $2, $5 - $3 }'
}

begin_measuring() {
	exec {measuring}> >(exec "$dir/talk" stats >"$dir/told")
	measurer=$!
	until grep -q measuring "$dir/told" 2>/dev/null; do
		kill -0 $measurer 2>/dev/null || { fail 'the kernel does not measure BPF programs'; return; }
		sleep 0.02
	done
}

end_measuring() {
	exec {measuring}>&-
	wait $measurer
	measurer=''
}

# Programs of others run, too, so the least of several is what the bytes cost.
measure_segments() {
	local least='' runs
	for ((i = 0; i < 5; i++)); do
		programs >"$dir/before"
		"$dir/talk" volume "$volume" >/dev/null || { fail 'talk volume failed'; return; }
		programs >"$dir/after"
		runs=$(spent "$dir/before" "$dir/after" | awk '$1 ~ /^on_(state|drop|send_reset|receive_reset|error)$/ {
			runs += $2 } END { print runs + 0 }')
		least=$((${least:-$runs} < runs ? least : runs))
	done
	row "runs for $((volume / 1000000)) MB over one connection, set up and ended" "$least" '' 12
}

# Exact, for the kernel counts runs and time itself; the time includes its own two looks at the clock for each run.
measure_exact() {
	local rate cpu count name runs ns
	command -v bpftool >/dev/null || { fail 'bpftool is needed'; return; }
	begin_measuring && watch_begins /dev/null || return
	programs >"$dir/before"
	read -r rate cpu count < <("$dir/talk" short "$seconds")
	programs >"$dir/after"
	while read -r name runs ns; do
		echo "# $name: $runs runs for $count connections, $((ns / runs)) ns each"
	done < <(spent "$dir/before" "$dir/after")
	spent "$dir/before" "$dir/after" >"$dir/told"
	row "programs for a short connection, both ends" \
		"$(awk -v count="$count" '{ ns += $3 } END { printf "%.0f", ns / count }' "$dir/told")" ns
	row "  runs" "$(awk -v count="$count" '{ runs += $2 } END { printf "%.2f", runs / count }' "$dir/told")"
	measure_segments
	watch_ends
	end_measuring
}

# ns_of_slow ARGUMENT...: of the programs, for each of some connections so few that no stack of theirs is left out.
ns_of_slow() {
	local rate cpu count
	begin_measuring && watch_begins /dev/null "$@" || return
	programs >"$dir/before"
	read -r rate cpu count < <("$dir/talk" slow $((seconds * 3)))
	programs >"$dir/after"
	watch_ends
	end_measuring
	ns=$(spent "$dir/before" "$dir/after" | awk -v count="$count" '$1 == "on_state" { printf "%d", $3 / count }')
}

# Two stacks are taken of each connection, as each end is closed. The least of several: others have connections, too.
measure_stacks() {
	local least_with='' least_without='' ns
	command -v bpftool >/dev/null || { fail 'bpftool is needed'; return; }
	for ((i = 0; i < 3; i++)); do
		ns_of_slow || return
		least_without=$((${least_without:-$ns} < ns ? least_without : ns))
		ns_of_slow --stacks || return
		least_with=$((${least_with:-$ns} < ns ? least_with : ns))
	done
	row "programs for one stack, with --stacks" $(((least_with - least_without) / 2)) ns
}

out_rsts() {
	awk '/^Tcp: [0-9]/ { print $15 }' /proc/net/snmp
}

# Of the watcher: what its maps hold, and its own.
measure_memory() {
	row '  memory of all maps' "$(awk '/^map_type/ { map[FILENAME] = 1 } /^map_id/ { id[FILENAME] = $2 }
		/^memlock/ { bytes[FILENAME] = $2 } END { for (f in map) if (!seen[id[f]]++) sum += bytes[f]
		printf "%.1f", sum / 1048576 }' /proc/$watcher/fdinfo/*)" MiB $maps_limit_mib
	row '  peak of its own memory' \
		"$(awk '/^VmHWM/ { printf "%.1f", $2 / 1024 }' /proc/$watcher/status)" MiB $rss_limit_mib
}

measure_storm() {
	local before after rate cpu count busy last duration=$((seconds * 5))
	watch_begins "$dir/told" --json --netns "$(readlink /proc/self/ns/net | tr -dc 0-9)" || return
	before=$(out_rsts)
	read -r rate cpu count < <("$dir/talk" refused "$duration")
	after=$(out_rsts)
	busy=$(awk -v tick="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) / tick }' /proc/$watcher/stat)
	row "refused connections a second, for $duration s" "$rate"
	row '  processor time of the tracer, of one core' \
		"$(awk -v busy="$busy" -v all="$duration" 'BEGIN { printf "%.1f", 100 * busy / all }')" %
	measure_memory
	sleep 0.2
	watch_ends
	last=$(tail -n 1 "$dir/told")
	echo "# storm: $((after - before)) RSTs; $(grep -o '"sent":.*"lost":[0-9]*' <<<"$last")"
	row '  RSTs that were not counted' \
		$((after - before - $(sed 's/.*"sent":\([0-9]*\).*/\1/' <<<"$last"))) '' 0
}

${CC:-gcc} -std=gnu17 -O2 -Wall -Wextra -D_GNU_SOURCE -o "$dir/talk" "$here/talk.c" || exit 1
ip link set lo up || exit 1
for part in bulk short exact stacks storm; do
	wants $part && measure_$part
done
printf '\n%-66s %9s %-7s %6s\n%s' measure value unit limit "$table"
exit $failed
