"""The words that citizens say: what a category, a kind or an urgency is recognised by."""

from __future__ import annotations

from dataclasses import dataclass

from config.codes import Kind, Urgency


@dataclass(frozen=True, slots=True)
class Word:
    """A word or phrase and its weight. `…` inside stands for a few other characters: `怎么…办`."""

    text: str
    weight: float = 2.0


@dataclass(frozen=True, slots=True)
class Category:
    """A category (类别). `lead` and `assisting` are departments; `bureaus`: parts of such departments' names.

    `usual_kind` is what most people want who call about it: it decides when their words do not.
    """

    code: str
    name: str
    words: tuple[Word, ...] = ()
    lead: str = ""
    assisting: tuple[str, ...] = ()
    bureaus: tuple[str, ...] = ()
    usual_kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class KindWords:
    """What people say who want this kind of thing."""

    kind: Kind
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class UrgencyWords:
    """What people say when it is this urgent."""

    urgency: Urgency
    words: tuple[Word, ...] = ()
