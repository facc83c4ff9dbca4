"""The draft of a call as suggestions for the fields of the form, each with its reason and its source sentence. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from config.city import City
from config.codes import Kind, Urgency


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`value` goes into the field, `label` is what people read, `sentence` is what the citizen said."""

    value: str
    label: str
    reason: str
    sentence: str = ""


Suggestions = Mapping[str, Sequence[Suggestion]]
FIELDS = ("summary", "kind", "category", "place", "urgency", "lead", "assisting", "phone")


def suggestions(draft: Mapping[str, Any], city: City) -> Suggestions:
    """For each field the best guess first. The first one fills the field, the others wait to be taken."""
    return {
        "summary": _plain(draft, "summary"),
        "kind": _plain(draft, "kind", {k.value: k.label for k in Kind}),
        "category": _categories(draft, city),
        "place": _plain(draft, "place"),
        "urgency": _plain(draft, "urgency", {u.value: u.label for u in Urgency}),
        "lead": _departments(draft, city, "lead"),
        "assisting": _assisting(draft, city),
        "phone": _plain(draft, "phone"),
    }


def _plain(draft: Mapping[str, Any], name: str, labels: Mapping[str, str] | None = None) -> list[Suggestion]:
    value = str(draft.get(name) or "")
    if not value or (labels is not None and value not in labels):
        return []
    why = (draft.get("reasons") or {}).get(name) or {}
    return [Suggestion(value, labels[value] if labels else value, *_why(why))]


def _why(guess: Mapping[str, Any]) -> tuple[str, str]:
    return str(guess.get("reason") or ""), str((guess.get("source") or {}).get("sentence") or "")


def _categories(draft: Mapping[str, Any], city: City) -> list[Suggestion]:
    known = [(c, city.category(str(c.get("code", "")))) for c in draft.get("category") or ()]
    return [Suggestion(found.code, found.name, *_why(c)) for c, found in known if found][:3]


def _departments(draft: Mapping[str, Any], city: City, part: str) -> list[Suggestion]:
    """By name, for the field is one that people type names into."""
    wanted = [d for d in draft.get("departments") or () if d.get("role") == part]
    known = [(d, city.department(str(d.get("code", "")))) for d in wanted]
    return [Suggestion(found.name, found.name, *_why(d)) for d, found in known if found]


def _assisting(draft: Mapping[str, Any], city: City) -> list[Suggestion]:
    each = _departments(draft, city, "assisting")
    if not each:
        return []
    names = "、".join(s.value for s in each)
    return [Suggestion(names, names, "；".join(dict.fromkeys(s.reason for s in each)), each[0].sentence)]


def department_reasons(draft: Mapping[str, Any], city: City) -> Mapping[str, str]:
    """Name -> why, the lead first: for the picker."""
    return {s.value: s.reason for part in ("lead", "assisting") for s in _departments(draft, city, part)}
