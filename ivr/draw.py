"""A flow as a picture, drawn from the flow itself: SVG for pages, Mermaid for documents.

The SVG is an arc diagram: one column of nodes in reading order, every exit a line of text, arcs in lanes beside it.
Nothing overlaps at any size, it reads as a list (each node is a link to `#n-NAME`), and it needs no layout library.
Looks are presentation attributes and classes, so a page's strict CSP has nothing to object to and its CSS may restyle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from ivr.flow import (
    KINDS,
    Ask,
    Callback,
    Dial,
    DoAction,
    End,
    Flow,
    Flows,
    Hours,
    Node,
    Queue,
    Record,
    Recording,
    Run,
    Say,
    Set,
    Switch,
)

LEFT, WIDTH, BOX, LINE, GAP, LANE = 16, 340, 28, 20, 12, 14
EXITS = {
    "next": "然后", "no_input": "没有按键", "no_match": "按错", "too_many": "次数太多", "ok": "成功",
    "otherwise": "其他", "open": "工作时间", "closed": "非工作时间", "holiday": "节假日", "not_found": "没有找到",
    "failed": "失败", "left": "已留言", "empty": "没有留言", "talked": "通话结束", "timeout": "等候超时",
    "no_operators": "无人值班", "full": "排队已满", "joined": "已加入", "busy": "忙", "no_answer": "无人接听",
    "refused": "拒绝", "booked": "已预约", "already": "早已预约", "done": "完成", "blocked": "拦截", "priority": "优先",
}  # fmt: skip
_STATES = {"on": "开始", "pause": "暂停", "off": "停止"}


@dataclass(frozen=True, slots=True)
class _Arc:
    label: str
    source_y: int
    goal: str
    lane: int


def label(node: Node, flows: Flows, flow: Flow) -> str:
    """What a node does, in Chinese, in one line."""
    title = KINDS[node.word][1]
    match node.act:
        case Say(prompts) | Ask(prompts):
            return f"{title}：{_text(flows, flow, prompts[0] if prompts else '')}"
        case Record(prompt) | End(prompt):
            return f"{title}：{_text(flows, flow, prompt)}" if prompt else title
        case Recording(state):
            return f"{_STATES.get(state, '')}{title}"
        case Switch(detail) | Hours(detail) | DoAction(detail) | Dial(detail) | Run(detail) | Queue(detail):
            return f"{title}：{detail}"
        case Callback(number):
            return f"{title}：{'来电号码' if number == 'caller' else number}"
        case Set(values):
            return f"{title}：{'、'.join(f'{name}={value}' for name, value in values)}"


def _text(flows: Flows, flow: Flow, prompt_id: str) -> str:
    prompt = flows.prompt(prompt_id, flow.language)
    text = prompt.text if prompt else prompt_id
    return text if len(text) <= 16 else text[:15] + "…"


def exit_label(node: Node, exit_name: str) -> str:
    if isinstance(node.act, Ask | Queue) and exit_name not in KINDS[node.word][2] and exit_name != "ok":
        return f"按 {exit_name}"
    return EXITS.get(exit_name, exit_name)


def svg(flows: Flows, flow: Flow, counts: Mapping[str, int] | None = None) -> str:
    """`counts`: calls per `node.exit`, written beside each exit."""
    rows = reading_order(flow)
    tops, height = _tops(flow, rows)
    arcs = _lanes(flow, rows, tops, counts or {})
    width = LEFT + WIDTH + 24 + LANE * (1 + max((arc.lane for arc in arcs), default=0)) + 16
    body = "".join(_arc(arc, tops) for arc in arcs) + "".join(_box(flow.nodes[n], tops[n], flows, flow) for n in rows)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="arcs" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="sans-serif" font-size="13" role="group" '
        f'aria-label="{escape(flow.title)}流程图">'
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">'
        f'<path d="M0 0L8 4L0 8z" fill="#5b6b7f"/></marker></defs>{body}</svg>\n'
    )


def reading_order(flow: Flow) -> list[str]:
    """Reverse post-order: a node stands above what it leads to. What nothing leads to stands last."""
    after: list[str] = []
    seen: set[str] = set()
    for root in (flow.entry, flow.on_error):
        path = [(root, iter(_goals(flow, root)))] if root in flow.nodes and root not in seen else []
        seen.add(root)
        while path:
            name, rest = path[-1]
            goal = next((g for g in rest if g not in seen), None)
            if goal is None:
                after.append(name)
                path.pop()
            else:
                seen.add(goal)
                path.append((goal, iter(_goals(flow, goal))))
    return after[::-1] + [name for name in flow.nodes if name not in seen]


def _goals(flow: Flow, name: str) -> list[str]:
    return [edge.target for edge in reversed(flow.nodes[name].edges) if edge.target in flow.nodes]


def _tops(flow: Flow, rows: list[str]) -> tuple[dict[str, int], int]:
    tops, y = {}, GAP
    for name in rows:
        tops[name] = y
        y += BOX + 2 + LINE * len(flow.nodes[name].edges) + GAP
    return tops, y


def _lanes(flow: Flow, rows: list[str], tops: Mapping[str, int], counts: Mapping[str, int]) -> list[_Arc]:
    """Short arcs in the inner lanes; no two arcs of a lane overlap."""
    wanted = []
    for name in rows:
        for number, edge in enumerate(flow.nodes[name].edges):
            if edge.target in tops:
                count = counts.get(f"{name}.{edge.exit}")
                text = exit_label(flow.nodes[name], edge.exit) + (f"（{count}）" if count is not None else "")
                wanted.append((text, tops[name] + BOX + 13 + LINE * number, edge.target))
    wanted.sort(key=lambda w: abs(tops[w[2]] - w[1]))
    lanes: list[list[tuple[int, int]]] = []
    return [_Arc(text, y, goal, _lane(lanes, *sorted((y, tops[goal] + 14)))) for text, y, goal in wanted]


def _lane(lanes: list[list[tuple[int, int]]], low: int, high: int) -> int:
    for number, taken in enumerate(lanes):
        if all(high < first or low > last for first, last in taken):
            taken.append((low, high))
            return number
    lanes.append([(low, high)])
    return len(lanes) - 1


def _arc(arc: _Arc, tops: Mapping[str, int]) -> str:
    x, goal_y = LEFT + WIDTH + 24 + arc.lane * LANE, tops[arc.goal] + 14
    back = goal_y < arc.source_y
    looks = 'class="back" stroke="#b25f00" stroke-dasharray="5 3"' if back else 'stroke="#5b6b7f"'
    return (
        f'<path {looks} fill="none" d="M{LEFT + WIDTH - 4} {arc.source_y - 4} H{x} V{goal_y} H{LEFT + WIDTH + 2}" '
        f'marker-end="url(#a)"/><text class="lab" fill="#33414f" x="{LEFT + 22}" y="{arc.source_y}">'
        f"{escape(arc.label)} → {escape(arc.goal)}{' ↺' if back else ''}</text>"
    )


def _box(node: Node, top: int, flows: Flows, flow: Flow) -> str:
    looks, fill, border = "n", "#ffffff", "#0b4a8f"
    if isinstance(node.act, Queue | Dial):
        looks, fill = "n human", "#e2ecf8"
    elif isinstance(node.act, End):
        looks, fill, border = "n end", "#eceff2", "#5b6b7f"
    name = escape(node.name)
    return (
        f'<a href="#n-{name}" class="{looks}"><rect x="{LEFT}" y="{top}" width="{WIDTH}" height="{BOX}" rx="3" '
        f'fill="{fill}" stroke="{border}"/><text fill="#10202f" x="{LEFT + 8}" y="{top + 19}">'
        f"{name} · {escape(label(node, flows, flow))}</text></a>"
    )


def mermaid(flows: Flows, flow: Flow, counts: Mapping[str, int] | None = None) -> str:
    """The same as Mermaid's flowchart. Nodes are numbered, because Mermaid has reserved words (`end`)."""
    rows = reading_order(flow)
    numbers = {name: f"n{number}" for number, name in enumerate(rows)}
    lines = ["flowchart TD"]
    for name in rows:
        node = flow.nodes[name]
        lines.append(f'  {numbers[name]}["{_plain(name)} · {_plain(label(node, flows, flow))}"]')
        for edge in node.edges:
            count = (counts or {}).get(f"{name}.{edge.exit}")
            text = _plain(exit_label(node, edge.exit)) + (f"（{count}）" if count is not None else "")
            if edge.target in numbers:
                lines.append(f'  {numbers[name]} -->|"{text}"| {numbers[edge.target]}')
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    return text.replace('"', "'").replace("|", "/").replace("<", "＜").replace(">", "＞")
