"""What changes for the citizens when one set of call flows takes the place of another: sentences, not lines of text.

Pure. Compared are the graphs, so that comments, spaces and the order of lines make no difference, and a node that only
got another name is said to have got another name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from ivr.difference_words import FIELDS, LIMITS, PROMPTS, changed, does, quoted, what, when, who
from ivr.distance import distance
from ivr.flow import Choice, Flow, Flows, Node, Prompt
from ivr.hours import WEEKDAYS, Calendar, Span, Year

_DAYS = dict(zip(WEEKDAYS, ("周一", "周二", "周三", "周四", "周五", "周六", "周日"), strict=True))


@dataclass(frozen=True, slots=True)
class Change:
    """`about`: the flow (`main 12345 主流程`), or what else is changed (提示音, 时间表)."""

    about: str
    text: str


def difference(old: Flows, new: Flows) -> list[Change]:
    """Everything that changes, flow by flow, then prompts, then calendars. Empty when calls go as before."""
    found: list[Change] = []
    for flow_id in dict.fromkeys((*old.flows, *new.flows)):
        found += _flow_changes(old, new, flow_id)
    for language in sorted({*old.prompts, *new.prompts}):
        texts = _prompt_changes(old.prompts.get(language, {}), new.prompts.get(language, {}))
        found += [Change(f"提示音 {language}", text) for text in texts]
    for name in sorted({*old.calendars, *new.calendars}):
        texts = _calendar_changes(old.calendars.get(name), new.calendars.get(name))
        found += [Change(f"时间表 {name}", text) for text in texts]
    found += [Change("节假日", text) for text in _year_changes(_years(old), _years(new))]
    return found


# ---- flows
def _flow_changes(old: Flows, new: Flows, flow_id: str) -> Iterator[Change]:
    before, after = old.flows.get(flow_id), new.flows.get(flow_id)
    flow = after or before
    assert flow is not None  # noqa: S101  the id comes from one of them
    about = f"{flow.id} {flow.title}"
    if before is None or after is None:
        yield Change(about, f"新增流程，{len(flow.nodes)} 个节点。" if after else "删除流程。")
        return
    for text in (*_heads(before, after), *_ways(old, new, before, after), *_distances(old, new, before, after)):
        yield Change(about, text)


def _heads(old: Flow, new: Flow) -> Iterator[str]:
    names = {"title": "标题", "use": "用途", "language": "语言", "entry": "从哪个节点开始",
             "on_error": "流程出错时去的节点", "after": "通话结束后的流程"}  # fmt: skip
    for name, said in names.items():
        yield from changed(said, getattr(old, name), getattr(new, name))
    for name, said in LIMITS.items():
        yield from changed(said, getattr(old.limits, name), getattr(new.limits, name))


def _ways(old: Flows, new: Flows, before: Flow, after: Flow) -> Iterator[str]:
    names = _renamed(before, after)
    was = {names.get(name, name): node for name, node in before.nodes.items()}
    for name in dict.fromkeys((*was, *after.nodes)):
        if name not in was:
            yield f"新增节点 {name}（{does(new, after, after.nodes[name])}）。"
        elif name not in after.nodes:
            yield f"删除节点 {name}（{does(old, before, was[name])}）。"
        else:
            if was[name].name != name:
                yield f"节点 {was[name].name} 改名为 {name}。"
            for text in _node_changes(_Pair(old, new, before, after, was[name], after.nodes[name]), names):
                yield f"{name}：{text}"


def _renamed(before: Flow, after: Flow) -> dict[str, str]:
    """Old name -> new name, of nodes that do the same and lead the same ways under another name."""
    gone = [node for name, node in before.nodes.items() if name not in after.nodes]
    come = [node for name, node in after.nodes.items() if name not in before.nodes]
    pairs: dict[str, str] = {}
    for node in gone:
        alike = [other for other in come if other.act == node.act and _goals(other) == _goals(node)]
        if len(alike) == 1 and alike[0].name not in pairs.values():
            pairs[node.name] = alike[0].name
    return pairs


def _goals(node: Node) -> dict[str, str]:
    return {edge.exit: edge.target for edge in node.edges}


@dataclass(frozen=True, slots=True)
class _Pair:
    """A node before and after, with what is around it."""

    old: Flows
    new: Flows
    before: Flow
    after: Flow
    was: Node
    now: Node


def _node_changes(pair: _Pair, names: Mapping[str, str]) -> Iterator[str]:
    if type(pair.was.act) is not type(pair.now.act):
        was, now = does(pair.old, pair.before, pair.was), does(pair.new, pair.after, pair.now)
        yield f"原来是{was}，现在是{now}。"
        return
    for field in fields(pair.was.act):
        yield from _field(pair, field.name, getattr(pair.was.act, field.name), getattr(pair.now.act, field.name))
    was_goals = {exit_name: names.get(goal, goal) for exit_name, goal in _goals(pair.was).items()}
    now_goals = _goals(pair.now)
    for exit_name in dict.fromkeys((*was_goals, *now_goals)):
        if was_goals.get(exit_name) != now_goals.get(exit_name):
            yield _edge(pair, exit_name)


def _edge(pair: _Pair, exit_name: str) -> str:
    was, now = pair.was.target(exit_name), pair.now.target(exit_name)
    then = what(pair.old, pair.before, was) if was else ""
    if now is None:
        return f"{when(pair.was, exit_name)}的走法取消了，原来是{then}。"
    someone, moment, goal = who(pair.after), when(pair.now, exit_name), what(pair.new, pair.after, now)
    if was is None:
        return f"新增：{moment}，{someone}{goal}。"
    if goal == then:
        return f"{moment}，{someone}仍然{goal}，但走的是 {now}，不再是 {was}。"
    return f"{moment}，{someone}现在{goal}，不再{then}。"


def _field(pair: _Pair, name: str, was: Any, now: Any) -> Iterator[str]:
    if was == now or name == "keys":  # keys are exits, too
        return
    if name in PROMPTS:
        old, new = _said(pair.old, pair.before, was), _said(pair.new, pair.after, now)
        yield f"{PROMPTS[name]}：原来{old}，现在{new}。"
    elif name == "choices":
        yield from _words({c.key: c for c in was}, {c.key: c for c in now})
    else:
        yield from changed(FIELDS.get(name, name), was, now)


def _said(flows: Flows, flow: Flow, prompts: str | tuple[str, ...]) -> str:
    ids = (prompts,) if isinstance(prompts, str) else prompts
    return "、".join(quoted(flows, flow, one) for one in ids if one) or "不播放"


def _words(was: Mapping[str, Choice], now: Mapping[str, Choice]) -> Iterator[str]:
    for key in was.keys() & now.keys():
        yield from changed(f"代替按 {key} 可以说的话", was[key].words, now[key].words)


def _distances(old: Flows, new: Flows, before: Flow, after: Flow) -> Iterator[str]:
    was, now = distance(old, before), distance(new, after)
    if was and now and (was.keys != now.keys or round(was.seconds) != round(now.seconds)):
        yield (f"到人工的最短距离：原来 {was.keys} 键、约 {was.seconds:.0f} 秒，"
               f"现在 {now.keys} 键、约 {now.seconds:.0f} 秒。")  # fmt: skip


# ---- prompts
def _prompt_changes(old: Mapping[str, Prompt], new: Mapping[str, Prompt]) -> Iterator[str]:
    for name in dict.fromkeys((*old, *new)):
        if name not in old:
            yield f"新增 {name}：“{new[name].text}”。"
        elif name not in new:
            yield f"删除 {name}：“{old[name].text}”。"
        else:
            if old[name].text != new[name].text:
                yield f"{name}：原来“{old[name].text}”，现在“{new[name].text}”。"
            yield from changed(f"{name} 的录音文件", old[name].file, new[name].file)


# ---- hours
def _calendar_changes(old: Calendar | None, new: Calendar | None) -> Iterator[str]:
    if old is None or new is None:
        yield "新增时间表。" if new else "删除时间表。"
        return
    for day, said in _DAYS.items():
        yield from changed(said, _spans(old.week.get(day, ())), _spans(new.week.get(day, ())))
    yield from changed("按国家节假日计算", bool(old.years), bool(new.years))
    yield from changed("调休上班日照哪天", _DAYS[old.makeup_like], _DAYS[new.makeup_like])


def _spans(spans: Iterable[Span]) -> str:
    return "、".join(f"{_clock(span.start)}-{_clock(span.end)}" for span in spans) or "不上班"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _years(flows: Flows) -> dict[int, Year]:
    return {number: year for calendar in flows.calendars.values() for number, year in calendar.years.items()}


def _year_changes(old: Mapping[int, Year], new: Mapping[int, Year]) -> Iterator[str]:
    for number in sorted({*old, *new}):
        was, now = old.get(number) or Year(number, {}, {}), new.get(number) or Year(number, {}, {})
        if replace(was, provisional=False) != replace(now, provisional=False):
            yield from _days(f"{number} 年放假", was.holidays, now.holidays)
            yield from _days(f"{number} 年调休上班", was.workdays, now.workdays)


def _days(said: str, was: Mapping[date, str], now: Mapping[date, str]) -> Iterator[str]:
    for verb, days in (("新增", now.keys() - was.keys()), ("取消", was.keys() - now.keys())):
        if days:
            yield f"{said}：{verb} {'、'.join(f'{day:%m-%d}' for day in sorted(days))}。"
