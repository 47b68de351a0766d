"""gmlp_text.py: the gMLP of a masked language model, as the C# side's names have it."""
import torch
from torch import nn
from torch.nn import functional as F


class Gate(nn.Module):
    def __init__(self, half, tokens):
        super().__init__()
        self.norm = nn.LayerNorm(half)
        self.proj = nn.Linear(tokens, tokens)

    def forward(self, z):
        z1, z2 = z.chunk(2, -1)
        return z1 * self.proj(self.norm(z2).transpose(1, 2)).transpose(1, 2)


class Mlp(nn.Module):
    def __init__(self, d, e, tokens):
        super().__init__()
        self.fc1 = nn.Linear(d, e)
        self.gate = Gate(e // 2, tokens)
        self.fc2 = nn.Linear(e // 2, d)

    def forward(self, x):
        return self.fc2(self.gate(F.gelu(self.fc1(x))))


class Block(nn.Module):
    def __init__(self, d, e, tokens):
        super().__init__()
        self.norm = nn.LayerNorm(d)
        self.mlp_channels = Mlp(d, e, tokens)

    def forward(self, x):
        return x + self.mlp_channels(self.norm(x))


class Encoder(nn.Module):
    def __init__(self, vocabulary, d, e, layers, tokens):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, d)
        self.blocks = nn.ModuleList(Block(d, e, tokens) for _ in range(layers))
        self.norm = nn.LayerNorm(d)

    def forward(self, ids):
        x = self.embed(ids)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


class Masked(nn.Module):
    """The loss of the hidden tokens; targets are -100 elsewhere. The vocabulary is scored at hidden tokens only."""

    def __init__(self, vocabulary, d=64, e=384, layers=6, tokens=128):
        super().__init__()
        self.encoder = Encoder(vocabulary, d, e, layers, tokens)
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def forward(self, ids, targets):
        hidden = self.encoder(ids)
        flat = targets.reshape(-1)
        places = flat.ne(-100).nonzero().squeeze(1)
        logits = F.linear(hidden.reshape(-1, hidden.shape[2]).index_select(0, places), self.encoder.embed.weight, self.bias)
        return F.cross_entropy(logits, flat.index_select(0, places))


def optimizer(model):
    return torch.optim.AdamW(
        [
            {"params": [p for p in model.parameters() if p.dim() > 1], "weight_decay": 0.01},
            {"params": [p for p in model.parameters() if p.dim() <= 1], "weight_decay": 0.0},
        ],
        lr=2e-3, betas=(0.9, 0.999), eps=1e-6, foreach=True)


def step(model, adam, ids, targets):
    loss = model(ids, targets)
    adam.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    adam.step()
    return loss.item()
