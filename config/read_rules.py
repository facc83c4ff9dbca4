"""deadlines.yaml -> the rules of deadlines, preset by preset."""

from __future__ import annotations

import re
from types import MappingProxyType

from config.codes import Kind, Urgency
from config.notebook import Notebook
from config.problems import did_you_mean, perhaps
from config.read_words import one_of
from config.rules import DeadlineRule, Deadlines, Limit, Unit
from config.yaml_reader import Fields, Value

_LIMITS = ("sign", "first_contact", "first_result", "return_window", "extension", "rework")
_RULE = {"urgency", "kinds", "due", "extensions", *_LIMITS}


def read_deadlines(root: Value | None, notes: Notebook) -> Deadlines:
    if root is None:
        return Deadlines()
    f = notes.reader.fields(root, known={"preset", "presets"}, needed=("preset", "presets"))
    presets = {
        name: tuple(_rule(v, notes) for v in notes.reader.items(rules))
        for name, rules in notes.reader.fields(f.get("presets")).items()
    }
    preset, at = notes.reader.name(f.get("preset")), f.get("preset")
    if at is not None and preset not in presets:
        notes.problems.add(at.place, "C009", f"no preset is named '{preset}'{did_you_mean(preset, presets)}",
                           f"没有名为 '{preset}' 的办理时限方案。{perhaps(preset, presets)}")  # fmt: skip
    _check_complete(presets, f.get("presets"), notes)
    return Deadlines(preset, MappingProxyType(presets))


def _rule(value: Value, notes: Notebook) -> DeadlineRule:
    f = notes.reader.fields(value, known=_RULE, needed=("urgency", "due"))
    limits = {name: _limit(f.get(name), notes) for name in _LIMITS}
    kinds = notes.reader.items(f.get("kinds"), or_one=True)
    return DeadlineRule(
        urgency=one_of(Urgency, f.get("urgency"), Urgency.ORDINARY, notes),
        due=_limit(f.get("due"), notes) or Limit(0, Unit.CALENDAR_DAYS),
        kinds=tuple(one_of(Kind, k, Kind.HELP, notes) for k in kinds),
        extensions=notes.reader.integer(f.get("extensions"), 0, 9),
        **limits,
    )


def _limit(value: Value | None, notes: Notebook) -> Limit | None:
    """`3 working_days`, `2 hours`; the singular is understood."""
    if value is None:
        return None
    text = notes.reader.text(value)
    found = re.fullmatch("([1-9][0-9]{0,3}) ([a-z_]+)", text)
    units = {str(u): u for u in Unit} | {str(u).removesuffix("s"): u for u in Unit}
    if found and found[2] in units:
        return Limit(int(found[1]), units[found[2]])
    guess = did_you_mean(found[2], units) if found else ""
    notes.problems.add(value.place, "C007", f"'{text}' is not a span of time such as '3 working_days'{guess}",
                       f"'{text}' 不是时限。请写数目和单位，例如 '3 working_days'、'2 hours'；"
                       f"单位有 {'、'.join(Unit)}。")  # fmt: skip
    return None


def _check_complete(presets: dict[str, tuple[DeadlineRule, ...]], value: Value | None, notes: Notebook) -> None:
    """Every urgency needs a rule for any kind: no case may be without a deadline."""
    for entry in value.entries if isinstance(value, Fields) else ():
        general = {r.urgency for r in presets[entry.key.text] if not r.kinds}
        for urgency in (u for u in Urgency if u not in general):
            name = entry.key.text
            notes.problems.add(entry.key.place, "C009", f"preset '{name}' has no general rule for {urgency}",
                               f"方案 '{name}' 缺少不分诉求类型的 {urgency}（{urgency.label}）时限。")  # fmt: skip
