#!/usr/bin/env bash
# Detectors of table rows beside scikit-learn and NumPy on the same 10,000 rows: compare-tabular.sh [threads] [rounds]
# Needs Python with scikit-learn (Debian: apt-get install python3-sklearn).
set -euo pipefail
cd "$(dirname "$0")"
threads=${1:-2} rounds=${2:-5}
python=${PYTHON:-/usr/bin/python3}
program=$(find Espalier.Benchmarks/bin/Release -name Espalier.Benchmarks.dll -not -path '*/ref/*' | head -n 1)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for width in 8 32; do
    "$python" python/tabular_speed.py --make --folder "$folder" --width "$width"
    DOTNET_PROCESSOR_COUNT=$threads dotnet "$program" tabular-speed --folder "$folder" --width "$width" --threads "$threads" --rounds "$rounds"
    "$python" python/tabular_speed.py --folder "$folder" --width "$width" --threads "$threads" --rounds "$rounds"
done
