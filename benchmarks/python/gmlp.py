"""The gMLP of recipes/digits.json, from the formulas of Liu et al. 2021 ("Pay Attention to MLPs"), with timm's names."""
import torch
from torch import nn
from torch.nn import functional as F


class SpatialGatingUnit(nn.Module):
    """Z1 * (W LayerNorm(Z2) + beta); W maps along tokens."""

    def __init__(self, channels, tokens):
        super().__init__()
        self.norm = nn.LayerNorm(channels, eps=1e-5)
        self.proj = nn.Linear(tokens, tokens)
        nn.init.normal_(self.proj.weight, std=1e-6)
        nn.init.ones_(self.proj.bias)

    def forward(self, z):
        z1, z2 = z.chunk(2, dim=-1)
        return z1 * self.proj(self.norm(z2).transpose(1, 2)).transpose(1, 2)


class GatedMlp(nn.Module):
    def __init__(self, d_model, d_ffn, tokens):
        super().__init__()
        self.fc1 = nn.Linear(d_model, d_ffn)
        self.gate = SpatialGatingUnit(d_ffn // 2, tokens)
        self.fc2 = nn.Linear(d_ffn // 2, d_model)

    def forward(self, x):
        return self.fc2(self.gate(F.gelu(self.fc1(x))))


class Block(nn.Module):
    def __init__(self, d_model, d_ffn, tokens, survival):
        super().__init__()
        self.norm = nn.LayerNorm(d_model, eps=1e-6)
        self.mlp_channels = GatedMlp(d_model, d_ffn, tokens)
        self.survival = survival

    def forward(self, x):
        branch = self.mlp_channels(self.norm(x))
        if self.training and self.survival < 1:
            kept = x.new_empty(x.shape[0], 1, 1).bernoulli_(self.survival).div_(self.survival)
            branch = branch * kept
        return x + branch


class Gmlp(nn.Module):
    """Images [batch, channels, side, side] with pixels in [0, 1] -> logits [batch, classes]."""

    def __init__(self, side=8, channels=1, classes=10, patch=2, d_model=48, d_ffn=192, layers=4, survival=0.9, mean=0.3, std=0.38):
        super().__init__()
        tokens = (side // patch) ** 2
        self.patch, self.mean, self.std = patch, mean, std
        self.stem = nn.Module()
        self.stem.proj = nn.Conv2d(channels, d_model, patch, stride=patch)
        self.blocks = nn.ModuleList(Block(d_model, d_ffn, tokens, survival) for _ in range(layers))
        self.norm = nn.LayerNorm(d_model, eps=1e-6)
        self.head = nn.Linear(d_model, classes)

    def forward(self, images):
        x = (images - self.mean) / self.std
        b, c, h, w = x.shape
        p = self.patch
        # A convolution whose stride is its kernel, written as one matrix product, as in the C# network.
        patches = x.reshape(b, c, h // p, p, w // p, p).permute(0, 2, 4, 1, 3, 5).reshape(b, (h // p) * (w // p), c * p * p)
        x = F.linear(patches, self.stem.proj.weight.flatten(1), self.stem.proj.bias)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x).mean(1))
