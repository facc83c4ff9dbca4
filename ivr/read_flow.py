"""One flow file into a `Flow`: how each kind of node is written. Whether it makes sense is `ivr/lint.py`'s question."""

from __future__ import annotations

from collections.abc import Callable

from config.problems import Place, Problems, did_you_mean, nearest, perhaps
from config.yaml_reader import Fields, Reader, Scalar, Value
from ivr.flow import (
    DIGIT_TYPES,
    KEYS,
    KINDS,
    PRIORITIES,
    SETTABLE,
    Act,
    Ask,
    Callback,
    Choice,
    Dial,
    DigitsWanted,
    DoAction,
    Edge,
    End,
    Flow,
    Hours,
    Limits,
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

Given = dict[str, Value]

FLOW_FIELDS = {"flow", "title", "language", "use", "entry", "limits", "on_error", "after", "nodes"}

# The fields a kind may have, besides its own word and `next` or `on`.
FIELDS: dict[str, set[str]] = {
    "say": {"interruptible"},
    "ask": {"choices", "digits", "timeout", "between", "tries", "visits", "retry"},
    "switch": set(),
    "hours": set(),
    "set": set(),
    "do": {"with", "timeout", "save", "meanwhile"},
    "record": {"max", "silence"},
    "recording": {"notice"},
    "queue": {"skills", "priority", "announce", "max_wait", "keys", "music"},
    "dial": {"timeout", "brief"},
    "callback": {"window", "attempts"},
    "run": set(),
    "end": {"reason"},
}


def read_flow(root: Value, problems: Problems) -> Flow | None:
    """The flow, or None when nothing in the file can be used."""
    return _FlowReader(problems).flow(root)


class _FlowReader(Reader):
    def flow(self, root: Value) -> Flow | None:
        given = self.fields(root, known=FLOW_FIELDS, needed=("flow", "title", "entry", "nodes"))
        if not isinstance(root, Fields) or "flow" not in given:
            return None
        limits = self.fields(given.get("limits"), known={"steps", "keys_to_human", "seconds_to_human"})
        return Flow(
            id=self.name(given["flow"]),
            title=self.text(given.get("title")),
            language=self.name(given.get("language")) or "zh-CN",
            entry=self.name(given.get("entry")),
            nodes=self._nodes(given.get("nodes")),
            use=Use(self.choice(given.get("use"), tuple(Use))),
            limits=self._limits(limits),
            on_error=self.name(given.get("on_error")),
            after=self.name(given.get("after")),
            place=root.place,
            places={name: value.place for name, value in given.items()},
        )

    def _limits(self, given: Given) -> Limits:
        steps = self.integer(given.get("steps"), 5, 1000, 60)
        keys = self.integer(given.get("keys_to_human"), 0, 20, 0)
        seconds = self.integer(given.get("seconds_to_human"), 1, 600, 30)
        return Limits(steps, keys, seconds)

    def _nodes(self, value: Value | None) -> dict[str, Node]:
        self.fields(value)
        entries = value.entries if isinstance(value, Fields) else ()
        nodes = (self._node(entry.key, entry.value) for entry in entries)
        return {node.name: node for node in nodes}

    def _node(self, key: Scalar, value: Value) -> Node:
        """A node that cannot be read becomes an empty `end`, so that its name is still known to the others."""
        if not isinstance(value, Fields):
            self.fields(value)
            return Node(key.text, End(), (), key.place)
        names = [entry.key.text for entry in value.entries]
        words = [name for name in names if name in KINDS]
        if len(words) != 1:
            self._which_kind(key, names, words)
            return Node(key.text, End(), (), key.place)
        word = words[0]
        way = {"on"} if len(KINDS[word][2]) > 1 or word == "switch" else {"next"} if KINDS[word][2] else set()
        given = self.fields(value, known={word, *FIELDS[word], *way})
        act = _READERS[word](self, given, given[word])
        places = {name: v.place for name, v in given.items()} | _places_of_words(given.get("choices"))
        return Node(key.text, act, self._edges(key, word, given, act), key.place, places)

    def _which_kind(self, key: Scalar, names: list[str], words: list[str]) -> None:
        if words:
            both = "', '".join(words)
            self.problems.add(key.place, "F007", f"node '{key.text}' is '{both}' at once; it can be only one",
                              f"节点 '{key.text}' 同时写了 '{both}'，请拆成两个节点。")  # fmt: skip
            return
        guess = next((d for name in names if (d := did_you_mean(name, KINDS))), "")
        said = next((perhaps(name, KINDS) for name in names if did_you_mean(name, KINDS)), perhaps("", KINDS))
        self.problems.add(key.place, "F007", f"node '{key.text}' needs exactly one of {', '.join(KINDS)}{guess}",
                          f"节点 '{key.text}' 没有写它做什么。{said}")  # fmt: skip

    def _edges(self, key: Scalar, word: str, given: Given, act: Act) -> tuple[Edge, ...]:
        wanted = self._wanted_exits(word, act)
        if wanted == ("next",):
            written = [Edge("next", self.name(given["next"]), given["next"].place)] if "next" in given else []
        else:
            written = self._written_exits(given.get("on"), wanted, any_name=word == "switch")
        slips = {nearest(edge.exit, wanted) for edge in written if edge.exit not in wanted}
        for exit_name in wanted:
            if all(edge.exit != exit_name for edge in written) and (exit_name not in slips or word == "switch"):
                self.problems.add(key.place, "F009", f"node '{key.text}' has no exit '{exit_name}'",
                                  f"节点 '{key.text}' 没有写 '{exit_name}' 时去哪里，请补上。")  # fmt: skip
        return (*self._key_edges(given.get("choices" if word == "ask" else "keys")), *written)

    def _wanted_exits(self, word: str, act: Act) -> tuple[str, ...]:
        exits = KINDS[word][2]
        return ("ok", *exits) if isinstance(act, Ask) and act.digits else exits

    def _written_exits(self, value: Value | None, wanted: tuple[str, ...], *, any_name: bool) -> list[Edge]:
        self.fields(value)
        edges = []
        for entry in value.entries if isinstance(value, Fields) else ():
            name = entry.key.text
            edges.append(Edge(name, self.name(entry.value), entry.value.place))
            if name not in wanted and not any_name:
                said = f"there is no exit '{name}' here{did_you_mean(name, wanted)}"
                self.problems.add(entry.key.place, "F010", said, f"这里没有出口 '{name}'。{perhaps(name, wanted)}")
        return edges

    def _key_edges(self, value: Value | None) -> list[Edge]:
        """The exits that belong to telephone keys: `{"1": node}` or `{"1": {go: node, words: [...]}}`."""
        edges = []
        for entry in value.entries if isinstance(value, Fields) else ():
            goal = entry.value.get("go") if isinstance(entry.value, Fields) else entry.value
            edges.append(Edge(entry.key.text, self.name(goal), goal.place if goal else entry.value.place))
        return edges

    # --- the kinds ---

    def say(self, given: Given, main: Value) -> Say:
        return Say(self.names(main), self.truth(given.get("interruptible"), default=True))

    def ask(self, given: Given, main: Value) -> Ask:
        if ("choices" in given) == ("digits" in given):
            self.problems.add(main.place, "F016", "a question needs either 'choices' or 'digits'",
                              "提问要么写 choices（按键选择），要么写 digits（输入号码），二者取一。")  # fmt: skip
        retry = given.get("retry")
        retries = self.fields(retry, known={"no_input", "no_match"}) if isinstance(retry, Fields) else {}
        same = () if isinstance(retry, Fields) else self.names(retry)
        return Ask(
            prompts=self.names(main),
            choices=self._choices(given.get("choices")),
            digits=self._digits(given["digits"]) if "digits" in given else None,
            timeout=self.number(given.get("timeout"), 1, 60, 5.0),
            between=self.number(given.get("between"), 1, 60, 3.0),
            tries=self.integer(given.get("tries"), 1, 10, 3),
            visits=self.integer(given.get("visits"), 1, 50, 5),
            retry_no_input=self.names(retries.get("no_input")) or same,
            retry_no_match=self.names(retries.get("no_match")) or same,
        )

    def _choices(self, value: Value | None) -> tuple[Choice, ...]:
        choices = []
        for key, goal in self.fields(value).items():
            known = self.fields(goal, known={"go", "words"}, needed=("go",)) if isinstance(goal, Fields) else {}
            choices.append(Choice(self._key(key, value), self.names(known.get("words"))))
        return tuple(choices)

    def _key(self, key: str, value: Value | None) -> str:
        if len(key) != 1 or key not in KEYS:
            place = next(e.key.place for e in value.entries if e.key.text == key) if isinstance(value, Fields) else None
            if place:
                self.problems.add(place, "F008", f"'{key}' is not a telephone key",
                                  f"'{key}' 不是电话按键，请写 0-9、* 或 #，并加引号，例如 \"1\"。")  # fmt: skip
        return key

    def _digits(self, value: Value) -> DigitsWanted:
        given = self.fields(value, known={"min", "max", "end", "type", "save", "spoken"}, needed=("type", "save"))
        low = self.integer(given.get("min"), 1, 20, 1)
        end = self.name(given.get("end")) or "#"
        return DigitsWanted(
            min=low,
            max=self.integer(given.get("max"), low, 20, 20),
            end=self._key(end, given.get("end")) if end != "none" else "",
            type=self.choice(given.get("type"), tuple(DIGIT_TYPES)),
            save=self.name(given.get("save")),
            spoken=self.truth(given.get("spoken")),
        )

    def switch(self, _given: Given, main: Value) -> Switch:
        return Switch(self.name(main))

    def hours(self, _given: Given, main: Value) -> Hours:
        return Hours(self.name(main))

    def set(self, _given: Given, main: Value) -> Set:
        given = self.fields(main, known=set(SETTABLE))
        closed = {"priority": tuple(PRIORITIES), "urgency": ("ordinary", "urgent", "at_once")}
        return Set(tuple((k, self.choice(v, closed[k]) if k in closed else self.text(v)) for k, v in given.items()))

    def do(self, given: Given, main: Value) -> DoAction:
        renamed = self.fields(given.get("with"))
        return DoAction(
            action=self.name(main),
            given=tuple((name, self.name(value)) for name, value in renamed.items()),
            timeout=self.number(given.get("timeout"), 0.5, 30, 2.0),
            save=self.names(given.get("save")),
            meanwhile=self.names(given.get("meanwhile")),
        )

    def record(self, given: Given, main: Value) -> Record:
        longest = self.integer(given.get("max"), 5, 1800, 180)
        return Record(self.name(main), longest, self.integer(given.get("silence"), 1, 60, 5))

    def recording(self, given: Given, main: Value) -> Recording:
        return Recording(self.choice(main, ("on", "pause", "off")), self.name(given.get("notice")))

    def queue(self, given: Given, main: Value) -> Queue:
        announce = self.fields(given.get("announce"), known={"every", "position"})
        return Queue(
            line=self.name(main),
            skills=self.names(given.get("skills")),
            priority=self.choice(given["priority"], tuple(PRIORITIES)) if "priority" in given else "",
            announce_every=self.integer(announce.get("every"), 10, 600, 0),
            announce_position=self.truth(announce.get("position")),
            max_wait=self.integer(given.get("max_wait"), 5, 7200, 180),
            keys=tuple(self._key(key, given.get("keys")) for key in self.fields(given.get("keys"))),
            music=self.name(given.get("music")) or "default",
        )

    def dial(self, given: Given, main: Value) -> Dial:
        seconds = self.integer(given.get("timeout"), 5, 300, 30)
        return Dial(self.name(main), seconds, self.name(given.get("brief")))

    def callback(self, given: Given, main: Value) -> Callback:
        window = self.integer(given.get("window"), 5, 4320, 120)
        return Callback(self.name(main), window, self.integer(given.get("attempts"), 1, 10, 3))

    def run(self, _given: Given, main: Value) -> Run:
        return Run(self.name(main))

    def end(self, given: Given, main: Value) -> End:
        empty = isinstance(main, Scalar) and main.plain and main.text in ("", "~", "null")
        return End("" if empty else self.name(main), self.name(given.get("reason")) or "done")


def _places_of_words(choices: Value | None) -> dict[str, Place]:
    """`choices.KEY` -> where the words of that key are written."""
    entries = choices.entries if isinstance(choices, Fields) else ()
    words = {e.key.text: e.value.get("words") for e in entries if isinstance(e.value, Fields)}
    return {f"choices.{key}": value.place for key, value in words.items() if value}


_READERS: dict[str, Callable[[_FlowReader, Given, Value], Act]] = {
    "say": _FlowReader.say,
    "ask": _FlowReader.ask,
    "switch": _FlowReader.switch,
    "hours": _FlowReader.hours,
    "set": _FlowReader.set,
    "do": _FlowReader.do,
    "record": _FlowReader.record,
    "recording": _FlowReader.recording,
    "queue": _FlowReader.queue,
    "dial": _FlowReader.dial,
    "callback": _FlowReader.callback,
    "run": _FlowReader.run,
    "end": _FlowReader.end,
}
