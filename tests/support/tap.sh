# The Test Anything Protocol for shell tests: sourced by tests/*.sh, which run in the project's root.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

BUILD=${BUILD:-build}
tcpwhy=$BUILD/tcpwhy
[ -x "$tcpwhy" ] || { echo "Bail out! $tcpwhy is not built: make"; exit 1; }
export LC_ALL=C.UTF-8 TZ=UTC NO_COLOR=1
unset LANGUAGE

tap_count=0
tap_failed=0
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

# ok NAME COMMAND...: passed where the command succeeds; what it prints is shown where it does not.
ok() {
	local name=$1
	shift
	tap_count=$((tap_count + 1))
	if "$@" > "$scratch/tap-output" 2>&1; then
		echo "ok $tap_count - $name"
	else
		echo "not ok $tap_count - $name"
		# Where prove shows it: it keeps the rest to itself.
		{ echo "# ${0##*/}: $name"; head -40 "$scratch/tap-output" | sed 's/^/#   /'; } >&2
		tap_failed=1
	fi
}

# is GOT WANT
is() {
	[ "$1" = "$2" ] || { printf 'got  %s\nwant %s\n' "$1" "$2"; return 1; }
}

# is_empty TEXT: a list of complaints that must be empty.
is_empty() {
	[ -z "$1" ] || { echo "$1"; return 1; }
}

# holds TEXT PIECE
holds() {
	[[ $1 == *"$2"* ]] || { printf 'no  %s\nin  %s\n' "$2" "$1"; return 1; }
}

# skip NAME WHY
skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

has() {
	command -v "$1" > /dev/null
}

done_testing() {
	echo "1..$tap_count"
	exit "$tap_failed"
}
