#!/bin/bash
# No arrow points up: what each folder includes is what the table of DESIGN.md allows.
. "$(dirname "$0")/support/tap.sh"

declare -A may

# Rows look like: | `src/flow` | … | base, packet |
while IFS='|' read -r _ folder _ allowed _; do
	folder=${folder//[\` ]/}
	may[${folder#src/}]=" ${allowed//,/ } "
done < <(grep -E '^\| `src/[a-z]+`' DESIGN.md)

# Lines "file: layer" for every include that the table does not allow.
wrong_includes() {
	local layer=$1 file used
	while IFS=: read -r file used; do
		used=${used#*\"}
		used=${used%%/*}
		[ "$used" = "$layer" ] && continue
		[[ ${may[$layer]} == *" all "* || ${may[$layer]} == *" $used "* ]] || echo "$file includes $used/"
	done < <(grep -rEo '^#[[:space:]]*include "[a-z]+/' "src/$layer")
}

ok 'DESIGN.md has the table' [ ${#may[@]} -ge 10 ]
for folder in src/*/; do
	layer=$(basename "$folder")
	ok "$layer stands in the table" [ -n "${may[$layer]:-}" ]
	[ -z "${may[$layer]:-}" ] || ok "$layer includes only what lies below it" is_empty "$(wrong_includes "$layer")"
done

# The Makefile lists the layers of the library, lowest first: none may include a later one.
order=$(sed -n 's/^LAYERS *:= *//p' Makefile)
above=" $order "
for layer in $order; do
	above=${above/ $layer / }
	for upper in $above; do
		[[ ${may[$layer]:-} != *" $upper "* ]] || echo "$layer may include $upper"
	done
done > "$scratch/upwards"
ok 'the order in the Makefile is the order of the table' is_empty "$(cat "$scratch/upwards")"
done_testing
