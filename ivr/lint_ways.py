"""Nobody is ever stuck: what must hold for every way through a flow whose names are sound."""

from __future__ import annotations

from collections.abc import Iterable

from config.problems import Place, Problems
from ivr.distance import distance, is_human
from ivr.flow import Ask, Callback, Dial, End, Flow, Flows, Node, Queue, Record, Recording, Switch, Use
from ivr.ways import Arc, Spot, circles, lay_out, leading_to, reach

# By these exits a citizen has got what they came for, or has asked to go: a human, a message, a callback, a key.
CONTENT: dict[type, tuple[str, ...]] = {
    Queue: ("talked",),
    Dial: ("joined",),
    Record: ("left", "empty"),
    Callback: ("booked", "already"),
}
SILENT_ASK = ("no_input", "no_match", "too_many")
SILENT_QUEUE = ("timeout", "no_operators", "full")


class WayCheck:
    def __init__(self, flows: Flows, problems: Problems) -> None:
        self.flows, self.problems = flows, problems

    def flow(self, flow: Flow) -> None:
        spots = lay_out(self.flows, flow, flow.entry)
        self._unreachable(flow, spots)
        self._dead_ends(spots)
        self._circles(spots)
        if flow.use in (Use.INCOMING, Use.OUTGOING):
            self._notice(spots)
        if flow.use is Use.INCOMING:
            self._human(flow, spots)
            self._distance(flow)

    def _unreachable(self, flow: Flow, spots: list[Spot]) -> None:
        """`on_error` is a second entry."""
        also = lay_out(self.flows, flow, flow.on_error) if flow.on_error else []
        found = {spot.node.name for spot in (*spots, *also) if spot.flow.id == flow.id}
        for name, node in flow.nodes.items():
            if name not in found:
                self.problems.add(node.place, "F020", f"no way leads to '{name}'",
                                  f"没有任何路径能到达 '{name}'，请接上它，或把它删去。")  # fmt: skip

    def _dead_ends(self, spots: list[Spot]) -> None:
        """Told once for each circle that has no way out, not for everything that leads into it."""
        alive = leading_to(spots, lambda spot: isinstance(spot.node.act, End) and not spot.arcs)
        dead = {id(spot) for number, spot in enumerate(spots) if number not in alive}
        for circle in circles(spots, lambda spot: id(spot) in dead):
            first, names = spots[circle[0]], "、".join(spots[number].node.name for number in circle)
            self.problems.add(first.node.place, "F021", f"from '{first.node.name}' no way leads to an end",
                              f"这几个节点只在彼此之间打转，永远走不到结束：{names}。"
                              "请给其中一个接上 end 节点。")  # fmt: skip

    def _circles(self, spots: list[Spot]) -> None:
        for circle in circles(spots, lambda spot: not _counted(spot)):
            names = " -> ".join(spots[number].node.name for number in circle)
            self.problems.add(spots[circle[0]].node.place, "F022", f"an endless circle without a question: {names}",
                              f"这几个节点会无休止地循环：{names}。环路里要有提问、排队或留言，"
                              f"或用 switch: count.节点名 限制次数。")  # fmt: skip

    def _notice(self, spots: list[Spot]) -> None:
        """No room, and no recording, before the citizen has been told of the recording."""
        for number in reach(spots, [0], lambda spot: () if _tells(spot) else spot.arcs):
            node = spots[number].node
            if is_human(spots[number]) or _records_untold(node):
                self.problems.add(node.place, "F028", f"'{node.name}' can be reached without the recording notice",
                                  f"有路径没播录音告知就到了 '{node.name}'，请在前面接上"
                                  " {recording: on, notice: recording_notice}。")  # fmt: skip

    def _human(self, flow: Flow, spots: list[Spot]) -> None:
        """Whoever presses nothing must not be hung up on without a human or a message, wherever they fall silent."""
        rescue = lay_out(self.flows, flow, flow.on_error)
        if not _has_line(spots):
            self.problems.add(flow.at("entry"), "F025", "no way in this flow leads to a human",
                              "这个流程里没有通往人工的路，请加一个 queue 节点。")  # fmt: skip
        elif not _has_line(rescue):
            self.problems.add(flow.at("on_error"), "F023", f"on_error '{flow.on_error}' does not lead to a human",
                              f"on_error 指向的 '{flow.on_error}' 到不了人工，请改成能到 queue 的节点。")  # fmt: skip
        questions = [n for n in reach(spots, [0], _unsatisfied) if isinstance(spots[n].node.act, Ask)]
        told = self._dropped(spots, [0, *questions], "F024", set())
        self._dropped(rescue, [0], "F023", told)

    def _dropped(self, spots: list[Spot], starts: list[int], code: str, told: set[Place]) -> set[Place]:
        found = set()
        for number in reach(spots, starts, _silent):
            for arc in _silent(spots[number]):
                if not spots[arc.goal].arcs and arc.place not in told:
                    found.add(arc.place)
                    self._hung_up_on(arc.place, code, spots[arc.goal].node.name)
        return found

    def _hung_up_on(self, place: Place, code: str, name: str) -> None:
        self.problems.add(place, code, "here a citizen who presses nothing is hung up on, without a human or a "
                          f"message ('{name}')",
                          f"市民不按键就会在这里走到 '{name}' 而挂断，既没有人工也没有留言；"
                          "请改为转人工或留言。")  # fmt: skip

    def _distance(self, flow: Flow) -> None:
        found = distance(self.flows, flow)
        if found is None:
            return
        place, limits = flow.at("limits"), flow.limits
        if found.keys > limits.keys_to_human:
            keys = f"{found.keys} key{'s' * (found.keys > 1)}"
            self.problems.add(place, "F026", f"a human is {keys} away; the limit is {limits.keys_to_human}",
                              f"到人工要按 {found.keys} 次键，上限是 {limits.keys_to_human}；"
                              "请减少菜单，或改 limits.keys_to_human。")  # fmt: skip
        if found.seconds > limits.seconds_to_human:
            self.problems.add(place, "F027", f"a human is about {found.seconds:.0f} seconds away; "
                              f"the limit is {limits.seconds_to_human}",
                              f"到人工约需 {found.seconds:.0f} 秒，上限是 {limits.seconds_to_human} 秒；"
                              "请缩短提示音，或改 limits.seconds_to_human。")  # fmt: skip


def _has_line(spots: list[Spot]) -> bool:
    return any(isinstance(spot.node.act, Queue) for spot in spots)


def _counted(spot: Spot) -> bool:
    """Time passes here, by the citizen's doing or up to a limit; or the times are counted."""
    act = spot.node.act
    counts = isinstance(act, Switch) and act.fact.startswith("count.")
    return counts or isinstance(act, Ask | Queue | Record | Dial | Callback)


def _records_untold(node: Node) -> bool:
    """`recording: on` without a notice is for going on after a pause."""
    return isinstance(node.act, Recording) and node.act.state == "on" and not node.act.notice


def _tells(spot: Spot) -> bool:
    act = spot.node.act
    return isinstance(act, Recording) and act.state == "on" and bool(act.notice)


def _unsatisfied(spot: Spot) -> Iterable[Arc]:
    """The ways of those who have not got what they came for."""
    done = CONTENT.get(type(spot.node.act), ())
    return [arc for arc in spot.arcs if arc.exit not in done]


def _silent(spot: Spot) -> Iterable[Arc]:
    """The ways of those who press nothing. Only the block list may send somebody away."""
    match spot.node.act:
        case Ask():
            return [arc for arc in spot.arcs if arc.exit in SILENT_ASK]
        case Queue():
            return [arc for arc in spot.arcs if arc.exit in SILENT_QUEUE]
        case Switch(fact="caller.list"):
            return [arc for arc in spot.arcs if arc.exit != "blocked"]
        case _:
            return _unsatisfied(spot)
