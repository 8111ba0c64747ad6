#!/bin/bash
# Every text for people goes through gettext, and po/tcpwhy.pot holds them all.
. "$(dirname "$0")/support/tap.sh"

# String literals with a word of prose in them, in calls that print or build text, without _(), N_() or NG_().
bare_texts() {
	grep -nE '(printf|puts|complain|advise|usage_error|error_set|layout_row|layout_rows)\(' $(find src -name '*.c') |
		grep -E '"[^"]*[a-z]{3,} [a-z]{2,}[^"]*"' |
		grep -vE '(N?_|NG_)\("|"(%s)?tcpwhy ' |
		grep -v '^src/report/[a-z_]*json[a-z_]*\.c' |
		grep -v '^src/report/catalogue_man\.c'
}

formats_are_right() {
	msgfmt --check-format -o /dev/null "$scratch/tcpwhy.pot"
}

ok 'texts for people are marked' is_empty "$(bare_texts)"
if has xgettext; then
	tools/pot.sh "$scratch/tcpwhy.pot" 2> "$scratch/warnings"
	ok 'xgettext has nothing to say' is_empty "$(cat "$scratch/warnings")"
	ok 'the texts can be extracted' [ -s "$scratch/tcpwhy.pot" ]
	ok 'po/tcpwhy.pot is up to date (make pot)' diff -u po/tcpwhy.pot "$scratch/tcpwhy.pot"
	ok 'every fact has its text there' grep -q 'RST without the ACK flag' "$scratch/tcpwhy.pot"
	for language in po/*.po; do
		[ -e "$language" ] || continue
		ok "$language is sound" msgfmt --check -o /dev/null "$language"
	done
else
	skip 'extracting the texts' 'gettext is not installed'
fi
done_testing
