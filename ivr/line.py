"""The waiting line (排队): who is next, and which operator is called for them. Pure.

A place is a row without a leg: it knows nothing of channels, so callbacks and Twilio calls stand in the same line.

Rules
1. Order: whoever joined first; a priority counts as having come PRIORITY_SECONDS earlier. Because waiting time grows
   for everybody alike, an ordinary citizen is never starved: after that many seconds nobody newer can pass.
2. Operator: ready and idle, longest idle first. One citizen is offered to one operator at a time.
3. No answer or a refusal: the next operator. When all have been tried, the round starts again after RETRY_SECONDS.
   A telephone that cannot be reached pauses its operator, and says so: it would swallow every call.
4. Nobody ready (whatever their telephones do): `no_operators`, at once or when the last one pauses.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ivr.board import Activity, Cause, Operator, Place, Status

PRIORITY_SECONDS = 120
RETRY_SECONDS = 3
UNREACHABLE = "话机无法接通，来电已转给别人。请检查话机，再点“就绪”"
LIMIT = 200  # places; at 15 s to an answer this is far beyond any number of operators that could serve it


@dataclass(frozen=True, slots=True)
class Waiting:
    """One citizen in the line. `offered` is the operator whose telephone rings for them."""

    call_id: str
    caller: str
    joined_at: datetime
    priority: int = 0
    max_wait: float | None = None  # seconds
    offered: str | None = None
    tried: frozenset[str] = frozenset()
    retry_at: datetime | None = None

    @property
    def rank(self) -> tuple[datetime, str]:
        return self.joined_at - timedelta(seconds=self.priority * PRIORITY_SECONDS), self.call_id


@dataclass(frozen=True, slots=True)
class Line:
    waiting: tuple[Waiting, ...] = ()
    operators: tuple[Operator, ...] = field(default=())

    def find(self, call_id: str) -> Waiting | None:
        return next((w for w in self.waiting if w.call_id == call_id), None)

    def operator(self, name: str) -> Operator | None:
        return next((o for o in self.operators if o.name == name), None)

    def places(self) -> tuple[Place, ...]:
        return tuple(Place(w.call_id, w.caller, w.joined_at, w.priority, n) for n, w in enumerate(self.waiting, 1))

    @property
    def anybody_ready(self) -> bool:
        return any(o.status is Status.READY for o in self.operators)


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
    if not line.anybody_ready:
        return "no_operators"
    if len(line.waiting) >= LIMIT:
        return "full"
    return settle(replace(line, waiting=tuple(sorted((*line.waiting, waiting), key=lambda w: w.rank))), now)


def leave(line: Line, call_id: str, now: datetime) -> Step:
    """The citizen is gone or was answered; a telephone still ringing for them stops."""
    gone = line.find(call_id)
    if gone is None:
        return line, ()
    line = replace(line, waiting=tuple(w for w in line.waiting if w.call_id != call_id))
    stop = (Withdraw(call_id, gone.offered),) if gone.offered else ()
    line, actions = settle(line, now)
    return line, (*stop, *actions)


def answered(line: Line, call_id: str, operator: str, now: datetime) -> Step:
    """The offered operator is in the room: the place is done, nobody stops ringing."""
    line = _waiting(line, call_id, offered=None)
    line, actions = leave(line, call_id, now)
    line = set_activity(line, operator, Activity.TALKING, now, room=call_id)
    return line, actions


def not_answered(line: Line, call_id: str, operator: str, cause: Cause, now: datetime) -> Step:
    """The offered operator did not come: rule 3."""
    person = line.operator(operator)
    if person and person.activity is Activity.RINGING:
        line = set_activity(line, operator, Activity.IDLE, now)
    if cause is Cause.UNREACHABLE and person and person.status is Status.READY:
        line = set_status(
            line, operator, Status.PAUSED, now, reason="话机无法接通，来电转给了别人。检查话机后请重新就绪"
        )
    entry = line.find(call_id)
    if entry and entry.offered == operator:
        line = _waiting(line, call_id, offered=None, tried=entry.tried | {operator})
    return settle(line, now)


def tick(line: Line, now: datetime) -> Step:
    """Time has passed."""
    return settle(line, now)


def operator_says(line: Line, name: str, status: Status, now: datetime, reason: str = "") -> Step:
    """An operator is ready, paused or away. A telephone that rings for one who is no longer ready stops ringing."""
    line = set_status(line, name, status, now, reason=reason)
    stop: tuple[Action, ...] = ()
    ringing = next((w for w in line.waiting if w.offered == name), None)
    if ringing and status is not Status.READY:
        stop = (Withdraw(ringing.call_id, name),)
        line = set_activity(_waiting(line, ringing.call_id, offered=None), name, Activity.IDLE, now)
    line, actions = settle(line, now)
    return line, (*stop, *actions)


def operator_free(line: Line, name: str, now: datetime, *, wrap_up: bool = False) -> Step:
    """An operator's talk has ended (`wrap_up`: after-call work begins), or the after-call work is done."""
    line = set_activity(line, name, Activity.AFTER_CALL if wrap_up else Activity.IDLE, now)
    return settle(line, now)


def operator_busy(line: Line, name: str, room: str, now: datetime) -> Line:
    """The operator's telephone is taken by something other than an offer: asked into a colleague's room."""
    return set_activity(line, name, Activity.TALKING, now, room=room)


# ---- the parts
def settle(line: Line, now: datetime) -> Step:
    """Everything that follows from the line as it is: waits that are over, then offers, best place first."""
    actions: list[Action] = []
    for w in line.waiting:
        how = _over(line, w, now)
        if how:
            actions += [Withdraw(w.call_id, w.offered)] if w.offered else []
            actions.append(Expire(w.call_id, how))
    done = {a.call_id for a in actions}
    for a in actions:
        if isinstance(a, Withdraw):
            line = set_activity(line, a.operator, Activity.IDLE, now)
    line = replace(line, waiting=tuple(w for w in line.waiting if w.call_id not in done))
    for w in line.waiting:
        line, offer = _offer(line, w, now)
        actions += offer
    return line, tuple(actions)


def _over(line: Line, w: Waiting, now: datetime) -> str:
    if not line.anybody_ready:
        return "no_operators"
    if w.max_wait is not None and now >= w.joined_at + timedelta(seconds=w.max_wait):
        return "timeout"
    return ""


def _offer(line: Line, w: Waiting, now: datetime) -> tuple[Line, list[Action]]:
    if w.offered or (w.retry_at and now < w.retry_at):
        return line, []
    idle = sorted(
        (o for o in line.operators if o.status is Status.READY and o.activity is Activity.IDLE),
        key=lambda o: (o.since, o.name),
    )
    fresh = [o for o in idle if o.name not in w.tried]
    if not fresh:
        if idle and w.tried and not w.retry_at:  # all have been tried: a new round, after a breath
            return _waiting(line, w.call_id, retry_at=now + timedelta(seconds=RETRY_SECONDS)), []
        if not (idle and w.retry_at):
            return line, []
        fresh = idle
        line = _waiting(line, w.call_id, tried=frozenset(), retry_at=None)
    chosen = fresh[0].name
    line = _waiting(line, w.call_id, offered=chosen, retry_at=None)
    return set_activity(line, chosen, Activity.RINGING, now, room=w.call_id), [Offer(w.call_id, chosen)]


def _waiting(line: Line, call_id: str, **changes: object) -> Line:
    changed = tuple(replace(w, **changes) if w.call_id == call_id else w for w in line.waiting)  # type: ignore[arg-type]
    return replace(line, waiting=changed)


def set_activity(line: Line, name: str, activity: Activity, now: datetime, room: str | None = None) -> Line:
    """Note what an operator's telephone does. `since` restarts only when something changes."""
    return _operators(line, name, lambda o: o if (o.activity, o.room) == (activity, room) else
                      replace(o, activity=activity, room=room, since=now))  # fmt: skip


def set_status(line: Line, name: str, status: Status, now: datetime, *, reason: str = "") -> Line:
    """Note what an operator says; a name that is new joins the operators."""
    if line.operator(name) is None:
        return replace(line, operators=(*line.operators, Operator(name, status, now, reason=reason)))
    return _operators(line, name, lambda o: replace(o, reason=reason) if o.status is status else
                      replace(o, status=status, reason=reason, since=now))  # fmt: skip


def _operators(line: Line, name: str, change: object) -> Line:
    return replace(line, operators=tuple(change(o) if o.name == name else o for o in line.operators))  # type: ignore[operator]
