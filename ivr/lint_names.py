"""Every name in a flow must be the name of something: a node, a prompt, a flow, a calendar, a value."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from config.problems import Place, Problems, did_you_mean, perhaps
from ivr.flow import (
    ACTIONS,
    FACTS,
    Ask,
    Callback,
    Choice,
    Dial,
    DoAction,
    End,
    Flow,
    Flows,
    Hours,
    Node,
    Prompt,
    Queue,
    Record,
    Recording,
    Run,
    Say,
    Set,
    Switch,
    Use,
)
from ivr.walk import MAX_DEPTH

ANSWERS = "main"  # the flow of whoever dials 12345
GIVEN = ("case_no", "title")  # what an outgoing call brings along


@dataclass(frozen=True, slots=True)
class Known:
    """What flows may refer to outside of themselves. None: not known here, so not checked."""

    departments: Collection[str] | None = None
    categories: Collection[str] | None = None
    lines: Collection[str] = ("operators",)
    year: int | None = None  # the year that calendars must know
    sayable: Callable[[str], bool] | None = None  # can the speech model understand these words?


class NameCheck:
    def __init__(self, flows: Flows, known: Known, problems: Problems, unread: Collection[str] = ()) -> None:
        """`unread`: languages whose catalogue has mistakes of its own; nothing is said to be missing from it."""
        self.flows, self.known, self.problems, self.unread = flows, known, problems, unread
        self.variables = {
            name for flow in flows.flows.values() for node in flow.nodes.values() for name in _makes(node)
        }
        self.variables |= set(GIVEN)
        self.languages = _languages(flows)

    def flow(self, flow: Flow) -> None:
        self._node_named(flow, flow.entry, flow.at("entry"))
        if flow.on_error:
            self._node_named(flow, flow.on_error, flow.at("on_error"))
        elif flow.use is Use.INCOMING:
            self._add(flow.place, "F005", "an incoming flow needs 'on_error', a node that leads to a human",
                      "来电流程必须写 on_error：出错时转到哪个节点（要能到人工）。")  # fmt: skip
        if flow.id == ANSWERS and flow.use is not Use.INCOMING:
            self._add(flow.at("use"), "F012", f"the flow '{ANSWERS}' answers 12345, so it is for use: incoming",
                      f"'{ANSWERS}' 是接听 12345 的流程，use 只能写 incoming；别的流程请换一个名字。")  # fmt: skip
        if flow.after:
            self._flow_named(flow.after, flow.at("after"), Use.AFTER)
        for node in flow.nodes.values():
            self._node(flow, node)
        self._depth(flow)

    def _node(self, flow: Flow, node: Node) -> None:
        for edge in node.edges:
            self._node_named(flow, edge.target, edge.place)
        for field_name, prompt_id in _prompts(node):
            self._prompt(flow, prompt_id, node.at(field_name))
        match node.act:
            case Ask(choices=choices):
                self._words(choices, node)
            case Hours(calendar):
                self._calendar(calendar, node)
            case Queue(line=line):
                self._in("line", "排队", line, self.known.lines, node.at("queue"))
            case Dial(department):
                self._in("department", "承办单位", department, self.known.departments, node.at("dial"))
            case Set(values):
                self._in("category", "类别", dict(values).get("category"), self.known.categories, node.at("set"))
            case Switch(fact):
                self._fact(flow, fact, node.at("switch"))
            case DoAction():
                self._action(node.act, node)
            case Callback(number) if number != "caller":
                self._variable(number, node.at("callback"))
            case Run(part):
                self._flow_named(part, node.at("run"), Use.PART)

    def _add(self, place: Place, code: str, message: str, hint: str) -> None:
        self.problems.add(place, code, message, hint)

    def _node_named(self, flow: Flow, name: str, place: Place) -> None:
        if name and name not in flow.nodes:
            self._add(place, "F006", f"no node is named '{name}'{did_you_mean(name, flow.nodes)}",
                      f"没有名为 '{name}' 的节点。{perhaps(name, flow.nodes)}")  # fmt: skip

    def _flow_named(self, name: str, place: Place, use: Use) -> None:
        flow = self.flows.flows.get(name)
        fitting = [f.id for f in self.flows.flows.values() if f.use is use]
        if flow is None:
            self._add(place, "F012", f"no flow is named '{name}'{did_you_mean(name, fitting)}",
                      f"没有名为 '{name}' 的流程。"
                      f"{perhaps(name, fitting) or f'请新建一个 use: {use} 的流程，或删去这里。'}")  # fmt: skip
        elif flow.use is not use:
            self._add(place, "F012", f"the flow '{name}' is for use: {flow.use}, and use: {use} is needed here",
                      f"流程 '{name}' 的 use 是 {flow.use}，这里需要 use: {use}。")  # fmt: skip

    def _prompt(self, flow: Flow, prompt_id: str, place: Place) -> None:
        for language in sorted({flow.language, *self.languages}):
            prompt = self.flows.prompt(prompt_id, language)
            if prompt is None and language in self.unread:
                continue
            if prompt is None:
                catalogue = self.flows.prompts.get(language, {})
                self._add(place, "F011", f"no prompt is named '{prompt_id}' in {language}"
                          f"{did_you_mean(prompt_id, catalogue)}",
                          f"{language} 的提示音里没有 '{prompt_id}'。{perhaps(prompt_id, catalogue)}"
                          f" 提示音写在 prompts/{language}.yaml。")  # fmt: skip
            else:
                self._values(prompt, place)

    def _values(self, prompt: Prompt, place: Place) -> None:
        for name in prompt.names:
            if name not in self.variables:
                self._add(place, "F015", f"the prompt '{prompt.id}' says {{{name}}}, which no node saves"
                          f"{did_you_mean(name, self.variables)}",
                          f"提示音 '{prompt.id}' 里的 {{{name}}} 没有任何节点提供。"
                          f"{perhaps(name, self.variables)}")  # fmt: skip

    def _calendar(self, name: str, node: Node) -> None:
        place, calendar = node.at("hours"), self.flows.calendars.get(name)
        self._in("calendar", "时间表", name, self.flows.calendars, place)
        year = self.known.year
        if calendar and calendar.years and year and year not in calendar.years:
            self._add(place, "F029", f"the calendar '{name}' has no holidays for {year}",
                      f"时间表 '{name}' 还没有 {year} 年的节假日，请补上 holidays/{year}.yaml。")  # fmt: skip

    def _in(self, what: str, called: str, name: str | None, names: Collection[str] | None, place: Place) -> None:
        if name is not None and names is not None and name not in names:
            self._add(place, "F013", f"no {what} is named '{name}'{did_you_mean(name, names)}",
                      f"没有名为 '{name}' 的{called}。{perhaps(name, names)}")  # fmt: skip

    def _fact(self, flow: Flow, fact: str, place: Place) -> None:
        if fact in FACTS or fact in self.variables or (fact.startswith("count.") and fact[6:] in flow.nodes):
            return
        known = {*FACTS, *self.variables, *(f"count.{name}" for name in flow.nodes)}
        self._add(place, "F014", f"nothing is known as '{fact}'{did_you_mean(fact, known)}",
                  f"不知道 '{fact}' 是什么。{perhaps(fact, {*FACTS, *self.variables})}")  # fmt: skip

    def _words(self, choices: tuple[Choice, ...], node: Node) -> None:
        words = {word: choice.key for choice in choices for word in choice.words}
        for word, key in words.items():
            place = node.at(f"choices.{key}")
            if sum(choice.words.count(word) for choice in choices) > 1:
                self._add(place, "F033", f"'{word}' stands for two choices, so it chooses neither",
                          f"词语 '{word}' 写在了两个选项里，说了也不知道选哪个；请只留一个。")  # fmt: skip
            if self.known.sayable and not self.known.sayable(word):
                self._add(place, "F032", f"the speech model does not know '{word}'",
                          f"语音模型不认识 '{word}'，说了也听不懂（按键照常）；"
                          "请换个常用的说法或删去，也可以换一个词汇更多的模型（hotline model get）。")  # fmt: skip

    def _variable(self, name: str, place: Place) -> None:
        if name not in self.variables:
            self._add(place, "F014", f"no node saves '{name}'{did_you_mean(name, self.variables)}",
                      f"没有节点保存过 '{name}'。{perhaps(name, self.variables)}")  # fmt: skip

    def _action(self, act: DoAction, node: Node) -> None:
        self._in("action", "查询动作", act.action, ACTIONS, node.at("do"))
        needs, gives = ACTIONS.get(act.action, ((), ()))
        given = dict(act.given)
        for name in needs:
            self._variable(given.get(name, name), node.at("with" if name in given else "do"))
        for name in act.save:
            if act.action in ACTIONS and name not in gives:
                self._add(node.at("save"), "F014", f"'{act.action}' does not give '{name}'{did_you_mean(name, gives)}",
                          f"'{act.action}' 不会返回 '{name}'。{perhaps(name, gives)}")  # fmt: skip

    def _depth(self, flow: Flow) -> None:
        """Flows that run flows: at most MAX_DEPTH deep, never in a circle (told once, where it closes)."""
        ways: list[tuple[Node, tuple[str, ...]]] = [(node, (flow.id,)) for node in flow.nodes.values()]
        while ways:
            node, above = ways.pop()
            part = self.flows.flows.get(node.act.flow) if isinstance(node.act, Run) else None
            if part is None or part.use is not Use.PART:
                continue
            if part.id == flow.id or len(above) > MAX_DEPTH:
                self._too_deep(node, (*above, part.id))
            elif part.id not in above:
                ways += [(inner, (*above, part.id)) for inner in part.nodes.values()]

    def _too_deep(self, node: Node, chain: tuple[str, ...]) -> None:
        said = " -> ".join(chain)
        self._add(node.at("run"), "F017", f"flows run each other too deep or in a circle: {said}",
                  f"子流程互相调用成了环，或超过 {MAX_DEPTH} 层：{said}。")  # fmt: skip


def _languages(flows: Flows) -> set[str]:
    """The languages that a citizen may be switched to."""
    acts = (node.act for flow in flows.flows.values() for node in flow.nodes.values())
    return {value for act in acts if isinstance(act, Set) for name, value in act.values if name == "language"}


def _makes(node: Node) -> tuple[str, ...]:
    """The variables that a node may save."""
    match node.act:
        case Ask(digits=digits) if digits:
            return (digits.save,)
        case DoAction():
            return node.act.save or ACTIONS.get(node.act.action, ((), ()))[1]
        case Set(values):
            return tuple(name for name, _value in values)
        case _:
            return ()


def _prompts(node: Node) -> list[tuple[str, str]]:
    """The prompts of a node, each with the field it is written in."""
    act = node.act
    named: list[tuple[str, tuple[str, ...]]] = []
    match act:
        case Say():
            named = [("say", act.prompts)]
        case Ask():
            named = [("ask", act.prompts), ("retry", act.retry_no_input + act.retry_no_match)]
        case Record():
            named = [("record", (act.prompt,))]
        case Recording(notice=notice) if notice:
            named = [("notice", (notice,))]
        case DoAction():
            named = [("meanwhile", act.meanwhile)]
        case Dial(brief=brief) if brief:
            named = [("brief", (brief,))]
        case End(prompt=prompt) if prompt:
            named = [("end", (prompt,))]
    return [(field_name, prompt_id) for field_name, ids in named for prompt_id in ids]
