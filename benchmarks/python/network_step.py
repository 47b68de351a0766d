#!/usr/bin/python3
"""network_step.py: training step and inference of gMLP-S/16 and ViT-S/16 in PyTorch, as JSON; the arithmetic of the C# side's network-step."""
import argparse
import json
import statistics
import time

import torch
from torch.nn import functional as F

from gmlp import Gmlp
from vit import Vit


def create(name):
    torch.manual_seed(1)
    if name.startswith("gmlp"):
        return Gmlp(side=224, channels=3, classes=1000, patch=16, d_model=256, d_ffn=1536, layers=30, survival=1.0, mean=0.0, std=1.0)
    return Vit()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--model", default="gmlp_s16_224")
    arguments.add_argument("--batch", type=int, default=8)
    arguments.add_argument("--steps", type=int, default=6)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--threads", type=int, default=2)
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    images, labels = torch.rand(2 * options.batch, 3, 224, 224), torch.randint(0, 1000, (2 * options.batch,))
    times = {"training": [], "inference": []}
    for _ in range(options.rounds):
        model = create(options.model).train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.05, foreach=True)
        for step in range(options.steps + 1):
            start = time.perf_counter()
            half = slice(step % 2 * options.batch, (step % 2 + 1) * options.batch)
            optimizer.zero_grad()
            loss = F.cross_entropy(model(images[half]), labels[half])
            loss.backward()
            optimizer.step()
            loss.item()
            if step:
                times["training"].append(1e3 * (time.perf_counter() - start))
        model.eval()
        with torch.inference_mode():
            for step in range(options.steps + 1):
                start = time.perf_counter()
                model(images[:options.batch]).sum().item()
                if step:
                    times["inference"].append(1e3 * (time.perf_counter() - start))
    print(json.dumps({
        "model": options.model, "batch": options.batch, "threads": options.threads, "torch": torch.__version__,
        "medianMs": {k: round(statistics.median(v), 2) for k, v in times.items()},
        "parameters": sum(p.numel() for p in create(options.model).parameters()),
    }))


if __name__ == "__main__":
    main()
