"""What one desk shows at this moment, and the fragments that bring it up to date.

Each region of the page is rendered from the state and sent only when it looks different from what was sent before.
So a message lost, doubled or late cannot leave a desk wrong, and the first message of a stream is simply everything.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache

from console.hub import Batch, Event, Missed, Viewer
from console.memory import Caption
from console.pages import view, words
from console.pages.desk_draft import draft_key, draft_pane, suggestion_parts
from console.pages.ports import CaseView, History, Ports
from console.pages.render import css_string, html, partial
from ivr.board import Board, Operator, Place, Room, Status

log = logging.getLogger(__name__)

CAPTIONS_SHOWN = 200
PENDING_SHOWN = 5
LONG_WAIT_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Sight:
    """The state that one rendering is made from."""

    board: Board
    operator: Operator | None
    room: Room | None
    drafted: Room | None  # whose draft stands in the right-hand pane


@dataclass(frozen=True, slots=True)
class Known:
    """What the case side knows: of the caller, of this call's case, and which earlier calls still wait for theirs."""

    history: History = field(default_factory=History)
    case: CaseView | None = None
    pending: tuple[Room, ...] = ()
    failed: bool = False


class Screen:
    """Belongs to one stream."""

    def __init__(self, ports: Ports, viewer: Viewer) -> None:
        self._ports, self._viewer = ports, viewer
        self._sent: dict[str, Hashable] = {}
        self._lines: set[int] = set()
        self._room_id = self._drafted_id = ""
        self._known = Known()

    # ---- messages
    def full(self) -> str:
        """Everything, whatever was sent before."""
        self._sent.clear()
        sight = self._look()
        self._known = self._ask(sight)
        parts = [*self._regions(sight), self._all_captions(sight.room), *self._draft(sight.drafted, drafted=True)]
        return "".join(parts)

    def update(self, batch: Batch) -> str:
        """What has changed; an empty batch is a tick, on which time alone may have changed something."""
        if batch.lost:
            return self.full()
        mine = [e for e in batch.events if e.room == self._room_id]
        if batch.events and all(e.kind == "caption" for e in batch.events):
            return "".join(self._captions(mine))
        sight = self._look()
        moved = _id(sight.room) != self._room_id
        if moved or _id(sight.drafted) != self._drafted_id or self._stale(batch):
            self._known = self._ask(sight)
        parts = self._regions(sight)
        parts += [self._all_captions(sight.room)] if moved else self._captions(mine)
        drafted = any(e.kind == "draft" and e.room == _id(sight.drafted) for e in batch.events)
        return "".join((*parts, *self._draft(sight.drafted, drafted=drafted)))

    # ---- state
    def _look(self) -> Sight:
        board, me = self._ports.exchange.board(), self._viewer.name
        last = next(iter(self._ports.hub.rooms_of(me)), None)
        room = view.my_room(board, me, last)
        return Sight(board, board.operator(me), room, view.drafted_room(room, me, last))

    def _ask(self, sight: Sight) -> Known:
        """What only the database knows; asked when the call is another one or a case has moved.

        A database that cannot answer must not take the desk away: the calls go on, and the next tick asks again.
        """
        try:
            return self._asked(sight.room, sight.drafted)
        except Exception as error:  # its text may hold a citizen's number, so only its kind is logged
            log.error("the desk cannot read cases: %s", type(error).__name__)
            return replace(self._known, failed=True)

    def _asked(self, room: Room | None, drafted: Room | None) -> Known:
        cases, ended = self._ports.cases, [r for r in self._ports.hub.rooms_of(self._viewer.name) if r.ended_at]
        others = [r for r in ended if r.id not in (_id(room), _id(drafted))][:PENDING_SHOWN]
        return Known(
            history=cases.history(room.caller, room.id) if room else History(),
            case=cases.of_call(drafted.id) if drafted else None,
            pending=tuple(r for r in others if view.met(r) and cases.of_call(r.id) is None),
        )

    def _stale(self, batch: Batch) -> bool:
        """A worker in another process cannot tell the hub that a receipt has come, so ticks ask until all are there."""
        if any(e.kind == "case" or (e.kind == "room" and e.data["ended_at"]) for e in batch.events):
            return True
        if self._known.failed:
            return True
        case = self._known.case
        return not batch.events and case is not None and not all(r.complete for r in case.receipts)

    # ---- regions
    def _regions(self, sight: Sight) -> list[str]:
        board, room, known, minute = sight.board, sight.room, self._known, self._minute()
        long_since = self._ports.now() - timedelta(seconds=LONG_WAIT_SECONDS)
        overdue = tuple(p.joined_at < long_since and not p.callback for p in board.places)
        ready = sum(o.status is Status.READY for o in board.operators)
        bar = view.bar(room, self._viewer.name)
        return [
            *self._region("#wait", wait, board.places, overdue, ready),
            *self._region("#me", status, sight.operator),
            *self._region("#missed", missed, self._ports.hub.missed_callbacks()),
            *self._region("#pending", pending, known.pending),
            *self._region("#call-head", call_head, room, bar),
            *self._region("#caller", caller, room, bar, known, minute),
            *self._region("#room", self._rows, room),
            *self._region("#bar", buttons, bar),
        ]

    def _region(self, target: str, render: Callable[..., str], *inputs: Hashable) -> list[str]:
        """Rendered and sent only when what it is made from differs from the last time."""
        if target in self._sent and self._sent[target] == inputs:
            return []
        self._sent[target] = inputs
        return [partial(target, render(*inputs))]

    def _rows(self, room: Room | None) -> str:
        rows = view.rows(room, self._viewer.name, self._ports.city) if room else ()
        return html("desk/_room.html", room=room, rows=rows)

    def _minute(self) -> int:
        """Texts such as "2 hours left" are made anew each minute."""
        return int(self._ports.now().timestamp() // 60)

    def _all_captions(self, room: Room | None) -> str:
        self._room_id = _id(room)
        lines = self._ports.hub.captions(room.id)[-CAPTIONS_SHOWN:] if room else []
        self._lines = {line.index for line in lines}
        return partial("#captions", "".join(caption_line(line, room) for line in lines))

    def _captions(self, events: Iterable[Event]) -> list[str]:
        latest = {(e.data["leg"], e.data["number"]) for e in events if e.kind == "caption"}
        room = self._ports.hub.room(self._room_id)
        if not latest or room is None:
            return []
        lines = [c for c in self._ports.hub.captions(room.id)[-CAPTIONS_SHOWN:] if (c.leg, c.number) in latest]
        return [self._line(line, room) for line in lines]

    def _line(self, line: Caption, room: Room) -> str:
        if line.index in self._lines:
            return partial(f"#cap-{line.index}", caption_line(line, room), "outerHTML")
        self._lines.add(line.index)
        return partial("#captions", caption_line(line, room), "beforeend")

    def _draft(self, room: Room | None, *, drafted: bool) -> list[str]:
        """The form itself only when another call (or its registered case) takes its place: never under the typing.

        What was typed cannot be read while the database is away; then the pane stays as it is and is tried again.
        """
        self._drafted_id = _id(room)
        try:
            return self._drafted(self._drafted_id, self._known.case, drafted=drafted)
        except Exception as error:
            log.error("the desk cannot read drafts: %s", type(error).__name__)
            self._known = replace(self._known, failed=True)
            return []

    def _drafted(self, call_id: str, case: CaseView | None, *, drafted: bool) -> list[str]:
        key = draft_key(call_id, case)
        if self._sent.get("draft") != key:
            pane = draft_pane(self._ports, call_id, case)
            self._sent["draft"] = key
            return [partial("#p-draft", pane)]
        if case is not None:
            return self._region(f'#receipts[data-no="{css_string(case.no)}"]', receipts, case, self._minute())
        return suggestion_parts(self._ports, call_id) if drafted else []


def _id(room: Room | None) -> str:
    return room.id if room else ""


@lru_cache(maxsize=16)
def wait(places: tuple[Place, ...], overdue: tuple[bool, ...], ready: int) -> str:
    """The same for every desk, so it is rendered once for all."""
    return html("desk/_wait.html", places=list(zip(places, overdue, strict=True)), ready=ready)


def status(operator: Operator | None) -> str:
    return html("desk/_me.html", operator=operator, choice=choice(operator))


def choice(operator: Operator | None) -> str:
    """The entry of the status list that fits; "" when the operator is in a state that cannot be chosen."""
    if operator is None:
        return "away"
    if operator.status == "ready":
        return "ready"
    fits = (k for k, (status, why) in words.CHOICES.items() if (status, why) == (operator.status, operator.reason))
    return next(fits, "")


def missed(callbacks: tuple[Missed, ...]) -> str:
    return html("desk/_missed.html", callbacks=callbacks)


def pending(rooms: tuple[Room, ...]) -> str:
    return html("desk/_pending.html", rooms=rooms)


def call_head(room: Room | None, bar: view.Bar) -> str:
    return html("desk/_call_head.html", room=room, bar=bar)


def caller(room: Room | None, bar: view.Bar, known: Known, _minute: int) -> str:
    return html("desk/_caller.html", room=room, bar=bar, known=known)


def buttons(bar: view.Bar) -> str:
    return html("desk/_bar.html", bar=bar)


def receipts(case: CaseView, _minute: int) -> str:
    return html("desk/_receipts.html", case=case)


def caption_line(line: Caption, room: Room | None) -> str:
    at = room.opened_at + timedelta(seconds=line.start) if room else None
    return html("desk/_caption.html", line=line, at=at)
