"""By which words a reply is looked at: refusals, vagueness, measures, promises. The city's own, in perfunctory.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from config.words import Word


@dataclass(frozen=True, slots=True)
class ReplyWords:
    """A word of weight 0 is no find: it hides the shorter word inside it. Without any words nothing is found by them.

    `shortest`: fewer characters than this are too few; `alike_percent`: from here on two replies are one template.
    """

    shortest: int = 30
    alike_percent: int = 90
    refusing: tuple[Word, ...] = ()
    vague: tuple[Word, ...] = ()
    measures: tuple[Word, ...] = ()
    solved: tuple[Word, ...] = ()
    promises: tuple[Word, ...] = ()
