"""Images per second of PGD-40 on a network for MNIST with known weights, written in plain PyTorch: the peer of attack-speed."""
import argparse
import gzip
import os
import struct
import time

import numpy
import torch
from torch import nn
from torch.nn import functional

from safetensors_file import read

parser = argparse.ArgumentParser()
parser.add_argument("--model", default="tiny_at")
parser.add_argument("--images", type=int, default=512)
parser.add_argument("--batch", type=int, default=128)
parser.add_argument("--steps", type=int, default=40)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--threads", type=int, default=1)
arguments = parser.parse_args()
torch.set_num_threads(arguments.threads)
root = os.environ["ESPALIER_DATA"]


def network(name):
    if name == "trades_smallcnn":
        model = nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3), nn.ReLU(), nn.Conv2d(64, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(1024, 200), nn.ReLU(), nn.Linear(200, 200), nn.ReLU(), nn.Linear(200, 10))
    else:
        model = nn.Sequential(
            nn.Conv2d(1, 12, 5, stride=2, padding=2), nn.ReLU(), nn.Conv2d(12, 24, 3, stride=2, padding=1), nn.ReLU(),
            nn.Flatten(), nn.Linear(1176, 64), nn.ReLU(), nn.Linear(64, 10))
    weights = list(read(os.path.join(root, "victims-mnist", name + ".safetensors")).items())
    order = sorted(weights, key=lambda item: (0 if "conv" in item[0] else 1, item[0].rsplit(".", 1)[0], 0 if item[0].endswith("weight") else 1))
    with torch.no_grad():
        for parameter, (_, value) in zip(model.parameters(), order):
            parameter.copy_(torch.as_tensor(numpy.array(value)))
            parameter.requires_grad_(False)
    return model.eval()


def idx(name):
    path = os.path.join(root, "mnist", name)
    opened = gzip.open(path + ".gz", "rb") if os.path.exists(path + ".gz") else open(path, "rb")
    with opened as file:
        data = file.read()
    dimensions = data[3]
    shape = struct.unpack(">" + "I" * dimensions, data[4:4 + 4 * dimensions])
    return numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * dimensions).reshape(shape)


model = network(arguments.model)
x = torch.tensor(idx("t10k-images-idx3-ubyte")[:arguments.images]).float().unsqueeze(1) / 255
y = torch.tensor(idx("t10k-labels-idx1-ubyte")[:arguments.images]).long()
epsilon = 0.3 if arguments.model == "trades_smallcnn" else 0.2
step = 2.5 * epsilon / arguments.steps


def attack(x, y):
    adversarial = (x + torch.empty_like(x).uniform_(-epsilon, epsilon)).clamp(0, 1)
    for _ in range(arguments.steps):
        adversarial.requires_grad_(True)
        loss = functional.cross_entropy(model(adversarial), y, reduction="sum")
        gradient = torch.autograd.grad(loss, adversarial)[0]
        with torch.no_grad():
            adversarial = adversarial + step * gradient.sign()
            adversarial = torch.max(torch.min(adversarial, x + epsilon), x - epsilon).clamp(0, 1)
    with torch.no_grad():
        return model(adversarial).argmax(1) == y


def once():
    return torch.cat([attack(x[i:i + arguments.batch], y[i:i + arguments.batch]) for i in range(0, len(x), arguments.batch)])


once()
best, robust = float("inf"), 0
for _ in range(arguments.rounds):
    start = time.perf_counter()
    stands = once()
    best = min(best, time.perf_counter() - start)
    robust = stands.float().mean().item()
print(f"python    {arguments.model} PGD-{arguments.steps}: {arguments.images / best:,.0f} images/s, {1e6 * best / (arguments.images * arguments.steps):.1f} us a gradient, robust {100 * robust:.1f} %")
