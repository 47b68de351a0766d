#!/usr/bin/env bash
# Training step and inference of full-size networks, C# beside Python: compare-networks.sh [threads] [repetitions]
# Both sides run alternately, so that what else the machine does hits them alike.
set -euo pipefail
cd "$(dirname "$0")"
threads=${1:-2} repetitions=${2:-3}
python=${PYTHON:-/usr/bin/python3}
program=$(find Espalier.Benchmarks/bin/Release -name Espalier.Benchmarks.dll -not -path '*/ref/*' | head -n 1)
for model in gmlp_s16_224 vit_small; do
    for ((i = 0; i < repetitions; i++)); do
        dotnet "$program" network-step --model "$model" --threads "$threads" --steps 4 --rounds 1
        env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE "$python" python/network_step.py --model "$model" --threads "$threads" --steps 4 --rounds 1
    done
done
