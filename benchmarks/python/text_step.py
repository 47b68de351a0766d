#!/usr/bin/python3
"""
text_step.py [--parity FILE]: the time of a training step of the masked gMLP in PyTorch, as JSON; or whether PyTorch, from the
weights and batches that C# wrote with `text-step --parity FILE`, goes through the same losses.
"""
import argparse
import json
import statistics
import sys
import time

import torch

from gmlp_text import Masked, optimizer, step
from safetensors_file import read

# Rounding grows along a training: 1e-3 after 60 steps is a few units of the last digit of the first.
LARGEST_DIFFERENCE = 1e-3


def parity(file):
    tensors = read(file)
    weights = {name[len("weights."):]: t for name, t in tensors.items() if name.startswith("weights.")}
    bias = next(name for name in weights if name.startswith("cls."))
    weights["bias"] = weights.pop(bias)
    model = Masked(weights["bias"].shape[0])
    model.load_state_dict(weights, strict=True)
    adam = optimizer(model)
    losses = [step(model, adam, x, y) for x, y in zip(tensors["inputs"], tensors["targets"])]
    difference = max(abs(a - b) for a, b in zip(losses, tensors["losses"].tolist()))
    print(f"{len(losses)} steps: loss {losses[0]:.6f} to {losses[-1]:.6f}; largest difference from C# {difference:.1e}")
    if difference > LARGEST_DIFFERENCE:
        sys.exit(f"FAILED: they must agree to {LARGEST_DIFFERENCE:g}")


def times(steps, warmup=5):
    torch.manual_seed(1)
    model = Masked(92).train()
    adam = optimizer(model)
    ids = torch.randint(0, 91, (16, 32, 128))
    targets = torch.where(torch.rand(ids.shape) < 0.15, ids, torch.full_like(ids, -100))
    found = []
    for i in range(steps + warmup):
        start = time.perf_counter()
        step(model, adam, ids[i % 16], targets[i % 16])
        found.append(1e3 * (time.perf_counter() - start))
    return found[warmup:]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--steps", type=int, default=30)
    arguments.add_argument("--parity")
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    if options.parity:
        parity(options.parity)
        return
    found = times(options.steps)
    print(json.dumps({"threads": options.threads, "steps": len(found), "pythonMs": round(statistics.median(found), 2), "torch": torch.__version__}))


if __name__ == "__main__":
    main()
