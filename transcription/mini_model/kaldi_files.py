"""Kaldi's binary layout of `am/final.mdl`, as `hmm/transition-model.cc` and `nnet3/am-nnet-simple.cc` read it.

Every scalar carries a byte with its size; a token is text that ends with one space.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from typing import Any

from transcription.mini_model.lexicon import NOISE, SILENCE, Lexicon, base

NNET = b"<Nnet3> "
STAY = 0.5  # probability of staying in a state for another 30 ms
STAY_IN_SILENCE = 0.75


def token(text: str) -> bytes:
    return text.encode() + b" "


def int32(value: int) -> bytes:
    return b"\x04" + struct.pack("<i", value)


def float32(value: float) -> bytes:
    return b"\x04" + struct.pack("<f", value)


def float64(value: float) -> bytes:
    return b"\x08" + struct.pack("<d", value)


def integers(values: Sequence[int]) -> bytes:
    return int32(len(values)) + struct.pack(f"<{len(values)}i", *values)


def vector(values: Sequence[float]) -> bytes:
    return token("FV") + int32(len(values)) + struct.pack(f"<{len(values)}f", *values)


def matrix(rows: Any) -> bytes:
    """A numpy array of two dimensions."""
    data: bytes = rows.astype("<f4").tobytes()
    return token("FM") + int32(rows.shape[0]) + int32(rows.shape[1]) + data


class Topology:
    """The states of every phoneme and Kaldi's transition-ids: two for each state, to stay (odd) and to go on (even).

    State k of a phoneme leads to itself and to k + 1; the last one emits nothing.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.phones = [(n, *_states(name, lexicon)) for name, n in lexicon.phone_ids.items() if n]
        self.states = [(phone, k, output) for phone, outputs, _stay in self.phones for k, output in enumerate(outputs)]
        self.ids = {(phone, k): (2 * n + 1, 2 * n + 2) for n, (phone, k, _output) in enumerate(self.states)}
        stay = {phone: p for phone, _outputs, p in self.phones}
        both = ((stay[phone], 1 - stay[phone]) for phone, _k, _output in self.states)
        self.log_probs = [0.0, *(math.log(p) for pair in both for p in pair)]

    @property
    def last_id(self) -> int:
        return len(self.log_probs) - 1

    def to_bytes(self) -> bytes:
        """`<TransitionModel>`."""
        kinds = sorted({(len(outputs), stay) for _phone, outputs, stay in self.phones})
        numbers = [phone for phone, _outputs, _stay in self.phones]
        kind_of = [-1] * (max(numbers) + 1)
        for phone, outputs, stay in self.phones:
            kind_of[phone] = kinds.index((len(outputs), stay))
        body = token("<TransitionModel>") + token("<Topology>") + integers(numbers) + integers(kind_of)
        body += int32(len(kinds)) + b"".join(_entry(states, stay) for states, stay in kinds)
        body += token("</Topology>") + token("<Triples>") + int32(len(self.states))
        body += b"".join(int32(n) for state in self.states for n in state)
        return body + token("</Triples>") + token("<LogProbs>") + vector(self.log_probs) + token("</LogProbs>") + END


END = token("</TransitionModel>")


def _states(name: str, lexicon: Lexicon) -> tuple[list[int], float]:
    quiet = name in (SILENCE, NOISE)
    return lexicon.outputs["SPN" if name == NOISE else base(name)], STAY_IN_SILENCE if quiet else STAY


def _entry(states: int, stay: float) -> bytes:
    body = int32(states + 1)
    for k in range(states):
        body += int32(k) + int32(2) + int32(k) + float32(stay) + int32(k + 1) + float32(1 - stay)
    return body + int32(-1) + int32(0)


def affine(weights: Any, bias: Any) -> bytes:
    parts = token("<LinearParams>") + matrix(weights) + token("<BiasParams>") + vector(bias.tolist())
    return token("<FixedAffineComponent>") + parts + token("</FixedAffineComponent>")


def nonlinear(kind: str, size: int) -> bytes:
    """`RectifiedLinearComponent` or `LogSoftmaxComponent`, without the statistics that only Kaldi's trainer needs."""
    empty = token("<ValueAvg>") + vector([]) + token("<DerivAvg>") + vector([]) + token("<Count>") + float64(0)
    more = token("<OderivRms>") + vector([]) + token("<OderivCount>") + float64(0)
    return token(f"<{kind}>") + token("<Dim>") + int32(size) + empty + more + token(f"</{kind}>")


def network(
    lines: Iterable[str], components: Sequence[tuple[str, bytes]], context: int, priors: Sequence[float]
) -> bytes:
    """`<Nnet3>`: the wiring as text, the components, how far it looks to each side, how common each output is."""
    body = NNET + b"\n" + "".join(line + "\n" for line in lines).encode() + b"\n"
    body += token("<NumComponents>") + int32(len(components))
    body += b"".join(token("<ComponentName>") + token(name) + part for name, part in components)
    sides = token("<LeftContext>") + int32(context) + token("<RightContext>") + int32(context)
    return body + token("</Nnet3>") + sides + token("<Priors>") + vector(priors)


def acoustic_model(topology: Topology, nnet: bytes) -> bytes:
    """The whole of final.mdl."""
    return b"\x00B" + topology.to_bytes() + nnet


def network_of(model: bytes) -> bytes:
    """The trained network out of a final.mdl: what stays when only words change."""
    at = model.find(END + NNET)
    if at < 0:
        raise ValueError("am/final.mdl holds no network; build with --train")
    return model[at + len(END) :]
