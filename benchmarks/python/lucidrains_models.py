"""The logits of g-mlp-pytorch itself (pip install g-mlp-pytorch) for weights that are a function of a tensor's number: what
the tests compare the layout lucidrainsGmlpText with. Written into the file of the other references:

    python3 benchmarks/python/lucidrains_models.py tests/Espalier.Tests/Checkpoints/reference.json
"""
import json
import math
import sys

import numpy as np
import torch
from g_mlp_pytorch import gMLP

from reference_models import noise, tokens

VOCABULARY, WIDTH, LENGTH = 29, 24, 12
MODELS = {
    "lucidrains": dict(attn_dim=8),
    "lucidrains shifted": dict(shift_tokens=2),
    "lucidrains causal": dict(causal=True, shift_tokens=1, heads=2, attn_dim=8),
}


def fill(name, tensor, number):
    """Scale and offset by the kind of tensor, as in reference_models.py; the stored weights are float32."""
    offset = 1.0 if name.endswith("norm.weight") or name.endswith("sgu.bias") or name == "to_logits.0.weight" else 0.0
    if tensor.dim() > 1 and not name.endswith("sgu.bias"):
        scale = math.sqrt(12) * (0.5 if name.endswith("sgu.weight") else 1.0) / math.sqrt(tensor.shape[-1])
    else:
        scale = 0.4 if offset else 0.2
    values = (offset + scale * noise(500 + number, tensor.numel())).astype(np.float32).astype(np.float64)
    tensor.copy_(torch.tensor(values).reshape(tensor.shape))
    return {"name": name, "shape": list(tensor.shape), "scale": scale, "offset": offset}


def main(path):
    with open(path, encoding="utf-8") as file:
        result = json.load(file)
    for key, options in MODELS.items():
        model = gMLP(num_tokens=VOCABULARY, dim=WIDTH, depth=2, seq_len=LENGTH, **options).double().eval()
        with torch.no_grad():
            made = [fill(name, tensor, number) for number, (name, tensor) in enumerate(model.state_dict().items())]
            logits = model(tokens(VOCABULARY, 2, LENGTH))
        result[key] = {"tensors": made, "shape": list(logits.shape), "logits": [round(v, 9) for v in logits.flatten().tolist()]}
    with open(path, "w", encoding="utf-8") as file:
        file.write("{\n" + ",\n".join(f'"{name}": {json.dumps(value, separators=(",", ":"))}' for name, value in result.items()) + "\n}\n")


if __name__ == "__main__":
    main(sys.argv[1])
