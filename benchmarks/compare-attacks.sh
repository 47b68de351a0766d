#!/usr/bin/env bash
# PGD-40 on networks for MNIST with known weights, C# beside Python: compare-attacks.sh [threads] [repetitions]
# Needs ESPALIER_DATA with victims-mnist and mnist. Both sides run alternately, so that what else the machine does hits them alike.
set -euo pipefail
cd "$(dirname "$0")"
threads=${1:-1} repetitions=${2:-3}
python=${PYTHON:-/usr/bin/python3}
program=$(find Espalier.Benchmarks/bin/Release -name Espalier.Benchmarks.dll -not -path '*/ref/*' | head -n 1)
for model in tiny_at trades_smallcnn; do
    images=$([ "$model" = tiny_at ] && echo 512 || echo 128)
    for ((i = 0; i < repetitions; i++)); do
        dotnet "$program" attack-speed --model "$model" --threads "$threads" --images "$images"
        "$python" python/attack_speed.py --model "$model" --threads "$threads" --images "$images"
    done
done
