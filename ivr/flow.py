"""A call flow as frozen values: 13 kinds of nodes, joined by named exits.

All exits are written; none is implied. What a node *does* at run time stands in `ivr/engine.py`, how it is *written* in
`ivr/load.py`, what makes a flow *sound* in `ivr/lint.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from config.problems import Place
from ivr.hours import Calendar

KEYS = "0123456789*#"
PRIORITIES = {"low": -1, "normal": 0, "high": 1, "highest": 2}  # 低 普通 优先 最优先


class Use(StrEnum):
    """What a flow is for. Only incoming flows must lead everybody to a human."""

    INCOMING = "incoming"  # 来电
    AFTER = "after"  # 通话结束后
    OUTGOING = "outgoing"  # 外呼
    PART = "part"  # 子流程


@dataclass(frozen=True, slots=True)
class Say:
    """播放"""

    prompts: tuple[str, ...]
    interruptible: bool = True


@dataclass(frozen=True, slots=True)
class Choice:
    key: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DigitsWanted:
    """`type` is a key of DIGIT_TYPES; the digits are kept in the variable `save`. `spoken`: they may be said, too."""

    min: int
    max: int
    end: str
    type: str
    save: str
    spoken: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """提问: `choices` or `digits`, never both. Asked `tries` times per visit, visited `visits` times per call."""

    prompts: tuple[str, ...]
    choices: tuple[Choice, ...] = ()
    digits: DigitsWanted | None = None
    timeout: float = 5.0
    between: float = 3.0
    tries: int = 3
    visits: int = 5
    retry_no_input: tuple[str, ...] = ()
    retry_no_match: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Switch:
    """按情况分流: the cases are the exits, in the order they are written."""

    fact: str


@dataclass(frozen=True, slots=True)
class Hours:
    """按时间分流"""

    calendar: str


@dataclass(frozen=True, slots=True)
class Set:
    """记下"""

    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DoAction:
    """查询: `given` is parameter -> variable."""

    action: str
    given: tuple[tuple[str, str], ...] = ()
    timeout: float = 2.0
    save: tuple[str, ...] = ()
    meanwhile: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """留言"""

    prompt: str
    max_seconds: int = 180
    silence_seconds: int = 5


@dataclass(frozen=True, slots=True)
class Recording:
    """录音: `state` is on, pause or off."""

    state: str
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Queue:
    """人工排队: `priority` "" means: what `set` has said, or else normal."""

    line: str
    skills: tuple[str, ...] = ()
    priority: str = ""
    announce_every: int = 0
    announce_position: bool = False
    max_wait: int = 180
    keys: tuple[str, ...] = ()
    music: str = "default"


@dataclass(frozen=True, slots=True)
class Dial:
    """请承办单位: `brief` is the prompt that the department hears before it is joined, "" for none."""

    department: str
    timeout: int = 30
    brief: str = ""


@dataclass(frozen=True, slots=True)
class Callback:
    """预约回拨: `number` is `caller` or a variable."""

    number: str = "caller"
    window_minutes: int = 120
    attempts: int = 3


@dataclass(frozen=True, slots=True)
class Run:
    """子流程"""

    flow: str


@dataclass(frozen=True, slots=True)
class End:
    """结束: in a flow that another one runs, the way back."""

    prompt: str = ""
    reason: str = "done"


Act = Say | Ask | Switch | Hours | Set | DoAction | Record | Recording | Queue | Dial | Callback | Run | End

# The word in YAML -> the kind, its Chinese name, and the exits that must be written.
# `ask` and `queue` have an exit for each key besides, `switch` one for each case.
KINDS: Mapping[str, tuple[type, str, tuple[str, ...]]] = {
    "say": (Say, "播放", ("next",)),
    "ask": (Ask, "提问", ("no_input", "no_match", "too_many")),
    "switch": (Switch, "按情况分流", ("otherwise",)),
    "hours": (Hours, "按时间分流", ("open", "closed", "holiday")),
    "set": (Set, "记下", ("next",)),
    "do": (DoAction, "查询", ("ok", "not_found", "failed")),
    "record": (Record, "留言", ("left", "empty", "failed")),
    "recording": (Recording, "录音", ("next",)),
    "queue": (Queue, "人工排队", ("talked", "timeout", "no_operators", "full")),
    "dial": (Dial, "请承办单位", ("joined", "busy", "no_answer", "refused", "failed")),
    "callback": (Callback, "预约回拨", ("booked", "already", "refused")),
    "run": (Run, "子流程", ("done", "failed")),
    "end": (End, "结束", ()),
}
WORD_OF: Mapping[type, str] = {kind: word for word, (kind, _title, _exits) in KINDS.items()}

# What a citizen may key in: the type -> the pattern that the digits must match.
DIGIT_TYPES: Mapping[str, re.Pattern[str]] = {
    "integer": re.compile(r"[0-9]{1,12}"),
    "phone": re.compile(r"1[3-9][0-9]{9}|0[1-9][0-9]{8,10}"),
    "case_number": re.compile(r"[0-9]{6,20}"),
}

# What a flow may ask of the case side: the action -> (what it needs, what it gives). Closed, so that it can be checked.
ACTIONS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "case.progress": (("case_no",), ("progress",)),
    "case.latest": ((), ("case_no", "progress")),
    "directory.find": (("words",), ("title", "answer")),
    "survey.save": (("score",), ()),
    "visit.save": (("case_no", "satisfied"), ()),
}

# What `switch` may look at, besides variables and `count.NODE`.
FACTS = ("caller.list", "caller.open_case", "line.waiting")
# Prompts that are spoken outside of any flow: in the waiting line, and when everything of ours is down.
SYSTEM_PROMPTS = ("position", "apology", "operators_busy", "leave_message", "goodbye", "callback_brief",
                  "callback_hello", "callback_notice")  # fmt: skip
SETTABLE = ("category", "urgency", "language", "priority", "note")


@dataclass(frozen=True, slots=True)
class Edge:
    exit: str
    target: str
    place: Place = field(default=Place(""), compare=False)


@dataclass(frozen=True, slots=True)
class Node:
    name: str
    act: Act
    edges: tuple[Edge, ...] = ()
    place: Place = field(default=Place(""), compare=False)
    places: Mapping[str, Place] = field(default_factory=dict, compare=False, repr=False)

    def at(self, field_name: str) -> Place:
        """Where a field of the node is written."""
        return self.places.get(field_name, self.place)

    @property
    def word(self) -> str:
        """The kind as it is written in YAML."""
        return WORD_OF[type(self.act)]

    def target(self, exit_name: str) -> str | None:
        return next((e.target for e in self.edges if e.exit == exit_name), None)


@dataclass(frozen=True, slots=True)
class Limits:
    steps: int = 60
    keys_to_human: int = 0
    seconds_to_human: int = 30


@dataclass(frozen=True, slots=True)
class Flow:
    """One file. `nodes` is in the order it is written in."""

    id: str
    title: str
    language: str
    entry: str
    nodes: Mapping[str, Node]
    use: Use = Use.INCOMING
    limits: Limits = Limits()
    on_error: str = ""
    after: str = ""
    place: Place = field(default=Place(""), compare=False)
    places: Mapping[str, Place] = field(default_factory=dict, compare=False, repr=False)

    def at(self, field_name: str) -> Place:
        """Where a field of the file is written."""
        return self.places.get(field_name, self.place)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A text to be spoken; `file` is a recording that is played instead (below `prompts/recorded/`)."""

    id: str
    text: str
    file: str = ""
    place: Place = field(default=Place(""), compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The `{names}` in the text, whose values must be known when it is spoken."""
        return tuple(re.findall(r"\{([a-z_]+)\}", self.text))


@dataclass(frozen=True, slots=True)
class Flows:
    """Everything a call needs, loaded together; `version` is a hash of all the files it was read from."""

    flows: Mapping[str, Flow]
    prompts: Mapping[str, Mapping[str, Prompt]]  # language -> id -> prompt
    calendars: Mapping[str, Calendar]
    version: str

    def prompt(self, prompt_id: str, language: str) -> Prompt | None:
        return self.prompts.get(language, {}).get(prompt_id)

    def language_of(self, prompt_id: str, *wanted: str) -> str:
        """The first of these languages that has the prompt; "" when none has."""
        return next((language for language in wanted if self.prompt(prompt_id, language)), "")


def fits(case: str, value: str | int) -> bool:
    """Does a case of `switch` fit a value? A case is a word, a number, `3-5`, or a number after > >= < <=."""
    if str(value) == case:
        return True
    number = int(value) if str(value).lstrip("-").isdigit() else None
    found = re.fullmatch(r"(>=|<=|>|<)\s*(-?\d+)|(\d+)-(\d+)", case)
    if number is None or not found:
        return False
    sign, bound, low, high = found.groups()
    if low:
        return int(low) <= number <= int(high)
    return {">": number > int(bound), ">=": number >= int(bound), "<": number < int(bound), "<=": number <= int(bound)}[
        sign
    ]
