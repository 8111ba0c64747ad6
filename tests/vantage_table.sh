#!/bin/bash
# The document that says which causes are told from where is what the played conversations show.
. "$(dirname "$0")/support/tap.sh"

"$BUILD/tests/analysis/causes.t" --table > "$scratch/table"
ok 'docs/causes-by-vantage.md is what causes.t --table prints' diff docs/causes-by-vantage.md "$scratch/table"
done_testing
