#!/bin/bash
# Small: functions with a median under 12 lines and none over 80, files of 500 lines at most, lines of 120 characters.
. "$(dirname "$0")/support/tap.sh"

sources=$(find src include examples tools fuzz tests bench \( -name '*.c' -o -name '*.h' -o -name '*.def' \) | sort)
texts="$sources $(find tests tools bench -name '*.sh' | sort) Makefile"

# Lines "length file function".
function_lengths() {
	ctags -x --c-kinds=f --_xformat='%{line} %{end} %F %N' "$@" 2> /dev/null |
		awk '$2 ~ /^[0-9]+$/ { print $2 - $1 + 1, $3, $4 }' | sort -n
}

too_long_files() {
	wc -l $sources | awk '$2 != "total" && $1 > 500 { print $2 ": " $1 " lines" }'
}

too_wide_lines() {
	perl -CSD -ne 'chomp; print "$ARGV:$.: ", length, " characters\n" if length > 120; close ARGV if eof' $texts
}

if has ctags && ctags --version | grep -q Universal; then
	function_lengths $(find src -name '*.c') > "$scratch/lengths"
	ok 'no function of the program is longer than 80 lines' is_empty "$(awk '$1 > 80' "$scratch/lengths")"
	median=$(awk '{ n[NR] = $1 } END { print n[int((NR + 1) / 2)] }' "$scratch/lengths")
	ok "half of the functions have fewer than 12 lines (median $median)" [ "$median" -lt 12 ]
	function_lengths $sources > "$scratch/all"
	ok 'nor is one of the tests and tools' is_empty "$(awk '$1 > 80' "$scratch/all")"
else
	skip 'the length of functions' 'Universal Ctags is not installed'
fi
ok 'no file is longer than 500 lines' is_empty "$(too_long_files)"
ok 'no line is longer than 120 characters' is_empty "$(too_wide_lines)"
ok 'no line ends in blanks' is_empty "$(grep -nE '[[:blank:]]+$' $texts)"
done_testing
