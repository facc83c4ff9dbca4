"""The life of a case: which step is possible in which state, and what it leads to. Pure; the one table of it.

Rules of this file:
1. Everything that decides a state is here. Nobody else compares states to allow something.
2. Two layers: the case (工单) is what the citizen sees; a share (承办任务) is one department's part of it. A step is
   taken on the case or on a share, never on both by itself.
3. While departments work, the case shows how far its lead has come (`LEAD_SHOWS`); what an assisting department does
   moves its own share only.
4. Where two ends stand, `cases/fold.py` says which: it follows from what was said, such as "not solved" at the visit.
   Limits of time, of number and of persons are in `cases/guards.py`, roles in `cases/actor.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

from cases.words import Labelled, Progress, State


class Step(Labelled):
    """One thing done to a case. The data of each stands beside it; moments are ISO 8601 with their zone."""

    REGISTER = "register", "登记"  # fields: names of the fields that were filled in
    CORRECT = "correct", "更正"  # fields: {name: [before, after]}; private ones are named without their values
    ACCEPT = "accept", "受理"
    REJECT = "reject", "不予受理"  # reason: RejectReason, channel: where the citizen was sent, way: Way it was told
    ANSWER = "answer", "直接答复"  # answer, knowledge: id of the entry it came from, solved: true/false if asked
    DISPATCH = "dispatch", "派单"
    # ^ assignments: [{id, department, part, due_at, sign_by, return_by}], recalled: [assignment ids], rules and
    #   calendar: their versions, rule: the rule itself (kept_rule.py), provisional, suggested: the lead proposed
    DELIVER = "deliver", "送达"  # assignment, channel
    SIGN = "sign", "签收"  # assignment, automatic: true when nobody did in time
    CONTACT = "contact", "首次联系"  # assignment, way: Way, reached: true/false
    REQUEST_RETURN = "request_return", "申请退单"
    # ^ assignment, reason: ReturnReason, basis: which rule says so, suggested: department that should have it
    GRANT_RETURN = "grant_return", "同意退单"  # assignment, reason: why
    DENY_RETURN = "deny_return", "驳回退单"  # assignment, reason: why, sign_by: until when to sign; due_at stays
    DISPUTE = "dispute", "提请裁定"  # assignment, reason, basis, suggested: a second objection, for the supervisor
    RULE = "rule", "裁定"
    # ^ assignment, ruling: its id, department, text; sign_by when it is the same department; assignments and so on as
    #   in dispatch when another one gets it
    PAUSE = "pause", "暂停计时"  # assignment, reason: PauseReason, until, due_at, before
    RESUME = "resume", "恢复计时"  # assignment, due_at, before, automatic: true when the pause ran out
    REQUEST_EXTENSION = "request_extension", "申请延期"  # assignment, extension: its id, amount, unit, reason
    GRANT_EXTENSION = "grant_extension", "同意延期"  # assignment, extension, amount, unit, reason, due_at, before
    DENY_EXTENSION = "deny_extension", "驳回延期"  # assignment, extension, reason: why
    RECOUNT = "recount", "重算期限"  # assignment, due_at, before, sign_by, calendar: holidays were announced
    REPLY = "reply", "答复"  # assignment, reply: what the citizen will read, internal, true: 属实?, solved: Solved
    WAIVE = "waive", "免予答复"  # assignment, reason: why the lead need not wait for it
    SEND_BACK = "send_back", "退回重办"  # assignment, reasons: [SendBackReason], text, due_at, before
    APPROVE = "approve", "审核通过"
    TOLD = "told", "告知诉求人"  # about: Told, way: Way
    VISIT = "visit", "回访"
    # ^ solved: Solved, satisfied: Satisfied, contacted and true: true/false/absent, way: Way, visit: id;
    #   when it went badly, assignments: [{id, due_at}] of those that have to do it again (`cases/rework.py`)
    VISIT_ATTEMPT = "visit_attempt", "回访未接通"  # way: Way, visit: id
    CLOSE_UNREACHED = "close_unreached", "未接通办结"  # after enough tries; never counted as satisfied
    CLOSE_UNRESOLVED = "close_unresolved", "有据办结"  # basis: the rule, explained: Way it was explained to the citizen
    REOPEN = "reopen", "重办"  # reason, assignments: [{id, due_at}] that do it again; none: it is dispatched anew
    MERGE = "merge", "并单"  # into: the primary case's number
    UNMERGE = "unmerge", "拆并"  # from: the primary case's number, reason
    CANCEL = "cancel", "诉求人撤回"  # way: Way the wish came, recording: the call's id
    ARCHIVE = "archive", "归档"  # retention: Retention, automatic: true


S, P = State, Progress  # short, so that each row of the tables fits on a line

# The case: (state, step) -> where it may lead. What is not here cannot be done.
CASE_STEPS: dict[tuple[State, Step], tuple[State, ...]] = {
    (S.REGISTERED, Step.CORRECT): (S.REGISTERED,),
    (S.REGISTERED, Step.ACCEPT): (S.ACCEPTED,),
    (S.REGISTERED, Step.REJECT): (S.REJECTED,),
    (S.REGISTERED, Step.ANSWER): (S.ANSWERED,),
    (S.REGISTERED, Step.MERGE): (S.MERGED,),
    (S.REGISTERED, Step.CANCEL): (S.CANCELLED,),
    (S.ACCEPTED, Step.CORRECT): (S.ACCEPTED,),
    (S.ACCEPTED, Step.REJECT): (S.REJECTED,),
    (S.ACCEPTED, Step.ANSWER): (S.ANSWERED,),
    (S.ACCEPTED, Step.DISPATCH): (S.DISPATCHED,),
    (S.ACCEPTED, Step.MERGE): (S.MERGED,),
    (S.ACCEPTED, Step.CANCEL): (S.CANCELLED,),
    (S.DISPATCHED, Step.CANCEL): (S.CANCELLED,),
    (S.RETURN_REQUESTED, Step.CANCEL): (S.CANCELLED,),
    (S.DISPUTED, Step.CANCEL): (S.CANCELLED,),
    (S.HANDLING, Step.CANCEL): (S.CANCELLED,),
    (S.PAUSED, Step.CANCEL): (S.CANCELLED,),
    (S.REWORK, Step.CANCEL): (S.CANCELLED,),
    (S.REPLIED, Step.APPROVE): (S.RETURN_VISIT,),
    (S.REPLIED, Step.CANCEL): (S.CANCELLED,),
    (S.RETURN_VISIT, Step.VISIT): (S.CLOSED, S.REWORK),
    (S.RETURN_VISIT, Step.VISIT_ATTEMPT): (S.RETURN_VISIT,),
    (S.RETURN_VISIT, Step.CLOSE_UNREACHED): (S.CLOSED,),
    (S.RETURN_VISIT, Step.CLOSE_UNRESOLVED): (S.CLOSED_UNRESOLVED,),
    (S.RETURN_VISIT, Step.CANCEL): (S.CANCELLED,),
    (S.CLOSED, Step.REOPEN): (S.REWORK, S.ACCEPTED),
    (S.CLOSED, Step.ARCHIVE): (S.ARCHIVED,),
    (S.CLOSED_UNRESOLVED, Step.REOPEN): (S.REWORK, S.ACCEPTED),
    (S.CLOSED_UNRESOLVED, Step.ARCHIVE): (S.ARCHIVED,),
    (S.ANSWERED, Step.REOPEN): (S.ACCEPTED,),
    (S.ANSWERED, Step.ARCHIVE): (S.ARCHIVED,),
    (S.REJECTED, Step.REOPEN): (S.ACCEPTED,),
    (S.REJECTED, Step.ARCHIVE): (S.ARCHIVED,),
    # everybody whose case was merged or withdrawn is still called: was it solved, did they want to withdraw?
    (S.MERGED, Step.VISIT): (S.MERGED,),
    (S.MERGED, Step.VISIT_ATTEMPT): (S.MERGED,),
    (S.MERGED, Step.UNMERGE): (S.REGISTERED, S.ACCEPTED),
    (S.MERGED, Step.ARCHIVE): (S.ARCHIVED,),
    (S.CANCELLED, Step.VISIT): (S.CANCELLED,),
    (S.CANCELLED, Step.VISIT_ATTEMPT): (S.CANCELLED,),
    (S.CANCELLED, Step.REOPEN): (S.ACCEPTED,),
    (S.CANCELLED, Step.ARCHIVE): (S.ARCHIVED,),
} | {(state, Step.TOLD): (state,) for state in State if state is not S.ARCHIVED}

# A share: (progress, step) -> where it may lead.
ASSIGNMENT_STEPS: dict[tuple[Progress, Step], tuple[Progress, ...]] = {
    (P.WAITING, Step.SIGN): (P.SIGNED,),
    (P.WAITING, Step.REQUEST_RETURN): (P.RETURN_REQUESTED,),
    (P.WAITING, Step.DISPUTE): (P.DISPUTED,),
    (P.WAITING, Step.WAIVE): (P.WAIVED,),
    (P.RETURN_REQUESTED, Step.GRANT_RETURN): (P.RETURNED,),
    (P.RETURN_REQUESTED, Step.DENY_RETURN): (P.WAITING,),
    (P.DISPUTED, Step.RULE): (P.WAITING, P.RETURNED),
    (P.SIGNED, Step.CONTACT): (P.SIGNED,),
    (P.SIGNED, Step.PAUSE): (P.PAUSED,),
    (P.SIGNED, Step.REQUEST_EXTENSION): (P.SIGNED,),
    (P.SIGNED, Step.GRANT_EXTENSION): (P.SIGNED,),
    (P.SIGNED, Step.DENY_EXTENSION): (P.SIGNED,),
    (P.SIGNED, Step.REPLY): (P.REPLIED,),
    (P.SIGNED, Step.WAIVE): (P.WAIVED,),
    (P.PAUSED, Step.CONTACT): (P.PAUSED,),
    (P.PAUSED, Step.RESUME): (P.SIGNED,),
    (P.PAUSED, Step.GRANT_EXTENSION): (P.PAUSED,),
    (P.PAUSED, Step.DENY_EXTENSION): (P.PAUSED,),
    (P.PAUSED, Step.WAIVE): (P.WAIVED,),
    (P.REPLIED, Step.SEND_BACK): (P.REWORK,),
    (P.REWORK, Step.CONTACT): (P.REWORK,),
    (P.REWORK, Step.REPLY): (P.REPLIED,),
    (P.REWORK, Step.WAIVE): (P.WAIVED,),
    # receipts may arrive late, and a calendar may be announced at any time before the reply
    **{(p, Step.DELIVER): (p,) for p in Progress},
    **{
        (p, Step.RECOUNT): (p,)
        for p in (P.WAITING, P.RETURN_REQUESTED, P.DISPUTED, P.SIGNED, P.PAUSED, P.REWORK)
    },
}  # fmt: skip

# What the case's own steps do to its shares: (progress, step) -> progress. Shares that are not here stay as they are.
CASE_MOVES_SHARES: dict[tuple[Progress, Step], Progress] = {
    (P.REPLIED, Step.APPROVE): P.APPROVED,
    (P.APPROVED, Step.VISIT): P.REWORK,  # those that the step names; the same for REOPEN
    (P.APPROVED, Step.REOPEN): P.REWORK,
}

# How far the lead has come is what the case shows. A lead that has given the case back leaves it to be dispatched.
LEAD_SHOWS: dict[Progress, State] = {
    P.WAITING: S.DISPATCHED,
    P.RETURN_REQUESTED: S.RETURN_REQUESTED,
    P.DISPUTED: S.DISPUTED,
    P.SIGNED: S.HANDLING,
    P.PAUSED: S.PAUSED,
    P.REPLIED: S.REPLIED,
    P.REWORK: S.REWORK,
    P.RETURNED: S.ACCEPTED,
}

# A step that is taken on the way to another: who dispatches a case has accepted it.
ON_THE_WAY: dict[tuple[State, Step], Step] = {(S.REGISTERED, Step.DISPATCH): Step.ACCEPT}

# Where nothing is left for a department to do: shares still open are recalled (撤回) when a case comes here.
OVER = frozenset({S.REJECTED, S.ANSWERED, S.CLOSED, S.CLOSED_UNRESOLVED, S.MERGED, S.CANCELLED, S.ARCHIVED})
GIVEN_UP = frozenset({P.RETURNED, P.RECALLED})  # no longer this department's
ENDED = GIVEN_UP | {P.APPROVED, P.WAIVED}  # nothing is expected of this department any more

BY_DEPARTMENTS = frozenset({Step.SIGN, Step.CONTACT, Step.REQUEST_RETURN, Step.DISPUTE, Step.REQUEST_EXTENSION,
                            Step.REPLY})  # fmt: skip
BY_SYSTEM = frozenset({Step.DELIVER, Step.RECOUNT})  # nobody takes these: they follow from what happened elsewhere
ON_SHARES = frozenset(step for _progress, step in ASSIGNMENT_STEPS)


class Impossible(Exception):
    """This step cannot be taken now. `because`: what stands in its way, when the state alone does not say it."""

    def __init__(self, step: Step, now: Labelled, possible: Iterable[Step], because: str = "") -> None:
        self.step, self.now, self.possible, self.because = step, now, tuple(possible), because
        options = "、".join(each.label for each in self.possible) or "没有可做的操作"
        reason = f"：{because}" if because else ""
        super().__init__(f"“{now.label}”的工单不能{step.label}{reason}；现在可以：{options}")
