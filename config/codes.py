"""Codes that data, API and tests share, each with its Chinese label beside it, once."""

from __future__ import annotations

from enum import StrEnum


class Labelled(StrEnum):
    """A code for machines and a `label` for people: `KIND = "kind", "类型"`."""

    label: str

    def __new__(cls, code: str, label: str = "") -> Labelled:
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        return member


class Kind(Labelled):
    """What the citizen wants of the city (诉求类型)."""

    CONSULTATION = "consultation", "咨询"
    HELP = "help", "求助"
    COMPLAINT = "complaint", "投诉"
    TIP_OFF = "tip_off", "举报"
    SUGGESTION = "suggestion", "建议"
    PRAISE = "praise", "表扬"


class Urgency(Labelled):
    """How soon somebody must act (紧急程度). A mayor's instruction is issued, never guessed, so it is not here."""

    AT_ONCE = "at_once", "特急"
    URGENT = "urgent", "急件"
    ORDINARY = "ordinary", "一般"


class Level(Labelled):
    """At which level of the city a department stands."""

    CITY = "city", "市级部门"
    DISTRICT = "district", "区政府"
    STREET = "street", "街道（镇）"
    UTILITY = "utility", "公用企业"


class Part(Labelled):
    """How a department takes part in a case."""

    LEAD = "lead", "主办"
    ASSISTING = "assisting", "协办"
