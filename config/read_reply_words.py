"""perfunctory.yaml -> the words and limits by which a department's reply is looked at."""

from __future__ import annotations

from config.notebook import Notebook
from config.read_words import read_word_list
from config.reply_words import ReplyWords
from config.yaml_reader import Value

_USUAL = ReplyWords()
_LISTS = ("refusing", "vague", "measures", "solved", "promises")


def read_reply_words(root: Value | None, notes: Notebook) -> ReplyWords:
    f = notes.reader.fields(root, known={"shortest", "alike_percent", *_LISTS}, needed=_LISTS)
    return ReplyWords(
        shortest=notes.reader.integer(f.get("shortest"), 1, 1000, default=_USUAL.shortest),
        alike_percent=notes.reader.integer(f.get("alike_percent"), 50, 100, default=_USUAL.alike_percent),
        **{name: read_word_list(f.get(name), notes) for name in _LISTS},
    )
