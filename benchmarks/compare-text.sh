#!/usr/bin/env bash
# The training step of a masked language model, C# beside Python: compare-text.sh [threads] [repetitions]
# Both sides run alternately, so that what else the machine does hits them alike; before that they must compute the same.
set -euo pipefail
cd "$(dirname "$0")"
threads=${1:-1} repetitions=${2:-5}
python=${PYTHON:-/usr/bin/python3}
program=$(find Espalier.Benchmarks/bin/Release -name Espalier.Benchmarks.dll -not -path '*/ref/*' | head -n 1)
file=$(mktemp)
trap 'rm -f "$file"' EXIT

# A setting meant for other hardware would hold OpenBLAS back: Python gets the kernels it chooses itself.
python_alone() { env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE "$python" "$@"; }

dotnet "$program" text-step --threads "$threads" --parity "$file"
python_alone python/text_step.py --threads "$threads" --parity "$file"
for ((i = 0; i < repetitions; i++)); do
    dotnet "$program" text-step --threads "$threads" --rounds 1
    python_alone python/text_step.py --threads "$threads"
done
