"""What a call flow may ask the case side: facts about a caller, and the closed list of `do` actions (ivr/flow.py).

Called with a time limit by the reception; a locked database costs the answer, never the call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import callers
from cases.lifecycle import OVER
from cases.model import CaseRow
from cases.words import State
from config.database import Database
from ivr.reception import Answer
from ivr.session import Facts

PROGRESS = {
    State.REGISTERED: "已登记，正在受理",
    State.ACCEPTED: "已受理，正在派给承办单位",
    State.REJECTED: "不予受理",
    State.ANSWERED: "已经答复",
    State.DISPATCHED: "已派给承办单位，等待签收",
    State.RETURN_REQUESTED: "正在核对承办单位",
    State.DISPUTED: "正在裁定承办单位",
    State.HANDLING: "承办单位正在办理",
    State.PAUSED: "暂停计时，等待条件具备后继续办理",
    State.REPLIED: "承办单位已答复，正在审核",
    State.REWORK: "已退回承办单位重新办理",
    State.RETURN_VISIT: "已经办理，等待回访",
    State.CLOSED: "已经办结",
    State.CLOSED_UNRESOLVED: "未能解决，已依据规定办结",
    State.MERGED: "已与同一事项合并办理",
    State.CANCELLED: "已经撤回",
    State.ARCHIVED: "已经归档",
}


class CaseSide:
    def __init__(self, database: Database, waiting: Callable[[], int], clock: Callable[[], datetime]) -> None:
        self._database, self._waiting, self._clock = database, waiting, clock

    def facts(self, caller: str) -> Facts:
        """What is known of a caller before a word is said."""
        if not caller:
            return Facts(line_waiting=self._waiting())
        with self._database.session() as session:
            theirs = select(CaseRow.number).where(CaseRow.phone == caller, CaseRow.state.not_in(OVER))
            found = session.scalar(theirs.limit(1))
            listed = callers.list_of(session, caller, self._clock())
        return Facts(caller, caller_list=listed, open_case=found is not None, line_waiting=self._waiting())

    def ask(self, action: str, args: Mapping[str, str | int], call_id: str) -> Answer:
        """Carry out one of the flow's actions. An action that is not built yet says so by `failed`."""
        work = {"case.progress": self._progress, "survey.save": self._survey}.get(action)
        if work is None:
            return "failed", {}
        with self._database.session() as session:
            return work(session, args, call_id)

    def _progress(self, session: Session, args: Mapping[str, str | int], _call_id: str) -> Answer:
        state = session.scalar(select(CaseRow.state).where(CaseRow.number == str(args["case_no"])))
        return ("ok", {"progress": PROGRESS[State(state)]}) if state else ("not_found", {})

    def _survey(self, _session: Session, _args: Mapping[str, str | int], _call_id: str) -> Answer:
        """The score itself stands in the call's history: the reception notes every fact of the flow."""
        return "ok", {}
