#!/bin/bash
# The program, its help, its manual and its documents say the same.
. "$(dirname "$0")/support/tap.sh"

ids() {
	grep -oE '^CAUSE\([a-z0-9_]+, "[a-z0-9-]+"' src/cause/causes.def | cut -d'"' -f2 | sort
}

# Long options of a command, as its help prints them.
help_options() {
	"$tcpwhy" "$1" --help | grep -oE '^ +(-[a-zA-Z0-9], )?--[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+' | sort
}

# Long options in the section of the manual that tells of the command.
man_options() {
	awk -v section=".Ss tcpwhy $1" '$0 == section { on = 1; next } /^\.S[sh] / { on = 0 } on' man/tcpwhy.1 |
		grep -oE '^\.It.*Fl -[a-z0-9-]+' | grep -oE 'Fl -[a-z0-9-]+' | sed 's/Fl /-/' | sort
}

# Commands in the form "tcpwhy WORD --option" that a document shows; lines that speak of what is planned are left out.
shown_commands() {
	grep -v -i planned "$1" | grep -oE '(^|[$|·] |`)tcpwhy [a-z]+' | awk '{ print $NF }' | sort -u
}

commands() {
	"$tcpwhy" --help | awk '/^  [a-z]/ { print $1 }' | sort
}

json_field() {
	python3 -c 'import json, sys
for line in sys.stdin: print(json.loads(line)[sys.argv[1]])' "$1" | sort
}

"$tcpwhy" causes --man > "$scratch/tcpwhy-causes.7"
ids > "$scratch/ids"
ok 'the catalogue has its causes' [ "$(wc -l < "$scratch/ids")" -ge 45 ]
ok 'a file for each cause' is_empty "$(sed -nE 's/^CAUSE\(([a-z0-9_]+),.*/\1/p' src/cause/causes.def |
	while read -r name; do [ -f "src/cause/$name.c" ] || echo "$name"; done)"
ok 'causes --json names the same' diff "$scratch/ids" <("$tcpwhy" causes --json | json_field id)
ok 'causes lists the same' diff "$scratch/ids" <("$tcpwhy" causes | awk '/^  [a-z0-9-]+ / { print $1 }' |
	grep -vxE 'certain|likely|kernel|two' | sort)
ok 'tcpwhy-causes.7 tells of each' is_empty "$(while read -r id; do
	grep -qE "^\.(Ss|It|Sh).*$id" "$scratch/tcpwhy-causes.7" || echo "$id"; done < "$scratch/ids")"
if has mandoc; then
	ok 'tcpwhy.1 is sound' is_empty "$(mandoc -Tlint -W warning man/tcpwhy.1)"
	ok 'tcpwhy-causes.7 is sound' is_empty "$(mandoc -Tlint -W warning "$scratch/tcpwhy-causes.7")"
else
	skip 'the manual pages are sound' 'mandoc is not installed'
fi

for command in $(commands); do
	ok "tcpwhy $command: the help and the manual know the same options" \
		diff <(help_options "$command" | grep -vx -- --help) <(man_options "$command")
	ok "tcpwhy $command has its own file" [ -f "src/cli/cmd_$command.c" ]
done
for document in README.md CONTRIBUTING.md man/tcpwhy.1; do
	ok "$document shows commands that exist" is_empty "$(comm -23 <(shown_commands "$document") <(commands))"
done

# Options that the documents show after `tcpwhy read` or `tcpwhy causes` exist.
for command in $(commands); do
	grep -hoE "tcpwhy $command [^|\`]*" README.md CONTRIBUTING.md docs/*.md |
		grep -oE -- ' --[a-z0-9-]+' | tr -d ' ' | sort -u > "$scratch/shown"
	help_options "$command" > "$scratch/options"
	ok "the documents show options of $command that exist" is_empty "$(comm -23 "$scratch/shown" "$scratch/options")"
done

# The first screen of the README is what the program prints.
sed -n '/^\$ tcpwhy read --frame 7/,/^```/p' README.md | sed '1d;$d' > "$scratch/readme"
ok 'the verdict in the README is a real one' diff "$scratch/readme" \
	<("$tcpwhy" read --frame 7 samples/write-after-close.pcapng | sed '/^$/d')
# So is the row of the lab there; times and windows differ from run to run and from kernel to kernel, and so does the
# order of what two processors do at once: a call that returns, and the ACK that goes out.
drawing() {
	sed -E 's/[0-9]+\.[0-9]{6}/SECONDS/; s/win [0-9]+/win N/' | sort
}
sed -n '/^\$ tcpwhy lab article\/reset-by-read/,/^```/p' README.md | sed '1d;$d' | drawing > "$scratch/readme"
if "$tcpwhy" lab article/reset-by-read > "$scratch/row" 2> "$scratch/why"; then
	ok 'the row of the lab in the README is a real one' diff "$scratch/readme" \
		<(sed -e '1d; /^reset 1/,$d' "$scratch/row" | sed -e '$d' | drawing)
else
	skip 'the row of the lab in the README is a real one' "$(head -1 "$scratch/why")"
fi
for target in $(grep -ohE '`make [a-z-]+' README.md CONTRIBUTING.md DESIGN.md | awk '{ print $2 }' | sort -u); do
	ok "make $target exists" grep -qE "^$target:" Makefile
done
ok 'CONTRIBUTING.md names facts that exist' is_empty "$(grep -oE '\bFACT_[A-Z_]+' CONTRIBUTING.md | sort -u |
	while read -r fact; do grep -q "^FACT(${fact#FACT_}," src/reset/facts.def || echo "$fact"; done)"
ok 'the version is the same everywhere' is "$("$tcpwhy" --version)" "tcpwhy $(sed -n 's/^VERSION *:= *//p' Makefile)"
# A file of the catalogue without its row compiles, but nobody would ever see it.
sed -nE 's/^const struct cause cause_([a-z0-9_]+) = .*/\1/p' src/cause/*.c | sort > "$scratch/files"
sed -nE 's/^CAUSE\(([a-z0-9_]+),.*/\1/p' src/cause/causes.def | sort > "$scratch/rows"
ok 'each cause has its file and its row' cmp -s "$scratch/files" "$scratch/rows"
done_testing
