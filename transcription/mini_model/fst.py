"""A finite-state transducer as a plain list of arcs, and its way to and from kaldifst. State 0 is the start."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import Any

Arc = tuple[int, int, float, int]  # input label, output label, cost, next state


@dataclass
class Fst:
    """`arcs[state]` and `final[state]` (the cost of ending there)."""

    arcs: list[list[Arc]] = field(default_factory=list)
    final: dict[int, float] = field(default_factory=dict)

    def state(self) -> int:
        self.arcs.append([])
        return len(self.arcs) - 1

    def arc(self, at: int, reads: int, writes: int, cost: float, to: int) -> None:
        self.arcs[at].append((reads, writes, cost, to))

    def compiled(self, sort: str = "ilabel") -> Any:
        """As kaldifst's vector FST, its arcs sorted by `ilabel` or `olabel`."""
        import kaldifst

        fst = kaldifst.compile(self._text(), keep_state_numbering=True)
        kaldifst.arcsort(fst, sort)
        return fst

    def _text(self) -> str:
        lines = []
        for state, arcs in enumerate(self.arcs):
            lines += [f"{state}\t{to}\t{reads}\t{writes}\t{cost:.6g}" for reads, writes, cost, to in arcs]
            if state in self.final:
                lines.append(f"{state}\t{self.final[state]:.6g}")
        return "\n".join(lines) + "\n"


def from_kaldifst(fst: Any) -> Fst:
    import kaldifst

    copy = Fst()
    for state in kaldifst.StateIterator(fst):
        while len(copy.arcs) <= state:
            copy.state()
        for a in kaldifst.ArcIterator(fst, state):
            copy.arc(state, a.ilabel, a.olabel, float(a.weight.value), a.nextstate)
        cost = float(fst.final(state).value)
        if cost < inf:
            copy.final[state] = cost
    if fst.start != 0:
        raise ValueError(f"the start state is {fst.start}, not 0")
    return copy
