"""The rows of tabular-speed, scored by scikit-learn and NumPy: --make writes them, otherwise both sides are compared."""
import argparse
import os
import time

parser = argparse.ArgumentParser()
parser.add_argument("--folder", required=True)
parser.add_argument("--width", type=int, default=16)
parser.add_argument("--rows", type=int, default=10_000)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--make", action="store_true")
arguments = parser.parse_args()
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = str(arguments.threads)

import numpy as np  # noqa: E402

if arguments.make:
    # Five Gaussian clusters of different spread: neither a single blob nor a grid flatters any search.
    random = np.random.default_rng(7)
    centres = random.normal(size=(5, arguments.width)) * 3
    spread = random.uniform(0.5, 2, size=5)
    for name in ("train", "test"):
        which = random.integers(0, 5, size=arguments.rows)
        rows = centres[which] + random.normal(size=(arguments.rows, arguments.width)) * spread[which, None]
        rows.astype("<f8").tofile(os.path.join(arguments.folder, name + ".f64"))
    raise SystemExit

from sklearn.covariance import EmpiricalCovariance  # noqa: E402
from sklearn.ensemble import IsolationForest  # noqa: E402
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors  # noqa: E402


def read(name):
    return np.fromfile(os.path.join(arguments.folder, name), "<f8")


train = read("train.f64").reshape(-1, arguments.width)
test = read("test.f64").reshape(-1, arguments.width)
jobs = arguments.threads
methods = {
    "isolation-forest": (lambda: IsolationForest(n_estimators=100, max_samples=256, n_jobs=jobs, random_state=0).fit(train), lambda m: -m.score_samples(test)),
    "knn": (lambda: NearestNeighbors(n_neighbors=5, n_jobs=jobs).fit(train), lambda m: m.kneighbors(test)[0][:, -1]),
    "knn (brute force)": (lambda: NearestNeighbors(n_neighbors=5, algorithm="brute", n_jobs=jobs).fit(train), lambda m: m.kneighbors(test)[0][:, -1]),
    "lof": (lambda: LocalOutlierFactor(20, novelty=True, n_jobs=jobs).fit(train), lambda m: -m.score_samples(test)),
    "lof (brute force)": (lambda: LocalOutlierFactor(20, novelty=True, algorithm="brute", n_jobs=jobs).fit(train), lambda m: -m.score_samples(test)),
    "mahalanobis": (lambda: EmpiricalCovariance().fit(train), lambda m: m.mahalanobis(test)),
}
for name, (fit, score) in methods.items():
    best_fit = best_score = float("inf")
    for _ in range(arguments.rounds):
        start = time.perf_counter()
        model = fit()
        best_fit = min(best_fit, time.perf_counter() - start)
        start = time.perf_counter()
        scores = score(model)
        best_score = min(best_score, time.perf_counter() - start)
    ours = read(name.split(" ")[0] + ".scores")
    if name == "isolation-forest":
        agreement = f"rank correlation {np.corrcoef(np.argsort(np.argsort(ours)), np.argsort(np.argsort(scores)))[0, 1]:.4f}"
    else:
        agreement = f"largest relative difference {np.max(np.abs(ours - scores) / np.abs(scores)):.1e}"
    print(f"sklearn  {name} width {arguments.width} threads {arguments.threads} fit {best_fit:.4f} score {best_score:.4f} | {agreement}", flush=True)
