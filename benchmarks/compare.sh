#!/usr/bin/env bash
# The time of a training step of the digits gMLP, C# beside Python: compare.sh [batch] [threads] [repetitions]
# Both sides run alternately, so that what else the machine does hits them alike.
set -euo pipefail
cd "$(dirname "$0")"
batch=${1:-256} threads=${2:-1} repetitions=${3:-5}
python=${PYTHON:-/usr/bin/python3}

if ! "$python" -c 'import torch, numpy' 2>/dev/null; then
    echo "skipped: $python has no torch. On Debian: apt-get install --no-install-recommends python3-torch python3-numpy libopenblas0-pthread" >&2
    exit 0
fi

echo "building..." >&2
dotnet build -c Release Espalier.Benchmarks --nologo -v quiet >&2
program=$(find Espalier.Benchmarks/bin/Release -name Espalier.Benchmarks.dll -not -path '*/ref/*' | head -n 1)
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

# A setting meant for other hardware would hold OpenBLAS back: Python gets the kernels it chooses itself.
python_alone() { env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE "$@"; }

echo "checking that both compute the same..." >&2
dotnet "$program" export-parity "$results/parity.safetensors" >&2
python_alone "$python" python/check_parity.py "$results/parity.safetensors" >&2

core=$(python_alone env OPENBLAS_VERBOSE=2 "$python" -c 'import torch' 2>&1 | sed -n 's/^Core: //p' | head -n 1)
for ((i = 0; i < repetitions; i++)); do
    echo "repetition $((i + 1)) of $repetitions" >&2
    dotnet "$program" trainer-overhead --batch "$batch" --threads "$threads" --rounds 12 --steps 10 --json > "$results/csharp-$i.json"
    python_alone "$python" python/digits_step.py --batch "$batch" --threads "$threads" --steps 100 > "$results/python-$i.json"
    # The trainer lets glibc keep freed memory; this is what Python does with the same setting.
    python_alone env MALLOC_MMAP_THRESHOLD_=1073741824 MALLOC_TRIM_THRESHOLD_=1073741824 \
        "$python" python/digits_step.py --batch "$batch" --threads "$threads" --steps 100 > "$results/kept-$i.json"
done
"$python" python/compare_table.py "$results" "${core:-unknown}"
