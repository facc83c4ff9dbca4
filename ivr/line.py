"""The waiting line (排队): who is next, and which operator is called for them. Pure.

A place is a row without a leg: it knows nothing of channels, so callbacks and Twilio calls stand in the same line.

Rules
1. Order: whoever joined first; a priority counts as having come PRIORITY_SECONDS earlier. Because waiting time grows
   for everybody alike, an ordinary citizen is never starved: after that many seconds nobody newer can pass.
2. Operator: ready and idle, longest idle first. One citizen is offered to one operator at a time.
3. No answer or a refusal: the next operator. Whoever did not come is called by nobody for REST_SECONDS, so that a newer
   citizen does not pass; when all have been tried, the round starts again.
   A telephone that cannot be reached pauses its operator, and says so: it would swallow every call.
4. Nobody ready (whatever their telephones do): `no_operators`, at once or when the last one pauses.
5. A callback keeps its place while nobody is ready (its window ends it, `ivr/callbacks.py`), and is passed over while
   its citizen waits here in person or was tried a moment ago.
6. A citizen whom the hotline has called (`spare`) is not given the last operator who is free: that one is kept for
   whoever dials 12345.
7. A telephone that was told to stop ringing is not called again before it has stopped: only `not_answered`,
   `operator_free` and `operator_busy` change what a telephone does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ivr.board import Activity, Cause, Operator, Place, Status

PRIORITY_SECONDS = 120
REST_SECONDS = 3
UNREACHABLE = "话机无法接通，来电转给了别人。检查话机后请重新就绪"
LIMIT = 200  # places; at 15 s to an answer this is far beyond any number of operators that could serve it


@dataclass(frozen=True, slots=True)
class Waiting:
    """One citizen in the line. `offered` is the operator whose telephone rings for them."""

    call_id: str
    caller: str = field(repr=False)
    joined_at: datetime
    priority: int = 0
    max_wait: float | None = None  # seconds
    offered: str | None = None
    tried: frozenset[str] = frozenset()
    callback: bool = False
    not_before: datetime | None = None  # a callback that was tried rests until then
    kept_since: datetime | None = None  # the place that their callback has kept for them
    spare: int = 0  # operators who must stay free besides

    @property
    def rank(self) -> tuple[datetime, str]:
        """Smaller is served first."""
        since = self.kept_since or self.joined_at
        return since - timedelta(seconds=self.priority * PRIORITY_SECONDS), self.call_id


@dataclass(frozen=True, slots=True)
class Line:
    """Who waits, best place first, and what the operators do. `rests`: operator -> not called before."""

    waiting: tuple[Waiting, ...] = ()
    operators: tuple[Operator, ...] = ()
    rests: Mapping[str, datetime] = field(default_factory=dict)

    def find(self, call_id: str) -> Waiting | None:
        return next((w for w in self.waiting if w.call_id == call_id), None)

    def operator(self, name: str) -> Operator | None:
        return next((o for o in self.operators if o.name == name), None)

    def places(self) -> tuple[Place, ...]:
        return tuple(
            Place(w.call_id, w.caller, w.joined_at, w.priority, n, w.callback, w.not_before)
            for n, w in enumerate(self.waiting, 1)
        )

    @property
    def ready(self) -> int:
        return sum(o.status is Status.READY for o in self.operators)


# ---- what the line wants done
@dataclass(frozen=True, slots=True)
class Offer:
    """Ring this operator for this citizen."""

    call_id: str
    operator: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Stop ringing this operator for this citizen."""

    call_id: str
    operator: str


@dataclass(frozen=True, slots=True)
class Expire:
    """The wait is over without a talk: `timeout` or `no_operators`."""

    call_id: str
    how: str


Action = Offer | Withdraw | Expire
Step = tuple[Line, tuple[Action, ...]]


# ---- what happens to the line
def join(line: Line, waiting: Waiting, now: datetime) -> Step | str:
    """Take a place. Returns `no_operators` or `full` instead when there is no sense in waiting."""
    if line.find(waiting.call_id):
        return line, ()
    if line.ready <= waiting.spare and not waiting.callback:
        return "no_operators"
    if len(line.waiting) >= LIMIT:
        return "full"
    return settle(replace(line, waiting=tuple(sorted((*line.waiting, waiting), key=lambda w: w.rank))), now)


def leave(line: Line, call_id: str, now: datetime) -> Step:
    """The citizen is gone or was answered; a telephone still ringing for them is told to stop."""
    gone = line.find(call_id)
    if gone is None:
        return line, ()
    line, actions = settle(_without(line, {call_id}), now)
    return line, (*_withdrawn(gone), *actions)


def answered(line: Line, call_id: str, operator: str, now: datetime) -> Step:
    """An operator is in the room: the place is done. Another telephone that rings for it stops."""
    line = operator_busy(line, operator, call_id, now)
    entry = line.find(call_id)
    if entry and entry.offered == operator:
        line = _waiting(line, call_id, offered=None)
    return leave(line, call_id, now)


def not_answered(line: Line, call_id: str, operator: str, cause: Cause, now: datetime) -> Step:
    """The offered operator did not come, and the telephone is still: rule 3."""
    person, entry = line.operator(operator), line.find(call_id)
    if person and person.activity is Activity.RINGING and person.room == call_id:
        line = set_activity(line, operator, Activity.IDLE, now)
    if entry and entry.offered == operator:
        line = _waiting(line, call_id, offered=None, tried=entry.tried | {operator})
        line = replace(line, rests={**line.rests, operator: now + timedelta(seconds=REST_SECONDS)})
        if cause is Cause.UNREACHABLE and person and person.status is Status.READY:
            line = set_status(line, operator, Status.PAUSED, now, reason=UNREACHABLE)
    return settle(line, now)


def tick(line: Line, now: datetime) -> Step:
    """Time has passed."""
    return settle(line, now)


def operator_says(line: Line, name: str, status: Status, now: datetime, reason: str = "") -> Step:
    """An operator is ready, paused or away. A telephone that rings for one who is no longer ready stops ringing."""
    line = set_status(line, name, status, now, reason=reason)
    ringing = next((w for w in line.waiting if w.offered == name), None)
    if ringing is None or status is Status.READY:
        return settle(line, now)
    line, actions = settle(_waiting(line, ringing.call_id, offered=None), now)
    return line, (*_withdrawn(ringing), *actions)


def operator_free(line: Line, name: str, now: datetime, *, wrap_up: bool = False) -> Step:
    """An operator's telephone is still (`wrap_up`: after-call work begins), or the after-call work is done."""
    return settle(set_activity(line, name, Activity.AFTER_CALL if wrap_up else Activity.IDLE, now), now)


def operator_busy(line: Line, name: str, room: str, now: datetime, activity: Activity = Activity.TALKING) -> Line:
    """The operator's telephone is taken, by an offer or by a colleague. Whoever never said anything counts as away."""
    if line.operator(name) is None:
        line = set_status(line, name, Status.AWAY, now)
    return set_activity(line, name, activity, now, room=room)


# ---- the parts
def settle(line: Line, now: datetime) -> Step:
    """Everything that follows from the line as it is: waits that are over, then offers, best place first."""
    over = {w.call_id: how for w in line.waiting if (how := _over(line, w, now))}
    actions: list[Action] = []
    for w in line.waiting:
        if w.call_id in over:
            actions += [*_withdrawn(w), Expire(w.call_id, over[w.call_id])]
    line = _without(line, set(over))
    here = {w.caller for w in line.waiting if not w.callback}
    for w in line.waiting:
        if w.offered or (w.callback and (w.caller in here or now < (w.not_before or now))):
            continue
        operator = _choose(line, w, now)
        if operator is None and w.spare:
            continue
        if operator is None:
            break  # nobody is free for this place, so nobody is for the next
        line = _offered(line, w, operator, now)
        actions.append(Offer(w.call_id, operator))
    return line, tuple(actions)


def _over(line: Line, w: Waiting, now: datetime) -> str:
    if w.callback:
        return ""
    if line.ready <= w.spare:
        return "no_operators"
    if w.max_wait is not None and now >= w.joined_at + timedelta(seconds=w.max_wait):
        return "timeout"
    return ""


def _choose(line: Line, w: Waiting, now: datetime) -> str | None:
    """The longest idle of those not tried yet for this citizen; of all when everybody free has been tried."""
    free = [o for o in line.operators if o.status is Status.READY and o.activity is Activity.IDLE
            and now >= line.rests.get(o.name, now)]  # fmt: skip
    if len(free) <= w.spare:
        return None
    fresh = [o for o in free if o.name not in w.tried] or free
    return min(fresh, key=lambda o: (o.since, o.name)).name if fresh else None


def _offered(line: Line, w: Waiting, operator: str, now: datetime) -> Line:
    tried = frozenset() if operator in w.tried else w.tried  # a new round
    line = replace(line, rests={name: until for name, until in line.rests.items() if name != operator and until > now})
    line = set_activity(line, operator, Activity.RINGING, now, room=w.call_id)
    return _waiting(line, w.call_id, offered=operator, tried=tried)


def _withdrawn(w: Waiting) -> tuple[Action, ...]:
    return (Withdraw(w.call_id, w.offered),) if w.offered else ()


def _without(line: Line, calls: set[str]) -> Line:
    return replace(line, waiting=tuple(w for w in line.waiting if w.call_id not in calls)) if calls else line


def _waiting(line: Line, call_id: str, **changes: Any) -> Line:
    return replace(line, waiting=tuple(replace(w, **changes) if w.call_id == call_id else w for w in line.waiting))


def set_activity(line: Line, name: str, activity: Activity, now: datetime, room: str | None = None) -> Line:
    """Note what an operator's telephone does. `since` restarts only when something changes."""

    def change(o: Operator) -> Operator:
        same = (o.activity, o.room) == (activity, room)
        return o if same else replace(o, activity=activity, room=room, since=now)

    return _operators(line, name, change)


def set_status(line: Line, name: str, status: Status, now: datetime, *, reason: str = "") -> Line:
    """Note what an operator says; a name that is new joins the operators."""
    if line.operator(name) is None:
        return replace(line, operators=(*line.operators, Operator(name, status, now, reason=reason)))

    def change(o: Operator) -> Operator:
        since = o.since if o.status is status or o.activity is not Activity.IDLE else now
        return replace(o, status=status, reason=reason, since=since)

    return _operators(line, name, change)


def _operators(line: Line, name: str, change: Callable[[Operator], Operator]) -> Line:
    return replace(line, operators=tuple(change(o) if o.name == name else o for o in line.operators))
