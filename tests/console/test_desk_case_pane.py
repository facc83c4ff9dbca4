"""What stands in the draft's place once there is a case, however and wherever it was registered."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

from console.pages.desk_draft import draft_key, draft_pane
from console.pages.ports import CaseView, Receipt

DUE = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


def pane(case: CaseView) -> str:
    return draft_pane(SimpleNamespace(now=lambda: DUE), "c1", case)  # type: ignore[arg-type]


def test_a_case_that_waits_for_its_department_is_not_called_dispatched() -> None:
    shown = pane(CaseView("202611220001", "registered", "路灯坏了"))
    assert "已登记" in shown
    assert "已登记并派单" not in shown
    assert "还没有派单" in shown


def test_the_deadline_appears_when_somebody_dispatches_it_elsewhere() -> None:
    waiting = CaseView("202611220001", "registered", "路灯坏了")
    sent = CaseView("202611220001", "dispatched", "路灯坏了", due_at=DUE, receipts=(Receipt("市路灯管理处", "主办"),))
    assert draft_key("c1", waiting) != draft_key("c1", sent)
    assert "已登记并派单" in pane(sent)
    assert "办理期限" in pane(sent)
