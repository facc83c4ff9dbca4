"""The acoustic model: a small time-delay network (Peddinti, Povey and Khudanpur 2015), and its form for Kaldi.

It looks 150 ms to each side. Layer 2 steps from frames of 10 ms to outputs of 30 ms. Needs torch.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from transcription.mini_model.features import SIZE
from transcription.mini_model.kaldi_files import affine, network, nonlinear

LAYERS = ((5, 1), (3, 3), (3, 1), (3, 1), (3, 1), (3, 1))  # (how many inputs, step)
CONTEXT = 2 + 1 + 3 * 4  # frames of 10 ms to each side
DROPOUT = 0.1
LEAST_PRIOR = 1e-4


class Network(nn.Module):  # type: ignore[misc]  # torch is not installed where types are checked
    """(batch, frames + 2 x CONTEXT, 40) -> (batch, outputs, scores)."""

    def __init__(self, outputs: int, width: int = 128) -> None:
        super().__init__()
        sizes = [SIZE, *[width] * len(LAYERS)]
        self.affines = nn.ModuleList(
            nn.Conv1d(size, width, taps, stride=step) for size, (taps, step) in zip(sizes, LAYERS, strict=False)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for _ in LAYERS)
        self.out = nn.Conv1d(width, outputs, 1)
        self.register_buffer("mean", torch.zeros(SIZE))
        self.register_buffer("spread", torch.ones(SIZE))

    def forward(self, x: Any) -> Any:
        hidden = ((x - self.mean) / self.spread).transpose(1, 2)
        for layer, norm in zip(self.affines, self.norms, strict=True):
            hidden = functional.dropout(functional.relu(norm(layer(hidden))), DROPOUT, self.training)
        return self.out(hidden).transpose(1, 2)


def to_kaldi(net: Network, counts: Any) -> bytes:
    """`<Nnet3>` of final.mdl. Normalisations are folded into the affines. `counts`: how often each output was right."""
    import numpy as np

    net.eval()
    lines, components, source, frames = [f"input-node name=input dim={SIZE}"], [], "input", 1
    for n, (taps, step) in enumerate(LAYERS, 1):
        weights, bias = _folded(net, n - 1)
        offsets = [(k - taps // 2) * frames for k in range(taps)]
        frames *= step
        terms = (source if offset == 0 else f"Offset({source}, {offset})" for offset in offsets)
        lines.append(_node(f"tdnn{n}.affine", f"Append({', '.join(terms)})"))
        lines.append(_node(f"tdnn{n}.relu", f"tdnn{n}.affine"))
        columns = np.concatenate([weights[:, :, k] for k in range(taps)], axis=1)
        components.append((f"tdnn{n}.affine", affine(columns, bias)))
        components.append((f"tdnn{n}.relu", nonlinear("RectifiedLinearComponent", len(weights))))
        source = f"tdnn{n}.relu"
    weights = net.out.weight.detach().numpy()[:, :, 0]
    lines += [_node("output.affine", source), _node("output.log-softmax", "output.affine")]
    lines.append("output-node name=output input=output.log-softmax objective=linear")
    components.append(("output.affine", affine(weights, net.out.bias.detach().numpy())))
    components.append(("output.log-softmax", nonlinear("LogSoftmaxComponent", len(weights))))
    priors = np.maximum(counts, counts.sum() * LEAST_PRIOR)
    return network(lines, components, CONTEXT, (priors / priors.sum()).tolist())


def _node(name: str, source: str) -> str:
    return f"component-node name={name} component={name} input={source}"


def _folded(net: Network, n: int) -> tuple[Any, Any]:
    """Weights and bias of a layer with its batch-norm (and, first of all, the input's mean and spread) inside."""
    layer, norm = net.affines[n], net.norms[n]
    weights, bias = layer.weight.detach().double().numpy(), layer.bias.detach().double().numpy()
    if n == 0:
        weights = weights / net.spread.double().numpy()[None, :, None]
        bias = bias - (weights * net.mean.double().numpy()[None, :, None]).sum((1, 2))
    gain = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach().double().numpy()
    shift = norm.bias.detach().double().numpy() - norm.running_mean.double().numpy() * gain
    return weights * gain[:, None, None], bias * gain + shift
