"""Small PyTorch references of the published architectures, written from their definitions alone, with weights that are a
function of a tensor's number. Prints the names, shapes and fills of their tensors and the logits, as the tests expect them:

    python3 benchmarks/python/reference_models.py > tests/Espalier.Tests/Checkpoints/reference.json

Those of g-mlp-pytorch come from the library itself: run lucidrains_models.py afterwards.
"""
import json
import math

import numpy as np
import torch
import torch.nn.functional as F


def noise(k, count):
    """Uniform in [-0.5, 0.5), a hash of tensor number k and element number."""
    i = np.arange(count, dtype=np.uint64)
    x = ((i + 1) * 2654435761 + (k + 1) * 40503) & 0xFFFFFFFF
    x ^= x >> 15
    x = (x * 2246822519) & 0xFFFFFFFF
    x ^= x >> 13
    x = (x * 3266489917) & 0xFFFFFFFF
    x ^= x >> 16
    return x.astype(np.float64) / 2.0**32 - 0.5


class Weights:
    """Makes tensors in the order in which a model asks for them: value = offset + scale * noise."""

    def __init__(self):
        self.made = []
        self.values = {}

    def __call__(self, name, shape, scale, offset=0.0):
        if name not in self.values:
            k = 500 + len(self.made)
            self.made.append({"name": name, "shape": list(shape), "scale": scale, "offset": offset})
            flat = noise(k, int(np.prod(shape)))
            # The stored weights are float32; so are the test's.
            self.values[name] = torch.tensor((offset + scale * flat).astype(np.float32).astype(np.float64)).reshape(shape)
        return self.values[name]

    def matrix(self, name, shape, gain=1.0):
        return self(name, shape, gain * math.sqrt(12) / math.sqrt(np.prod(shape[1:])))

    def bias(self, name, count):
        return self(name, [count], 0.2)

    def linear(self, x, name, inputs, outputs, bias=True):
        return F.linear(x, self.matrix(name + ".weight", [outputs, inputs]), self.bias(name + ".bias", outputs) if bias else None)

    def norm(self, x, name, width, eps):
        return F.layer_norm(x, [width], self(name + ".weight", [width], 0.4, 1.0), self.bias(name + ".bias", width), eps)


def patches(w, x, name, d, p):
    x = F.conv2d(x, w.matrix(name + ".weight", [d, x.shape[1], p, p]), w.bias(name + ".bias", d), stride=p)
    return x.flatten(2).transpose(1, 2)


def mlp(w, x, name, width, hidden):
    return w.linear(F.gelu(w.linear(x, name + ".fc1", width, hidden)), name + ".fc2", hidden, width)


def gmlp(w, x, d=24, e=40, p=8, layers=3, classes=10):
    x = patches(w, x, "stem.proj", d, p)
    n = x.shape[1]
    for i in range(layers):
        b = f"blocks.{i}."
        z = F.gelu(w.linear(w.norm(x, b + "norm", d, 1e-6), b + "mlp_channels.fc1", d, e))
        passing, gate = z.chunk(2, -1)
        gate = w.norm(gate, b + "mlp_channels.gate.norm", e // 2, 1e-5)
        matrix = w.matrix(b + "mlp_channels.gate.proj.weight", [n, n], 0.5)
        beta = w(b + "mlp_channels.gate.proj.bias", [n], 0.4, 1.0)
        gate = torch.einsum("ij,bjc->bic", matrix, gate) + beta[None, :, None]
        x = x + w.linear(passing * gate, b + "mlp_channels.fc2", e // 2, d)
    return w.linear(w.norm(x, "norm", d, 1e-6).mean(1), "head", d, classes)


def mixer(w, x, d=24, p=8, layers=3, classes=10):
    x = patches(w, x, "stem.proj", d, p)
    n = x.shape[1]
    for i in range(layers):
        b = f"blocks.{i}."
        x = x + mlp(w, w.norm(x, b + "norm1", d, 1e-6).transpose(1, 2), b + "mlp_tokens", n, d // 2).transpose(1, 2)
        x = x + mlp(w, w.norm(x, b + "norm2", d, 1e-6), b + "mlp_channels", d, 4 * d)
    return w.linear(w.norm(x, "norm", d, 1e-6).mean(1), "head", d, classes)


def resmlp(w, x, facebook, d=24, p=8, layers=3, classes=10):
    stem, tokens, channels, scale = ("patch_embed", "attn", "mlp", "gamma_") if facebook else ("stem", "linear_tokens", "mlp_channels", "ls")
    vector = [d] if facebook else [1, 1, d]

    def affine(x, name):
        return w(name + ".alpha", vector, 0.4, 1.0) * x + w(name + ".beta", vector, 0.2)

    x = patches(w, x, stem + ".proj", d, p)
    n = x.shape[1]
    for i in range(layers):
        b = f"blocks.{i}."
        mixed = w.linear(affine(x, b + "norm1").transpose(1, 2), b + tokens, n, n).transpose(1, 2)
        x = x + w(b + scale + "1", [d], 0.4, 0.5) * mixed
        x = x + w(b + scale + "2", [d], 0.4, 0.5) * mlp(w, affine(x, b + "norm2"), b + channels, d, 4 * d)
    return w.linear(affine(x, "norm").mean(1), "head", d, classes)


def vit(w, x, d=24, heads=3, p=8, layers=3, classes=10):
    x = patches(w, x, "patch_embed.proj", d, p)
    token = w("cls_token", [1, 1, d], 1.0).expand(x.shape[0], -1, -1)
    x = torch.cat([token, x], 1)
    x = x + w("pos_embed", [1, x.shape[1], d], 1.0)
    for i in range(layers):
        b = f"blocks.{i}."
        qkv = w.linear(w.norm(x, b + "norm1", d, 1e-6), b + "attn.qkv", d, 3 * d)
        q, k, v = (t.unflatten(-1, (heads, d // heads)).transpose(1, 2) for t in qkv.split(d, -1))
        attended = ((q @ k.transpose(-2, -1)) * (d // heads) ** -0.5).softmax(-1) @ v
        x = x + w.linear(attended.transpose(1, 2).flatten(2), b + "attn.proj", d, d)
        x = x + mlp(w, w.norm(x, b + "norm2", d, 1e-6), b + "mlp", d, 4 * d)
    return w.linear(w.norm(x, "norm", d, 1e-6)[:, 0], "head", d, classes)


def resnet18(w, x, width=8, classes=10):
    def conv(x, name, outputs, kernel, stride):
        return F.conv2d(x, w.matrix(name + ".weight", [outputs, x.shape[1], kernel, kernel]), stride=stride, padding=kernel // 2)

    def norm(x, name):
        c = [x.shape[1]]
        gamma, beta = w(name + ".weight", c, 0.4, 1.0), w(name + ".bias", c, 0.2)
        mean, variance = w(name + ".running_mean", c, 0.2), w(name + ".running_var", c, 0.4, 1.0)
        return F.batch_norm(x, mean, variance, gamma, beta, False, 0.1, 1e-5)

    x = F.max_pool2d(F.relu(norm(conv(x, "conv1", width, 7, 2), "bn1")), 3, 2, 1)
    for stage in range(4):
        for block in range(2):
            b = f"layer{stage + 1}.{block}."
            outputs, stride = width << stage, 2 if stage > 0 and block == 0 else 1
            branch = F.relu(norm(conv(x, b + "conv1", outputs, 3, stride), b + "bn1"))
            branch = norm(conv(branch, b + "conv2", outputs, 3, 1), b + "bn2")
            if stride != 1:
                x = norm(conv(x, b + "downsample.0", outputs, 1, stride), b + "downsample.1")
            x = F.relu(branch + x)
    return w.linear(x.mean((2, 3)), "fc", width * 8, classes)


def bert(w, ids, d=24, heads=3, layers=2, vocabulary=29, length=12):
    e = "bert.embeddings."
    words = w(e + "word_embeddings.weight", [vocabulary, d], 1.0)
    x = F.embedding(ids, words) + w(e + "position_embeddings.weight", [length, d], 1.0)[: ids.shape[1]] + w(e + "token_type_embeddings.weight", [2, d], 1.0)[0]
    x = w.norm(x, e + "LayerNorm", d, 1e-12)
    unseen = torch.where(ids == 0, torch.finfo(torch.float32).min, 0.0)[:, None, None, :]
    for i in range(layers):
        b = f"bert.encoder.layer.{i}."

        def head(name):
            return w.linear(x, b + "attention.self." + name, d, d).unflatten(-1, (heads, d // heads)).transpose(1, 2)

        q, k, v = head("query"), head("key"), head("value")
        mixed = ((q @ k.transpose(-2, -1)) / math.sqrt(d // heads) + unseen).softmax(-1) @ v
        x = w.norm(x + w.linear(mixed.transpose(1, 2).flatten(2), b + "attention.output.dense", d, d), b + "attention.output.LayerNorm", d, 1e-12)
        hidden = F.gelu(w.linear(x, b + "intermediate.dense", d, 4 * d))
        x = w.norm(x + w.linear(hidden, b + "output.dense", 4 * d, d), b + "output.LayerNorm", d, 1e-12)
    bias = w.bias("cls.predictions.bias", vocabulary)
    x = w.norm(F.gelu(w.linear(x, "cls.predictions.transform.dense", d, d)), "cls.predictions.transform.LayerNorm", d, 1e-12)
    return x @ words.T + bias


def image(*shape):
    return torch.tensor((2 * noise(7777, int(np.prod(shape)))).astype(np.float32).astype(np.float64)).reshape(shape)


def tokens(vocabulary, *shape):
    return torch.tensor(np.floor((noise(8888, int(np.prod(shape))) + 0.5) * vocabulary).astype(np.int64)).reshape(shape)


def main():
    padded = tokens(28, 2, 12) + 1
    padded[1, 7:] = 0
    models = {
        "gmlp": lambda w: gmlp(w, image(2, 3, 32, 24)),
        "mixer": lambda w: mixer(w, image(2, 3, 32, 24)),
        "resmlp": lambda w: resmlp(w, image(2, 3, 32, 24), facebook=False),
        "resmlp facebook": lambda w: resmlp(w, image(2, 3, 32, 24), facebook=True),
        "vit": lambda w: vit(w, image(2, 3, 32, 24)),
        "resnet18": lambda w: resnet18(w, image(2, 3, 64, 48)),
        "bert": lambda w: bert(w, padded),
    }
    result = {}
    for name, model in models.items():
        weights = Weights()
        logits = model(weights)
        result[name] = {"tensors": weights.made, "shape": list(logits.shape), "logits": [round(v, 9) for v in logits.flatten().tolist()]}
    print("{")
    print(",\n".join(f'"{name}": {json.dumps(value, separators=(",", ":"))}' for name, value in result.items()))
    print("}")


if __name__ == "__main__":
    main()
