"""How far the human is: keys and seconds on the quickest way to a waiting line.

The citizen wants a human and chooses the best key; hours, lists and answers fall out as badly as they can. That is
Knuth's generalisation of Dijkstra's algorithm: a question takes its cheapest exit, everything else its dearest.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

from ivr.flow import Ask, Dial, DoAction, Flow, Flows, Node, Queue, Recording, Say
from ivr.ways import Arc, Spot, lay_out, leading_to

SECONDS_PER_SIGN = 0.24  # of Mandarin: about 250 signs a minute
SECONDS_PER_KEY = 2.0  # to decide and to press


@dataclass(frozen=True, slots=True, order=True)
class Distance:
    seconds: float
    keys: int

    def plus(self, seconds: float, keys: int = 0) -> Distance:
        return Distance(self.seconds + seconds, self.keys + keys)


def is_human(spot: Spot) -> bool:
    return isinstance(spot.node.act, Queue | Dial)


def distance(flows: Flows, flow: Flow) -> Distance | None:
    """None when no human can be reached."""
    spots = lay_out(flows, flow, flow.entry)
    return _Search(flows, spots).run()


def speaking_seconds(flows: Flows, language: str, prompt_ids: Iterable[str]) -> float:
    """How long it takes to say these prompts, estimated from their texts."""
    texts = (p.text for i in prompt_ids if (p := flows.prompt(i, language)))
    return sum(len(text) * SECONDS_PER_SIGN for text in texts)


class _Search:
    def __init__(self, flows: Flows, spots: list[Spot]) -> None:
        self._flows, self._spots = flows, spots
        self._human = leading_to(spots, is_human)
        self._final: dict[int, Distance] = {}
        self._heap: list[tuple[Distance, int]] = []
        self._waiting: dict[int, int] = {}  # spot -> arcs whose goal has no distance yet
        self._worst: dict[int, Distance] = {}
        self._sources: dict[int, list[tuple[int, Arc]]] = {}

    def run(self) -> Distance | None:
        for number in sorted(self._human):
            self._prepare(number, self._spots[number])
        while 0 in self._human and 0 not in self._final:
            if not self._heap:
                self._break_circle()
            found, number = heapq.heappop(self._heap)
            if number not in self._final:
                self._final[number] = found
                self._spread(number, found)
        return self._final.get(0)

    def _prepare(self, number: int, spot: Spot) -> None:
        if is_human(spot):
            heapq.heappush(self._heap, (Distance(0.0, 0), number))
            return
        arcs = [arc for arc in spot.arcs if arc.goal in self._human]
        self._waiting[number] = len(arcs)
        for arc in arcs:
            self._sources.setdefault(arc.goal, []).append((number, arc))

    def _spread(self, goal: int, found: Distance) -> None:
        for number, arc in self._sources.get(goal, ()):
            spot = self._spots[number]
            if isinstance(spot.node.act, Ask):
                heapq.heappush(self._heap, (self._asked(spot, spot.node.act, arc, found), number))
                continue
            worst = self._worst.get(number, found)
            self._worst[number] = Distance(max(worst.seconds, found.seconds), max(worst.keys, found.keys))
            self._waiting[number] -= 1
            if self._waiting[number] == 0:
                self._settle(number)

    def _settle(self, number: int) -> None:
        spot = self._spots[number]
        heapq.heappush(self._heap, (self._worst[number].plus(self._own_seconds(spot.node, spot.flow)), number))

    def _break_circle(self) -> None:
        """What is left waits for itself, over a counted node: take what is known so far."""
        for number in [n for n in self._worst if n not in self._final]:
            self._settle(number)

    def _asked(self, spot: Spot, act: Ask, arc: Arc, found: Distance) -> Distance:
        question = speaking_seconds(self._flows, spot.flow.language, act.prompts)
        if arc.exit in ("no_input", "no_match", "too_many"):
            return found.plus(act.tries * (question + act.timeout))
        keys = act.digits.min if act.digits else 1
        return found.plus(question + keys * SECONDS_PER_KEY, keys)

    def _own_seconds(self, node: Node, flow: Flow) -> float:
        match node.act:
            case Say(prompts):
                return speaking_seconds(self._flows, flow.language, prompts)
            case Recording(notice=notice):
                return speaking_seconds(self._flows, flow.language, (notice,))
            case DoAction(timeout=timeout):
                return timeout
            case _:
                return 0.0
