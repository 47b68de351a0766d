#!/usr/bin/python3
"""
ema_cost.py: what an update of PyTorch's moving averages costs for a model of the size of ResNet-18, as JSON:
torch.optim.swa_utils.AveragedModel with an exponential avg_fn, multi-tensor (foreach) multiply and add, and one lerp_ over
a flat buffer.
"""
import argparse
import json
import statistics
import time

import torch
from torch.optim.swa_utils import AveragedModel

DECAY = 0.999


def resnet18_shapes():
    """The 62 parameter shapes of ResNet-18 for 1,000 classes."""
    shapes = [(64, 3, 7, 7), (64,), (64,)]
    width = 64
    for out in (64, 128, 256, 512):
        for block in range(2):
            first = width if block == 0 else out
            shapes += [(out, first, 3, 3), (out,), (out,), (out, out, 3, 3), (out,), (out,)]
            if block == 0 and first != out:
                shapes += [(out, first, 1, 1), (out,), (out,)]
        width = out
    return shapes + [(1000, 512), (1000,)]


class Weights(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.values = torch.nn.ParameterList([torch.nn.Parameter(torch.randn(s)) for s in resnet18_shapes()])


def median_ms(work, rounds):
    times = []
    for i in range(rounds + 3):
        start = time.perf_counter()
        work()
        if i >= 3:
            times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=40)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    model = Weights()
    averaged = AveragedModel(model, avg_fn=lambda average, value, _: DECAY * average + (1 - DECAY) * value)
    parameters = [p.detach() for p in model.parameters()]
    averages = [p.clone() for p in parameters]
    flat = torch.cat([p.reshape(-1) for p in parameters])
    flat_average = flat.clone()

    def foreach():
        torch._foreach_mul_(averages, DECAY)
        torch._foreach_add_(averages, parameters, alpha=1 - DECAY)

    with torch.no_grad():
        print(json.dumps({
            "torch": torch.__version__,
            "threads": arguments.threads,
            "parameters": flat.numel(),
            "averagedModelMs": median_ms(lambda: averaged.update_parameters(model), arguments.rounds),
            "foreachMs": median_ms(foreach, arguments.rounds),
            "flatLerpMs": median_ms(lambda: flat_average.lerp_(flat, 1 - DECAY), arguments.rounds),
        }))


if __name__ == "__main__":
    main()
