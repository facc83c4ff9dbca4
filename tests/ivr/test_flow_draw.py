"""Pictures of flows are drawn from the flows."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET  # what is parsed here we have drawn ourselves
from pathlib import Path

from click.testing import CliRunner

from console.cli import main
from ivr.draw import mermaid, reading_order, svg
from tests.ivr.flows import flows_of, shipped
from tests.ivr.test_lint import big_flow

FLOWS = shipped()
MAIN = FLOWS.flows["main"]
SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_has_every_node_as_a_link_and_every_exit_as_a_line() -> None:
    picture = ET.fromstring(svg(FLOWS, MAIN))
    exits = sum(len(node.edges) for node in MAIN.nodes.values())

    assert {a.get("href") for a in picture.iter(f"{SVG}a")} == {f"#n-{name}" for name in MAIN.nodes}
    assert len([t for t in picture.iter(f"{SVG}text") if t.get("class") == "lab"]) == exits


def test_nothing_overlaps_in_the_picture() -> None:
    picture = ET.fromstring(svg(FLOWS, MAIN))
    lines = [int(t.get("y", 0)) for t in picture.iter(f"{SVG}text") if t.get("class") == "lab"]
    boxes = [(int(r.get("y", 0)), int(r.get("y", 0)) + int(r.get("height", 0))) for r in picture.iter(f"{SVG}rect")]

    assert min(b - a for a, b in zip(sorted(lines), sorted(lines)[1:], strict=False)) >= 20
    assert not any(top - 2 < y < bottom for y in lines for top, bottom in boxes)


def test_no_two_arcs_of_a_lane_cross() -> None:
    spans: dict[str, list[tuple[int, int]]] = {}
    for y1, x, y2 in re.findall(r'd="M\d+ (\d+) H(\d+) V(\d+)', svg(FLOWS, MAIN)):
        low, high = sorted((int(y1), int(y2)))
        assert not any(low < last and high > first for first, last in spans.get(x, []))
        spans.setdefault(x, []).append((low, high))


def test_the_picture_needs_no_style_or_script_and_nothing_escapes_into_it() -> None:
    flows = flows_of("""flow: main
title: <b>"t"</b>
entry: a
on_error: a
nodes:
  a: {queue: operators, on: {talked: e, timeout: e, no_operators: e, full: e}}
  e: {end: bye}
""", prompts={"bye": "<script>alert(1)</script>"})  # fmt: skip
    picture = svg(flows, flows.flows["main"])

    assert "<script" not in picture
    assert "style" not in picture
    ET.fromstring(picture)


def test_a_node_stands_above_what_it_leads_to() -> None:
    order = reading_order(MAIN)

    assert order[:3] == ["welcome", "notice", "who"]
    assert order.index("operators") < order.index("message") < order.index("goodbye")
    assert sorted(order) == sorted(MAIN.nodes)


def test_counts_of_real_calls_stand_at_their_exits() -> None:
    counts = {"welcome.next": 136, "operators.talked": 97}

    assert "然后（136） → notice" in svg(FLOWS, MAIN, counts)
    assert '|"通话结束（97）"|' in mermaid(FLOWS, MAIN, counts)


def test_mermaid_shows_the_same_edges() -> None:
    text = mermaid(FLOWS, MAIN)

    assert text.startswith("flowchart TD\n")
    assert text.count("-->") == sum(len(node.edges) for node in MAIN.nodes.values())


def test_a_flow_of_two_thousand_nodes_can_be_ordered() -> None:
    flows = flows_of(big_flow(2000))

    assert len(reading_order(flows.flows["main"])) == 2005


def test_draw_writes_a_file(tmp_path: Path) -> None:
    target = tmp_path / "main.svg"
    result = CliRunner().invoke(main, ["draw", "main", "-o", str(target)])

    assert result.exit_code == 0
    assert ET.parse(target).getroot().tag == f"{SVG}svg"
    assert CliRunner().invoke(main, ["draw", "survey", "--mermaid"]).output.startswith("flowchart")
