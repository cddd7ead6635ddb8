"""Vectors of padded texts, and torch's attention with our weights."""

import torch

X = torch.randn(3, 5, 8, generator=torch.Generator().manual_seed(0))
MASK = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 0, 0, 0, 0]], dtype=torch.bool)


def copy_attention(ours, theirs):
    theirs.in_proj_weight.data, theirs.in_proj_bias.data = ours.in_proj.weight, ours.in_proj.bias
    theirs.out_proj.weight.data, theirs.out_proj.bias.data = (
        ours.out_proj.weight,
        ours.out_proj.bias,
    )
