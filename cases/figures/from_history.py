"""A case's history -> the facts that figures are computed from. Pure.

Whether a step closed the case is asked of `cases/fold.py`, which alone decides states; everything else is when it
happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cases.figures.facts import CaseFact, Return, Review, Share, Term, Visit
from cases.fold import Assignment, Case, Happening, after, went_badly
from cases.lifecycle import GIVEN_UP, Step
from cases.reasons import Satisfied, SendBackReason, Solved, Told
from cases.words import Part, Progress, State, Urgency

# What the checks for perfunctory replies look for; that something is untrue or not done yet is another matter.
PERFUNCTORY = frozenset({SendBackReason.PERFUNCTORY, SendBackReason.OFF_POINT, SendBackReason.NO_MEASURE,
                         SendBackReason.NO_CONTACT, SendBackReason.NO_EVIDENCE})  # fmt: skip
_CLOSED = frozenset({State.CLOSED, State.CLOSED_UNRESOLVED})
_ENDS = _CLOSED | {State.ARCHIVED}


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the history, with the case before and after it."""

    line: Happening
    before: Case
    case: Case


def filled(known: CaseFact, history: Iterable[Happening]) -> CaseFact:
    """`known` has what the case's own row says; the history says when everything happened."""
    moments = tuple(_moments(history))
    standing = _standing(moments)
    case = moments[-1].case if moments else Case()
    closing = next((m.line for m in reversed(moments) if _closes(m)), None) if case.state in _ENDS else None
    lead = case.lead if case.lead and case.lead.progress not in GIVEN_UP else None
    return replace(
        known,
        department=lead.department if lead else "",
        accepted_at=_first(moments, Step.ACCEPT, Step.REOPEN),
        dispatched_at=_first(moments, Step.DISPATCH),
        answered_at=_first(standing, Step.ANSWER),
        rejected_at=_first(standing, Step.REJECT),
        merged_at=_first(standing, Step.MERGE),
        by_entry=any(line.data.get("knowledge") for line in _lines(moments, Step.ANSWER)),
        leads=sum(each.part is Part.LEAD for each in case.assignments),
        extensions=tuple(line.at for line in _lines(moments, Step.GRANT_EXTENSION)),
        reworks=tuple(line.at for line in _lines(moments, Step.SEND_BACK, Step.REOPEN, Step.VISIT) if _again(line)),
        visits=tuple(_visit(line) for line in _lines(moments, Step.VISIT, Step.VISIT_ATTEMPT)),
        visited_at=_visited_at(moments) if closing else None,
        told_at=_told_at(moments, _final(moments)) if moments else None,
        closed_at=closing.at if closing else None,
        unresolved=closing is not None and closing.step is Step.CLOSE_UNRESOLVED,
        shares=tuple(_share(known, each, moments, closing is not None) for each in case.assignments),
        returns=tuple(_returns(known.number, moments)),
        reviews=tuple(_reviews(known.number, moments)),
    )


def _moments(history: Iterable[Happening]) -> Iterator[Moment]:
    case = Case()
    for line in sorted(history, key=lambda h: h.seq):
        before, case = case, after(case, line)
        yield Moment(line, before, case)


def _closes(moment: Moment) -> bool:
    return moment.case.state in _CLOSED and moment.before.state not in _CLOSED


def _lines(moments: Iterable[Moment], *steps: Step) -> list[Happening]:
    return [moment.line for moment in moments if moment.line.step in steps]


def _last(moments: Iterable[Moment], step: Step) -> Happening | None:
    return next(reversed(_lines(moments, step)), None)


def _again(line: Happening) -> bool:
    return line.step is not Step.VISIT or went_badly(line.data)


# --- the case itself ---------------------------------------------------------------------------------------------


def _standing(moments: Sequence[Moment]) -> list[Moment]:
    """What was not taken back: a decision before the case was reopened or parted again was none."""
    since = max((m.line.seq for m in moments if m.line.step in (Step.REOPEN, Step.UNMERGE)), default=0)
    return [moment for moment in moments if moment.line.seq > since]


def _first(moments: Iterable[Moment], *steps: Step) -> datetime | None:
    return next((line.at for line in _lines(moments, *steps)), None)


def _visit(line: Happening) -> Visit:
    solved, satisfied = line.data.get("solved"), line.data.get("satisfied")
    return Visit(
        at=line.at,
        reached=line.step is Step.VISIT,
        solved=Solved(solved) if solved else None,
        satisfied=Satisfied(satisfied) if satisfied else None,
    )


def _visited_at(moments: Sequence[Moment]) -> datetime | None:
    """The citizen was asked, or was tried to be reached as often as the rules want (the step itself makes sure)."""
    return next((m.line.at for m in reversed(moments) if m.line.step in (Step.VISIT, Step.CLOSE_UNREACHED)), None)


def _told_at(moments: Sequence[Moment], since: datetime) -> datetime | None:
    """When the citizen first learned of a result after this moment: told, asked at a visit, or answered at once."""
    return next((m.line.at for m in moments if m.line.at >= since and _tells(m.line)), None)


def _final(moments: Sequence[Moment]) -> datetime:
    """The last reply that was approved is the result; without any, whatever the citizen was told is."""
    approved = _last(moments, Step.APPROVE)
    return approved.at if approved else moments[0].line.at


def _tells(line: Happening) -> bool:
    if line.step is Step.TOLD:
        return line.data.get("about") in (Told.REPLY, Told.ANSWER, Told.REJECTION)
    return line.step in (Step.VISIT, Step.ANSWER)


# --- the departments' shares -------------------------------------------------------------------------------------


def _share(known: CaseFact, share: Assignment, moments: Sequence[Moment], closed: bool) -> Share:
    own = [m for m in moments if m.line.data.get("assignment") == share.id]
    given = next(m for m in moments if m.case.assignment(share.id))
    signed = _last(own, Step.SIGN)
    return Share(
        id=share.id,
        number=known.number,
        department=share.department,
        lead=share.part is Part.LEAD,
        urgency=Urgency(known.urgency),
        dispatched_at=given.line.at,
        sign_by=share.sign_by,
        delivered_at=share.delivered_at,
        signed_at=share.signed_at,
        signed_automatically=bool(signed and signed.automatic),
        contacted_at=share.contacted_at,
        paused=sum((_stood(m) for m in own), timedelta()),
        withdrawn=share.progress in GIVEN_UP,
        terms=tuple(_terms(known.number, share, given, moments, closed)) if share.part is Part.LEAD else (),
    )


def _stood(moment: Moment) -> timedelta:
    """How long the clock had been stopped when it was started again."""
    if moment.line.step is not Step.RESUME:
        return timedelta()
    share = moment.case.assignment(moment.line.data["assignment"])
    return share.pauses[-1].end - share.pauses[-1].start if share else timedelta()


def _terms(number: str, share: Assignment, given: Moment, moments: Sequence[Moment], closed: bool) -> Iterator[Term]:
    """The first from dispatch; another each time a case that was settled comes back from the citizen."""
    start = given
    for moment in moments:
        if moment.line.seq > start.line.seq and _returns_settled(moment, share.id):
            yield _term(number, share, [m for m in moments if start.line.seq <= m.line.seq < moment.line.seq], closed)
            start = moment
    yield _term(number, share, [m for m in moments if m.line.seq >= start.line.seq], closed)


def _returns_settled(moment: Moment, key: str) -> bool:
    now, before = moment.case.assignment(key), moment.before.assignment(key)
    return bool(now and before and before.progress is Progress.APPROVED and now.progress is Progress.REWORK)


def _term(number: str, share: Assignment, part: Sequence[Moment], closed: bool) -> Term:
    """The deadline is the one that held until the first reply was sent back, extensions and pauses included."""
    first = part[0].case.assignment(share.id)
    until = next((m for m in part if m.line.step is Step.SEND_BACK and m.line.data["assignment"] == share.id), None)
    last = (until.before if until else part[-1].case).assignment(share.id)
    approved = next((m.before.assignment(share.id) for m in part if m.line.step is Step.APPROVE), None)
    return Term(
        number=number,
        department=share.department,
        due_at=(last or share).due_at,
        first_due_at=(first or share).due_at,
        settled_at=approved.replied_at if approved else None,
        closed=closed,
    )


# --- what was asked for and looked at ----------------------------------------------------------------------------


def _returns(number: str, moments: Sequence[Moment]) -> Iterator[Return]:
    """Each objection with how it ended. A ruling that leaves the case where it is denies it."""
    for moment in moments:
        line = moment.line
        share = moment.case.assignment(line.data.get("assignment", ""))
        if share and line.step in (Step.REQUEST_RETURN, Step.DISPUTE):
            ended = [m for m in moments if m.line.seq > line.seq and m.line.data.get("assignment") == share.id]
            yield Return(number, share.department, line.at, _denied(ended))


def _denied(later: Iterable[Moment]) -> bool | None:
    for moment in later:
        match moment.line.step:
            case Step.GRANT_RETURN:
                return False
            case Step.DENY_RETURN:
                return True
            case Step.RULE:
                return not moment.line.data.get("assignments")
    return None


def _reviews(number: str, moments: Sequence[Moment]) -> Iterator[Review]:
    for moment in moments:
        line, lead = moment.line, moment.before.lead
        if line.step is Step.APPROVE and lead:
            yield Review(number, lead.department, line.at, True, told_at=_told_at(moments, line.at))
        share = moment.case.assignment(line.data.get("assignment", ""))
        if line.step is Step.SEND_BACK and share:
            bad = bool(PERFUNCTORY & set(line.data.get("reasons", ())))
            yield Review(number, share.department, line.at, False, perfunctory=bad)
