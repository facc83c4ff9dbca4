"""Careful people slip, too: whatever is changed in a flow file, the check answers with problems, never with a crash;
and what it lets pass still leads a silent citizen to a human or a message."""

from __future__ import annotations

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from config.problems import Problems
from config.yaml_reader import parse
from ivr.flow import Flows
from ivr.lint import Known, lint
from ivr.load import SHIPPED_FLOWS
from ivr.read_flow import read_flow
from ivr.script import Scripted, Step
from ivr.session import Facts
from ivr.simulator import simulate
from tests.ivr.flows import NOON, shipped

SHIPPED = shipped()
TEXTS = {name: (SHIPPED_FLOWS / f"{name}.yaml").read_text("utf-8") for name in SHIPPED.flows}
WORDS = sorted({word for text in TEXTS.values() for word in text.replace(",", " ").split()})
SLIPS = st.sampled_from(
    [*WORDS, "", " ", "\n", "\t", "：", "，", "“", "{", "}", "[", "]", '"', "'", "#", "&a", "*a", "on", "010", "22:00"]
)


@st.composite
def slipped(draw: st.DrawFn) -> tuple[str, str]:
    """A shipped flow with one to three slips of the pen, and its name."""
    name = draw(st.sampled_from(sorted(TEXTS)))
    text = TEXTS[name]
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 12)))
        text = text[:start] + draw(SLIPS) + text[end:]
    return name, text


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(slipped())
def test_any_slip_is_answered_with_problems_or_does_no_harm(slip: tuple[str, str]) -> None:
    name, text = slip
    problems = Problems()
    root = parse(text.encode(), f"{name}.yaml", problems)
    flow = read_flow(root, problems) if root else None
    flows = Flows(
        {**SHIPPED.flows, **({flow.id: flow} if flow else {})}, SHIPPED.prompts, SHIPPED.calendars, SHIPPED.version
    )
    problems.extend(lint(flows, Known(departments=set(), year=2026), {p.file for p in problems}))
    event("refused" if len(problems) else "let pass")
    assert all(p.line >= 1 and p.column >= 1 and p.hint for p in problems)

    if not len(problems):
        nobody = [Step("line", "no_operators")]
        trace = simulate(flows, "main", Facts(caller="13800000000"), NOON, Scripted(nobody))
        assert "recording_notice" in trace.heard()
        assert any(row.event in ("leg.joined", "recording.ended") for row in trace.rows)
