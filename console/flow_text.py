"""A simulated call as a citizen lives it: the lines that are read, and the keyboard as a telephone."""

from __future__ import annotations

import click

from ivr import actions as do
from ivr import events as ev
from ivr.flow import ACTIONS
from ivr.session import Session
from ivr.simulator import Row

_LINES = {
    "call.started": "☎ 来电",
    "recording.started": "● 开始录音",
    "recording.paused": "● 录音暂停",
    "recording.failed": "✗ 录音失败",
    "line.joined": "♪ 排队等候人工",
    "leg.left": "  通话结束",
    "no_input": "  （没有按键）",
    "hung_up": "  市民挂机",
    "asked": "… 查询",
    "fallback": "⚠ 流程出错，由系统静态通道直接转话务员",
}
_REASONS = {
    "answered": "话务员接听", "timeout": "等候超时", "no_operators": "没有话务员值班", "full": "排队已满",
    "key": "按键离开", "failed": "排队系统出错",
}  # fmt: skip


def told(row: Row) -> None:
    """Print one event the way the citizen notices it; what nobody notices is dimmed."""
    line = _line(row)
    if line:
        click.echo(f"{row.at:%H:%M:%S} {line}")
    elif row.event == "node.entered":
        click.secho(f"{row.at:%H:%M:%S}   · {row.flow}.{row.node}", dim=True)


def _line(row: Row) -> str:
    data = row.data
    match row.event:
        case "prompt.played":
            return f"▶ {data['text']}"
        case "keys.pressed":
            return f"⌨ 按 {data['keys']}"
        case "words.heard":
            return f"⌨ 说 “{data['words']}”"
        case "line.left":
            return f"  {_REASONS.get(data['reason'], data['reason'])}"
        case "leg.joined" | "leg.asked" | "leg.failed" if data["role"] == "department":
            return f"  承办单位 {data.get('name') or data.get('how')}"
        case "recording.ended" if data["what"] == "message":
            return f"● 留言 {data['seconds']:.0f} 秒"
        case "callback":
            return f"  回拨：{data['how']}"
        case "fact.set":
            return f"  记下 {data['name']}：{data['value']}"
        case "call.ended":
            return f"☎ 结束（{data['reason']}）"
        case _:
            return _LINES.get(row.event, "")


class _Keyboard:
    """The person at the terminal is the citizen, and the rest of the world."""

    def answer(self, action: do.Action, _session: Session) -> ev.Event:
        match action:
            case do.Collect():
                return _collected(_ask("按键（回车不按，“说 满意”，h 挂机）"))
            case do.RecordMessage():
                return _recorded(_ask("留言几秒（回车 12 秒，f 录音失败，h 挂机）"))
            case do.JoinLine(keys=keys):
                offered = "、".join(keys)
                return _line_ended(_ask(f"回车接听，t 超时，n 无人值班，f 排满，按键 {offered or '无'}，h 挂机"), keys)
            case do.DialDepartment():
                how = _ask("回车加入，b 忙，n 无人接听，r 拒绝，h 挂机")
                return ev.HungUp() if how == "h" else ev.DialEnded(_DIAL.get(how, "joined"))  # type: ignore[arg-type]
            case do.BookCallback():
                how = _ask("回车约好，a 早已约过，r 不能约，h 挂机")
                return ev.HungUp() if how == "h" else ev.CallbackEnded(_BOOK.get(how, "booked"))  # type: ignore[arg-type]
            case do.Do(name):
                how = _ask(f"{name}：回车查到，n 没有，f 出错，h 挂机")
                return ev.HungUp() if how == "h" else ev.Done(_DONE.get(how, "ok"), _sample(name))  # type: ignore[arg-type]
            case _:
                return ev.Played()


_DIAL = {"b": "busy", "n": "no_answer", "r": "refused"}
_BOOK = {"a": "already", "r": "refused"}
_DONE = {"n": "not_found", "f": "failed"}
_WAIT = {"": "talked", "t": "timeout", "n": "no_operators", "f": "full"}


def at_keyboard() -> _Keyboard:
    return _Keyboard()


def _ask(text: str) -> str:
    answer: str = click.prompt(click.style(f"   {text}", fg="cyan"), default="", show_default=False)
    return answer.strip()


def _sample(action: str) -> dict[str, str | int]:
    return {name: f"〔{name}〕" for name in ACTIONS[action][1]}


def _collected(said: str) -> ev.Event:
    if said == "h":
        return ev.HungUp()
    if said.startswith("说"):
        return ev.Heard(said.removeprefix("说").strip())
    return ev.Digits(said) if said else ev.NoInput()


def _recorded(said: str) -> ev.Event:
    if said == "h":
        return ev.Recorded(5.0, "hangup")
    if said == "f":
        return ev.RecordFailed()
    return ev.Recorded(float(said) if said.isdigit() else 12.0)


def _line_ended(said: str, keys: tuple[str, ...]) -> ev.Event:
    if said == "h":
        return ev.HungUp()
    if said in keys:
        return ev.LineEnded("key", said)
    return ev.LineEnded(_WAIT.get(said, "talked"))  # type: ignore[arg-type]
