#!/usr/bin/env bash
# Brings each library's PublicAPI.Unshipped.txt up to date with its code: adds what is new, removes what is gone. Look at
# the difference before you commit it: it is what users of the library will see.
set -euo pipefail
cd "$(dirname "$0")/.."
for project in src/*/PublicAPI.Unshipped.txt; do
    folder=$(dirname "$project")
    log=$(mktemp)
    dotnet build -c Release --no-incremental -p:BuildProjectReferences=false -p:TreatWarningsAsErrors=false "$folder" >"$log" 2>&1 || true
    python3 - "$project" "$log" <<'PY'
import re, sys
path, log = sys.argv[1:]
text = open(log, encoding="utf-8").read()
lines = [l for l in open(path, encoding="utf-8").read().splitlines() if l and l != "#nullable enable"]
new = set(re.findall(r"RS0016: Symbol '(.*?)' is not part of the declared public API", text))
gone = set(re.findall(r"RS0017: Symbol '(.*?)' is part of the declared API, but", text))
kept = sorted((set(lines) | new) - gone)
open(path, "w", encoding="utf-8").write("\n".join(["#nullable enable", *kept]) + "\n")
print(f"{path}: {len(kept)} symbols, {len(new)} new, {len(gone)} gone")
PY
    rm -f "$log"
done
