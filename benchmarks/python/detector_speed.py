"""The features of detector-speed, scored by NumPy and scikit-learn in the straightforward way: --make writes them, otherwise both sides are compared."""
import argparse
import os
import time

parser = argparse.ArgumentParser()
parser.add_argument("--folder", required=True)
parser.add_argument("--width", type=int, default=512)
parser.add_argument("--fit", type=int, default=12_000)
parser.add_argument("--test", type=int, default=10_000)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--make", action="store_true")
arguments = parser.parse_args()
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = str(arguments.threads)

import numpy as np  # noqa: E402

if arguments.make:
    # Rectified features around one centre per class, as before the last layer of a network.
    random = np.random.default_rng(3)
    centres = random.normal(size=(10, arguments.width))
    labels = random.integers(0, 10, size=arguments.fit)
    which = random.integers(0, 10, size=arguments.test)
    features = {
        "fit": np.maximum(centres[labels] + random.normal(size=(arguments.fit, arguments.width)), 0).astype("<f4"),
        "test": np.maximum(centres[which] + 1.2 * random.normal(size=(arguments.test, arguments.width)), 0).astype("<f4"),
    }
    weight = (centres / np.sqrt(arguments.width)).astype("<f4")
    np.savez(os.path.join(arguments.folder, "features.npz"), labels=labels.astype("<i8"), weight=weight, bias=np.zeros(10, "<f4"), **features)
    raise SystemExit

from scipy.special import logsumexp, softmax  # noqa: E402
from sklearn.neighbors import NearestNeighbors  # noqa: E402

data = np.load(os.path.join(arguments.folder, "features.npz"))
fit, test, labels = data["fit"].astype("f8"), data["test"].astype("f8"), data["labels"]
weight, bias = data["weight"].astype("f8"), data["bias"].astype("f8")
fit_logits, logits = fit @ weight.T + bias, test @ weight.T + bias


def covariance(centred):
    matrix = centred.T @ centred / len(centred)
    return matrix + np.eye(len(matrix)) * 1e-6 * np.trace(matrix) / len(matrix)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def fit_mds():
    means = np.stack([fit[labels == c].mean(0) for c in range(10)])
    return means, np.linalg.inv(covariance(fit - means[labels]))


def mahalanobis(centred, precision):
    return np.sum(centred @ precision * centred, axis=1)


def score_mds(model):
    means, precision = model
    return np.min([mahalanobis(test - mean, precision) for mean in means], axis=0)


def fit_rmds():
    centre = fit.mean(0)
    return fit_mds(), centre, np.linalg.inv(covariance(fit - centre))


def score_rmds(model):
    classes, centre, precision = model
    return score_mds(classes) - mahalanobis(test - centre, precision)


def fit_vim():
    origin = -np.linalg.pinv(weight) @ bias
    values, vectors = np.linalg.eigh((fit - origin).T @ (fit - origin) / len(fit))
    residual = vectors[:, : arguments.width - 256]
    return origin, residual, fit_logits.max(1).mean() / np.linalg.norm((fit - origin) @ residual, axis=1).mean()


def score_vim(model):
    origin, residual, alpha = model
    return alpha * np.linalg.norm((test - origin) @ residual, axis=1) - logsumexp(logits, axis=1)


methods = {
    "mds": (fit_mds, score_mds),
    "rmds": (fit_rmds, score_rmds),
    "vim": (fit_vim, score_vim),
    "knn": (lambda: NearestNeighbors(n_neighbors=50, algorithm="brute", n_jobs=arguments.threads).fit(unit(fit)), lambda m: m.kneighbors(unit(test))[0][:, -1]),
    "msp": (lambda: None, lambda m: -softmax(logits, axis=1).max(1)),
    "energy": (lambda: None, lambda m: -logsumexp(logits, axis=1)),
}
for name, (build, score) in methods.items():
    best_fit = best_score = float("inf")
    for _ in range(arguments.rounds):
        start = time.perf_counter()
        model = build()
        best_fit = min(best_fit, time.perf_counter() - start)
        start = time.perf_counter()
        scores = score(model)
        best_score = min(best_score, time.perf_counter() - start)
    ours = np.fromfile(os.path.join(arguments.folder, name + ".scores"), "<f8")
    print(f"numpy    {name} threads {arguments.threads} fit {best_fit:.4f} score {best_score:.4f} | largest relative difference {np.max(np.abs(ours - scores) / np.maximum(np.abs(scores), 1)):.1e}", flush=True)

million = np.random.default_rng(1).normal(size=(1_000_000, 10))
for name, score in (("msp", lambda: -softmax(million, axis=1).max(1)), ("energy", lambda: -logsumexp(million, axis=1))):
    best = float("inf")
    for _ in range(arguments.rounds):
        start = time.perf_counter()
        score()
        best = min(best, time.perf_counter() - start)
    print(f"numpy    {name} of 1,000,000 x 10 logits: {1000 * best:.1f} ms", flush=True)
