#!/bin/bash
# Calls that have a better one: unbounded copies, hidden state, other programs. The library neither prints nor exits.
. "$(dirname "$0")/support/tap.sh"

everywhere='strcpy|strcat|stpcpy|strncpy|strncat|sprintf|vsprintf|gets|strtok|scanf|sscanf|fscanf|atoi|atol|atoll|atof'
everywhere+='|system|popen|tmpnam|tempnam|mktemp|alloca|asctime|ctime|gmtime|localtime|inet_ntoa|inet_addr|rand|srand'
everywhere+='|setjmp|longjmp|strdupa|asprintf|vasprintf'
library='printf|puts|putchar|fputs|perror|exit|_exit|abort|err|errx|warn|warnx|setlocale|setenv|putenv'

# Code only: comments and strings are taken out. Lines "file:line: code".
code() {
	local file
	for file in "$@"; do
		gcc -fpreprocessed -dD -E -P -x c "$file" 2> /dev/null | sed 's/"\([^"\\]\|\\.\)*"/""/g' | sed "s|^|$file: |"
	done
}

calls() {
	grep -E "(^|[^a-zA-Z0-9_.>])($1)[[:space:]]*\(" "$2"
}

code $(find src -name '*.[ch]' | sort) > "$scratch/all"
# The lab is no part of the library: its processes end with _exit().
grep -vE '^src/(cli|lab)/' "$scratch/all" > "$scratch/library"
ok 'there is code to look at' [ -s "$scratch/all" ]
ok 'no banned call' is_empty "$(calls "$everywhere" "$scratch/all")"
ok 'the library neither prints nor exits' is_empty "$(calls "$library" "$scratch/library")"
ok 'nor writes to the standard streams' is_empty "$(grep -E '\b(stdout|stderr)\b' "$scratch/library")"
# Constant tables with pointers lie in .data.rel.ro, which is none of these.
ok 'the library has no writable global state' is_empty "$(objdump -t "$BUILD/libtcpwhy-all.a" |
	awk '$0 ~ / O \.(data|bss)[[:space:]]/ { print $NF }' | sort -u)"
done_testing
