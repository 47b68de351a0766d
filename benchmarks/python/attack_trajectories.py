"""Trajectories of AutoPGD and FAB as their authors' own code computes them, on a small network with weights that are a function of
their number, in double precision and without random starts. Needs a checkout of the AutoAttack package:

    PYTHONPATH=<checkout of fra31/auto-attack> python3 benchmarks/python/attack_trajectories.py > tests/Espalier.Tests/Robustness/trajectories.json
"""
import json
import sys

import torch

from autoattack.autopgd_base import APGDAttack, APGDAttack_targeted
from autoattack.fab_pt import FABAttack_PT
from reference_models import noise

SAMPLES, FEATURES, WIDTH, CLASSES = 6, 8, 16, 5
EVERY = 10

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
# The authors' code casts to single precision in places.
torch.Tensor.float = torch.Tensor.double


def fill(k, shape, scale, offset=0.0):
    count = 1
    for size in shape:
        count *= size
    return torch.tensor(offset + scale * noise(k, count)).reshape(shape)


class Network:
    """Logits V tanh(W x + b) + c, and every input that it has been asked for."""

    def __init__(self):
        self.w, self.b = fill(700, [WIDTH, FEATURES], 6.0), fill(701, [WIDTH], 2.0)
        self.v, self.c = fill(702, [CLASSES, WIDTH], 4.0), fill(703, [CLASSES], 1.0)
        self.seen = []

    def logits(self, x):
        return torch.tanh(x @ self.w.t() + self.b) @ self.v.t() + self.c

    def __call__(self, x):
        self.seen.append((x.detach().clone(), x.requires_grad))
        return self.logits(x)


def rounded(tensor):
    return [float(f"{v:.10g}") for v in tensor.flatten().tolist()]


def climb(norm, epsilon, loss, steps):
    network = Network()
    targets = None
    if loss == "dlr-targeted":
        attack = APGDAttack_targeted(network, n_iter=steps, norm=norm, eps=epsilon)
        targets = network.logits(x).sort(dim=1)[1][:, -3]
        attack.y_target = targets
    else:
        attack = APGDAttack(network, n_iter=steps, norm=norm, eps=epsilon, loss=loss)
    criterion = {"ce": lambda z: torch.nn.functional.cross_entropy(z, y, reduction="none"),
                 "dlr": lambda z: attack.dlr_loss(z, y),
                 "dlr-targeted": lambda z: attack.dlr_loss_targeted(z, y)}[loss]
    attack.init_hyperparam(x)
    attack.attack_single_run(x, y, x_init=start(norm, epsilon))
    points = [p for p, _ in network.seen]
    losses = [rounded(criterion(network.logits(p))) for p in points]
    return {"norm": norm, "epsilon": epsilon, "loss": loss, "steps": steps, "values": losses,
            "targets": None if targets is None else targets.tolist(), "start": points[0].flatten().tolist(), "points": [rounded(p) for p in points[::EVERY]]}


def start(norm, epsilon):
    """A point inside the ball and the box, other than the input."""
    direction = fill(705, [SAMPLES, FEATURES], 1.0)
    if norm == "L2":
        direction = direction / direction.norm(dim=1, keepdim=True) * epsilon
    else:
        direction = direction * 2 * epsilon
    return (x + 0.7 * direction).clamp(0.0, 1.0)


def approach(norm, steps):
    network = Network()
    attack = FABAttack_PT(network, norm=norm, n_iter=steps)
    attack.attack_single_run(x, y)
    points = [p for p, graph in network.seen if graph]
    size = {"Linf": lambda d: d.abs().amax(1), "L2": lambda d: d.norm(dim=1), "L1": lambda d: d.abs().sum(1)}[norm]
    return {"norm": norm, "steps": steps, "values": [rounded(size(p - x)) for p in points], "points": [rounded(p) for p in points[::EVERY]]}


x = fill(704, [SAMPLES, FEATURES], 0.8, 0.5)
y = Network().logits(x).argmax(1)

json.dump({
    "labels": y.tolist(),
    "apgd": [climb("Linf", 0.05, "ce", 40), climb("Linf", 0.05, "dlr", 40), climb("L2", 0.15, "ce", 40), climb("L2", 0.15, "dlr", 40),
             climb("Linf", 0.05, "dlr-targeted", 40), climb("L2", 0.15, "dlr-targeted", 40)],
    "fab": [approach("Linf", 30), approach("L2", 30), approach("L1", 30)],
}, sys.stdout)
print()
