"""How a call flow is talked about in whole Chinese sentences: when an exit is taken, and what comes behind it.

按错键 3 次后，来电人现在转人工，不再留言。
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ivr.draw import EXITS, exit_label, label
from ivr.flow import (
    Ask,
    Callback,
    Dial,
    DigitsWanted,
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
    Use,
)

# The fields of nodes and limits, as administrators call them.
PROMPTS = {"prompts": "播放", "prompt": "播放", "notice": "录音告知", "meanwhile": "查询时播放",
           "brief": "先向对方说明情况", "retry_no_input": "没有按键时的提示",
           "retry_no_match": "按错键时的提示"}  # fmt: skip
FIELDS = {
    "interruptible": "可以按键打断", "timeout": "等候的秒数", "between": "两次按键之间的秒数", "tries": "最多问几遍",
    "visits": "一通电话里最多来几次", "digits": "要输入的号码", "fact": "看什么", "calendar": "时间表",
    "values": "记下", "action": "查询", "given": "查询用的值", "save": "保存为", "max_seconds": "最长的秒数",
    "silence_seconds": "静音几秒算说完", "state": "录音", "line": "队列", "skills": "技能", "priority": "优先级",
    "announce_every": "隔几秒报一次位置", "announce_position": "报排队位置", "max_wait": "最长等候秒数",
    "music": "等候音乐", "department": "承办单位", "number": "回拨的号码",
    "window_minutes": "几分钟内回拨", "attempts": "最多回拨几次", "flow": "子流程", "reason": "结束的原因",
}  # fmt: skip
LIMITS = {"steps": "最多走几步", "keys_to_human": "到人工最多按几次键", "seconds_to_human": "到人工最多等几秒"}

_LISTS = {"blocked": "拦截名单上的人来电时", "priority": "优先名单上的人来电时", "otherwise": "其他人来电时"}
_HOURS = {"open": "工作时间", "closed": "非工作时间", "holiday": "节假日"}
_DIAL = {
    "joined": "的通话结束后",
    "busy": "占线时",
    "no_answer": "无人接听时",
    "refused": "拒接时",
    "failed": "接不通时",
}
_CALLBACK = {"booked": "预约好回拨后", "already": "早已预约过回拨时", "refused": "不能预约回拨时"}
_DO = {"ok": "查到后", "not_found": "没有查到时", "failed": "查询失败时"}
_RECORD = {"left": "留言后", "empty": "没有说话时", "failed": "录音失败时"}
_RUN = {"done": "走完后", "failed": "失败后"}
_STATES = {"on": "开始录音", "pause": "暂停录音", "off": "停止录音"}


def who(flow: Flow) -> str:
    return "来电人" if flow.use is Use.INCOMING else "市民"


def quoted(flows: Flows, flow: Flow, prompt_id: str) -> str:
    prompt = flows.prompt(prompt_id, flow.language)
    return f"“{prompt.text if prompt else prompt_id}”"


def when(node: Node, exit_name: str) -> str:
    """The moment at which a node is left by this exit."""
    match node.act:
        case Ask(tries=tries, visits=visits):
            said = {"no_input": f"{tries} 次没有按键后", "no_match": f"按错键 {tries} 次后",
                    "too_many": f"来到这里超过 {visits} 次时", "ok": "输入号码后"}  # fmt: skip
            return said.get(exit_name, f"按 {exit_name} 后")
        case Queue(max_wait=seconds):
            said = {"talked": "和话务员的通话结束后", "timeout": f"排队超过 {seconds} 秒后",
                    "no_operators": "没有话务员值班时", "full": "排队已满时"}  # fmt: skip
            return said.get(exit_name, f"排队时按 {exit_name} 后")
        case Switch(fact):
            return _LISTS.get(exit_name, "") if fact == "caller.list" else _case(fact, exit_name)
        case Hours(calendar):
            return f"{_HOURS.get(exit_name, exit_name)}（{calendar}）"
        case Dial(department):
            return f"{'和 ' if exit_name == 'joined' else ''}{department} {_DIAL.get(exit_name, exit_name)}"
        case Run(part):
            return f"子流程 {part} {_RUN.get(exit_name, exit_name)}"
        case Say():
            return "播完后"
        case Recording():
            return "录音告知之后"
        case Set():
            return "记下之后"
    words: dict[type, dict[str, str]] = {Record: _RECORD, DoAction: _DO, Callback: _CALLBACK}
    return words.get(type(node.act), EXITS).get(exit_name, exit_label(node, exit_name))


def _case(fact: str, case: str) -> str:
    if case == "otherwise":
        return f"{fact} 是其他值时"
    if fact == "caller.open_case":
        return "有在办工单时" if case == "yes" else "没有在办工单时"
    return f"{'排队人数' if fact == 'line.waiting' else fact} 是 {case} 时"


def what(flows: Flows, flow: Flow, name: str) -> str:
    """What the citizen meets at a node. What is only noted on the way is passed over."""
    node = _met_at(flow, name)
    return _met(flows, flow, node) if node else f"走到 {name}"


def _met_at(flow: Flow, name: str) -> Node | None:
    node, seen = flow.nodes.get(name), {name}
    while node and _is_silent(node) and node.target("next") not in (None, *seen):
        name = node.target("next") or ""
        seen.add(name)
        node = flow.nodes.get(name)
    return node


def _is_silent(node: Node) -> bool:
    return isinstance(node.act, Set) or (isinstance(node.act, Recording) and not node.act.notice)


def _met(flows: Flows, flow: Flow, node: Node) -> str:
    match node.act:
        case Queue():
            return "转人工"
        case Record():
            return "留言"
        case Callback():
            return "预约回拨"
        case End(prompt):
            return f"听到{quoted(flows, flow, prompt)}后挂机" if prompt else "结束"
        case Say(prompts):
            return f"听到{quoted(flows, flow, prompts[0] if prompts else '')}{_then(flows, flow, node)}"
        case Recording(_state, notice):
            return f"听到录音告知{quoted(flows, flow, notice)}"
        case Ask(prompts):
            return f"被问{quoted(flows, flow, prompts[0] if prompts else '')}"
        case Dial(department):
            return f"接到 {department}"
        case Run(part):
            return f"进入子流程 {part}"
        case Hours(calendar):
            return f"按时间表 {calendar} 分流"
        case Switch(fact):
            return f"按 {fact} 分流"
        case DoAction(action):
            return f"等候查询 {action}"
    return node.name


def _then(flows: Flows, flow: Flow, node: Node) -> str:
    """`，然后留言` behind something that is only said; not said twice, so that a circle of sentences has an end."""
    goal = _met_at(flow, node.target("next") or "")
    return f"，然后{_met(flows, flow, goal)}" if goal and not isinstance(goal.act, Say) else ""


def does(flows: Flows, flow: Flow, node: Node) -> str:
    """What a node is for, as a noun: for one that is new, gone, or of another kind."""
    if isinstance(node.act, Recording):
        return _STATES.get(node.act.state, label(node, flows, flow))
    return label(node, flows, flow).removesuffix("。")


def changed(said: str, was: Any, now: Any) -> Iterator[str]:
    """`最多问几遍：原来 3，现在 2。`, or nothing."""
    if was != now:
        yield f"{said}：原来 {_shown(was)}，现在 {_shown(now)}。"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, DigitsWanted):
        return f"{value.min} 到 {value.max} 位（{value.type}）存为 {value.save}"
    if isinstance(value, tuple):
        return "、".join("=".join(one) if isinstance(one, tuple) else str(one) for one in value) or "没有"
    return f"{value:g}" if isinstance(value, float) else str(value) or "没有"
