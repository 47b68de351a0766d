#!/usr/bin/python3
"""
digits_step.py: the time of an optimizer step of the digits gMLP in PyTorch, as JSON. The arithmetic is that of the C#
loops: cross-entropy, gradient clipping, AdamW with a group without decay, an average of the
weights, loss and accuracy read at every step. AdamW and the average use PyTorch's multi-tensor (foreach) kernels.
"""
import argparse
import json
import os
import platform
import statistics
import time

import torch
from torch.nn import functional as F

from gmlp import Gmlp

DECAY = 0.05
SAMPLES = 1168


def steps(batch_size, warmup, count):
    torch.manual_seed(1)
    images = torch.randint(0, 17, (SAMPLES, 1, 8, 8)).float() / 16
    labels = torch.randint(0, 10, (SAMPLES,))
    model = Gmlp().train()
    parameters = list(model.parameters())
    averages = [p.detach().clone() for p in parameters]
    # The values of recipes/digits.json at batch 64; they do not change what a step costs.
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in parameters if p.dim() > 1], "weight_decay": DECAY},
            {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
        ],
        lr=3e-4, betas=(0.9, 0.999), eps=1e-6, foreach=True)
    order = [torch.randperm(SAMPLES)[:batch_size] for _ in range(64)]
    times = []
    for step in range(warmup + count):
        start = time.perf_counter()
        cpu = time.process_time()
        index = order[step % len(order)]
        x, y = images.index_select(0, index), labels.index_select(0, index)
        optimizer.zero_grad()
        logits = model(x)
        loss = F.cross_entropy(logits, y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        with torch.no_grad():
            torch._foreach_mul_(averages, 0.98)
            torch._foreach_add_(averages, [p.detach() for p in parameters], alpha=0.02)
        loss.item()
        (logits.detach().argmax(1) == y).sum().item()
        if step >= warmup:
            times.append((1e3 * (time.perf_counter() - start), 1e3 * (time.process_time() - cpu)))
    return times


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--batch", type=int, default=256)
    arguments.add_argument("--steps", type=int, default=200)
    arguments.add_argument("--warmup", type=int, default=20)
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    times = steps(options.batch, options.warmup, options.steps)
    clock = sorted(t for t, _ in times)
    print(json.dumps({
        "batchSize": options.batch,
        "threads": options.threads,
        "steps": len(clock),
        "medianMs": statistics.median(clock),
        "lowerQuartileMs": clock[len(clock) // 4],
        "upperQuartileMs": clock[3 * len(clock) // 4],
        "cpuMs": statistics.median(c for _, c in times),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "parameters": sum(p.numel() for p in Gmlp().parameters()),
        "openblasCoreType": os.environ.get("OPENBLAS_CORETYPE"),
    }))


if __name__ == "__main__":
    main()
