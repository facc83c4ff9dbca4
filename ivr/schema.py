"""JSON Schema of a flow file, generated from the code, for completion in editors. `call_flows/schema.json` is its copy.

An editor's schema helps while writing; what is right is decided by `hotline check` alone.
"""

from __future__ import annotations

from typing import Any

from ivr.flow import ACTIONS, DIGIT_TYPES, FACTS, KINDS, PRIORITIES, SETTABLE, Use
from ivr.read_flow import FIELDS, FLOW_FIELDS

Schema = dict[str, Any]

_NAME: Schema = {"type": "string", "minLength": 1}
_NAMES: Schema = {"anyOf": [_NAME, {"type": "array", "items": _NAME}]}
_NUMBER: Schema = {"type": "number", "minimum": 0}
_WHOLE: Schema = {"type": "integer", "minimum": 0}
_TRUTH: Schema = {"enum": [True, False, "yes", "no", "on", "off"]}
_KEY_PATTERN = "^[0-9*#]$"


def _only(properties: dict[str, Schema], required: tuple[str, ...] = ()) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _keys(goal: Schema) -> Schema:
    return {"type": "object", "patternProperties": {_KEY_PATTERN: goal}, "additionalProperties": False}


# The main value of each kind, where it is not simply a name.
_MAIN: dict[str, Schema] = {
    "say": _NAMES,
    "ask": _NAMES,
    "switch": {"type": "string", "examples": [*FACTS, "count."]},
    "set": _only({"priority": {"enum": list(PRIORITIES)}, **{n: _NAME for n in SETTABLE if n != "priority"}}),
    "do": {"enum": list(ACTIONS)},
    "recording": {"enum": ["on", "pause", "off", True, False]},
    "end": {"type": ["string", "null"]},
}

_CHOICE: Schema = {"anyOf": [_NAME, _only({"go": _NAME, "words": _NAMES}, ("go",))]}
_DIGITS = _only(
    {
        "min": _WHOLE,
        "max": _WHOLE,
        "end": {"type": "string"},
        "type": {"enum": list(DIGIT_TYPES)},
        "save": _NAME,
        "spoken": _TRUTH,
    },
    ("type", "save"),
)

# The other fields, by name; all kinds that have a field of this name mean the same by it.
_FIELDS: dict[str, Schema] = {
    "interruptible": _TRUTH,
    "choices": _keys(_CHOICE),
    "digits": _DIGITS,
    "timeout": _NUMBER,
    "between": _NUMBER,
    "tries": _WHOLE,
    "visits": _WHOLE,
    "retry": {"anyOf": [_NAMES, _only({"no_input": _NAMES, "no_match": _NAMES})]},
    "with": {"type": "object", "additionalProperties": _NAME},
    "save": _NAMES,
    "meanwhile": _NAMES,
    "max": _WHOLE,
    "silence": _WHOLE,
    "notice": _NAME,
    "skills": _NAMES,
    "priority": {"enum": list(PRIORITIES)},
    "announce": _only({"every": _WHOLE, "position": _TRUTH}),
    "max_wait": _WHOLE,
    "keys": _keys(_NAME),
    "music": _NAME,
    "brief": _NAME,
    "window": _WHOLE,
    "attempts": _WHOLE,
    "reason": _NAME,
}


def schema() -> Schema:
    """The schema of a whole flow file."""
    fields: dict[str, Schema] = {
        "flow": _NAME,
        "title": _NAME,
        "language": _NAME,
        "use": {"enum": [use.value for use in Use]},
        "entry": _NAME,
        "limits": _only({"steps": _WHOLE, "keys_to_human": _WHOLE, "seconds_to_human": _WHOLE}),
        "on_error": _NAME,
        "after": _NAME,
        "nodes": {"type": "object", "additionalProperties": {"oneOf": [_kind(word) for word in KINDS]}},
    }
    assert set(fields) == FLOW_FIELDS  # noqa: S101  the schema must not fall behind the reader
    whole = _only(fields, ("flow", "title", "entry", "nodes"))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "12345 call flow", **whole}


def _kind(word: str) -> Schema:
    _kind_type, title, exits = KINDS[word]
    properties = {word: _MAIN.get(word, _NAME), **{name: _FIELDS[name] for name in sorted(FIELDS[word])}}
    required = [word]
    if exits == ("next",):
        properties["next"] = _NAME
        required.append("next")
    elif exits:
        properties["on"] = _exits(word, exits)
        required.append("on")
    return {"title": title, **_only(properties, tuple(required))}


def _exits(word: str, exits: tuple[str, ...]) -> Schema:
    if word == "switch":
        return {"type": "object", "additionalProperties": _NAME, "required": list(exits)}
    also = {"ok": _NAME} if word == "ask" else {}
    return _only({**also, **dict.fromkeys(exits, _NAME)}, exits)


if __name__ == "__main__":
    import json

    print(json.dumps(schema(), ensure_ascii=False, indent=1))
