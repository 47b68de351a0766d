"""compare_table.py FOLDER BLAS_CORE: prints the table of compare.sh from the JSON of both sides."""
import json
import pathlib
import statistics
import sys

folder, core = pathlib.Path(sys.argv[1]), sys.argv[2]
csharp = [json.loads(p.read_text()) for p in sorted(folder.glob("csharp-*.json"))]
python = [json.loads(p.read_text()) for p in sorted(folder.glob("python-*.json"))]
machine, other = csharp[0]["machine"], python[0]

print(f"{machine['cpu']}, {machine['cores']} cores; batch {other['batchSize']}, {other['threads']} threads")
print(f"C#: .NET {machine['dotNet']}, TorchSharp {machine['torchSharp']}, libtorch {machine['libtorch']}")
print(f"Python: {other['python']}, PyTorch {other['torch']}, OpenBLAS kernels for {core}")
print(f"{'':>12} {'trainer':>9} {'flat loop':>10} {'ordinary':>9} {'Python':>9} {'Python/trainer':>15} {'CPU time':>9}")


def row(name, numbers):
    trainer, flat, ordinary, python_ms, ratio, cpu = numbers
    print(f"{name:>12} {trainer:9.2f} {flat:10.2f} {ordinary:9.2f} {python_ms:9.2f} {ratio:15.3f} {cpu:9.3f}")


rows = []
for number, (c, p) in enumerate(zip(csharp, python), 1):
    arms = {arm["arm"]: arm for arm in c["batches"][0]["arms"]}
    trainer = arms["trainer"]
    rows.append((trainer["medianMs"], arms["flatLoop"]["medianMs"], arms["ordinaryLoop"]["medianMs"], p["medianMs"],
                 p["medianMs"] / trainer["medianMs"], p["cpuMs"] / trainer["cpuMs"]))
    row(f"{number} (ms/step)", rows[-1])
row("median", [statistics.median(column) for column in zip(*rows)])
