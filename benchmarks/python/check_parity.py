#!/usr/bin/python3
"""check_parity.py FILE: whether the Python gMLP gives the logits and the loss that C# wrote with `export-parity FILE`."""
import sys

import torch
from torch.nn import functional as F

from gmlp import Gmlp
from safetensors_file import read

LARGEST_DIFFERENCE = 1e-4

tensors = read(sys.argv[1])
weights = {name[len("weights."):]: t for name, t in tensors.items() if name.startswith("weights.")}
model = Gmlp()
model.load_state_dict(weights, strict=True)
model.eval()
count = sum(p.numel() for p in model.parameters())
expected = sum(t.numel() for t in weights.values())
with torch.no_grad():
    logits = model(tensors["inputs"])
    loss = F.cross_entropy(logits, tensors["labels"], label_smoothing=tensors["labelSmoothing"].item())
difference = (logits - tensors["logits"]).abs().max().item()
print(f"parameters: {count} in Python, {expected} in C#")
print(f"logits {list(logits.shape)}: largest difference {difference:.2e} where they reach {logits.abs().max().item():.2f}")
print(f"loss: {loss.item():.7f} in Python, {tensors['loss'].item():.7f} in C#")
if count != expected or max(difference, abs(loss.item() - tensors["loss"].item())) > LARGEST_DIFFERENCE:
    sys.exit(f"FAILED: they must agree to {LARGEST_DIFFERENCE:g}")
print("ok")
