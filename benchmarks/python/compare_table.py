"""compare_table.py FOLDER BLAS_CORE: prints the table of compare.sh from the JSON of both sides."""
import json
import pathlib
import statistics
import sys

folder, core = pathlib.Path(sys.argv[1]), sys.argv[2]


def results(name):
    return [json.loads(p.read_text()) for p in sorted(folder.glob(f"{name}-*.json"))]


csharp, python, kept = results("csharp"), results("python"), results("kept")
machine, other = csharp[0]["machine"], python[0]
COLUMNS = ["trainer", "flat loop", "ordinary", "Python", "Python, memory kept", "Python/trainer", "kept/trainer"]

print(f"{machine['cpu']}, {machine['cores']} cores; batch {other['batchSize']}, {other['threads']} threads; ms per step")
print(f"C#: .NET {machine['dotNet']}, TorchSharp {machine['torchSharp']}, libtorch {machine['libtorch']}")
print(f"Python: {other['python']}, PyTorch {other['torch']}, OpenBLAS kernels for {core}")
print(f"{'':>8}", *(f"{c:>{max(9, len(c))}}" for c in COLUMNS))


def row(name, numbers):
    cells = (f"{n:{max(9, len(c))}.{3 if '/' in c else 2}f}" for c, n in zip(COLUMNS, numbers))
    print(f"{name:>8}", *cells)


rows = []
for number, (c, p, k) in enumerate(zip(csharp, python, kept), 1):
    arms = {arm["arm"]: arm["medianMs"] for arm in c["batches"][0]["arms"]}
    trainer = arms["trainer"]
    rows.append((trainer, arms["flatLoop"], arms["ordinaryLoop"], p["medianMs"], k["medianMs"], p["medianMs"] / trainer, k["medianMs"] / trainer))
    row(number, rows[-1])
row("median", [statistics.median(column) for column in zip(*rows)])
