#!/bin/bash
# Collect every text for people into the file given: po/tcpwhy.pot.
set -eu
cd "$(dirname "$0")/.."

version=$(sed -n 's/^VERSION *:= *//p' Makefile)
find src \( -name '*.c' -o -name '*.h' -o -name '*.def' \) | LC_ALL=C sort |
	xgettext --files-from=- --language=C --from-code=UTF-8 --keyword=_ --keyword=N_ --keyword=NG_:1,2 --keyword=FACT:3 \
		--add-comments=TRANSLATORS --add-location=file --sort-by-file --package-name=tcpwhy --package-version="$version" \
		--copyright-holder='the tcpwhy authors' --output=- |
	sed '/^"POT-Creation-Date:/d' > "$1"
