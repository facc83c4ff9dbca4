"""categories.yaml -> categories, and the words by which kinds and urgencies are recognised."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from config.codes import Kind, Labelled, Urgency
from config.notebook import Notebook
from config.problems import did_you_mean, perhaps
from config.words import Category, KindWords, UrgencyWords, Word
from config.yaml_reader import Entry, Fields, Items, Scalar, Value

C = TypeVar("C", bound=Labelled)
USUAL = 2.0
HEAVIEST = 10.0


def read_categories(root: Value | None, notes: Notebook) -> tuple[Category, ...]:
    if not isinstance(root, Fields) or root.get("categories") is None:
        return ()
    return tuple(_category(v, notes) for v in notes.reader.items(root.get("categories")))


def _category(value: Value, notes: Notebook) -> Category:
    known = {"code", "name", "words", "lead", "assisting", "bureaus", "usual_kind"}
    f = notes.reader.fields(value, known=known, needed=("code", "name"))
    lead, usual = f.get("lead"), f.get("usual_kind")
    named = isinstance(lead, Scalar) and lead.text != ""
    return Category(
        code=notes.code("category", f.get("code"), value.place),
        name=notes.reader.text(f.get("name")),
        words=read_word_list(f.get("words"), notes),
        lead=notes.refer("department", lead) if named else "",
        assisting=notes.refer_all("department", f.get("assisting")),
        bureaus=notes.reader.texts(f.get("bureaus")),
        usual_kind=one_of(Kind, usual, Kind.HELP, notes) if usual else None,
    )


def read_kinds(root: Value | None, notes: Notebook) -> tuple[KindWords, ...]:
    found = _by_code(root, "kinds", Kind, notes)
    return tuple(KindWords(kind, words) for kind, words in found)


def read_urgencies(root: Value | None, notes: Notebook) -> tuple[UrgencyWords, ...]:
    found = _by_code(root, "urgencies", Urgency, notes)
    return tuple(UrgencyWords(urgency, words) for urgency, words in found)


def _by_code(root: Value | None, section: str, codes: type[C], notes: Notebook) -> Iterable[tuple[C, tuple[Word, ...]]]:
    value = root.get(section) if isinstance(root, Fields) else None
    known = {str(c) for c in codes}
    for name, words in notes.reader.fields(value, known=known).items():
        if name in known:
            yield codes(name), read_word_list(words, notes)


def read_word_list(value: Value | None, notes: Notebook) -> tuple[Word, ...]:
    """`[a, b]`, `[a, {b: 3}]` or `{3: [a], 1: [b]}`: words with weights, the usual weight unless another is given."""
    if isinstance(value, Fields):
        return _distinct((w for e in value.entries for w in _group(e, notes)), notes)
    return _distinct((w for v in notes.reader.items(value, or_one=True) for w in _item(v, notes)), notes)


def _group(entry: Entry, notes: Notebook) -> Iterable[tuple[Word, Scalar]]:
    """`3: [a, b]`, or `a: 3` for a single word."""
    if isinstance(entry.value, Items):
        weight = notes.reader.number(entry.key, 0, HEAVIEST)
        for value in entry.value.values:
            if isinstance(value, Scalar):
                yield Word(notes.reader.text(value), weight), value
            else:
                notes.reader.text(value)
    else:
        yield Word(entry.key.text, notes.reader.number(entry.value, 0, HEAVIEST)), entry.key


def _item(value: Value, notes: Notebook) -> Iterable[tuple[Word, Scalar]]:
    if isinstance(value, Fields):
        for entry in value.entries:
            yield from _group(entry, notes)
    elif isinstance(value, Scalar):
        yield Word(notes.reader.text(value), USUAL), value
    else:
        notes.reader.text(value)


def _distinct(found: Iterable[tuple[Word, Scalar]], notes: Notebook) -> tuple[Word, ...]:
    """The same word twice in one list is a slip; the first stands."""
    words: dict[str, Word] = {}
    for word, scalar in found:
        if word.text in words:
            notes.problems.add(scalar.place, "C006", f"the word '{word.text}' is in this list twice",
                               f"'{word.text}' 在这里写了两遍，请删去一个。")  # fmt: skip
        elif not word.text.replace("…", "").strip():
            notes.problems.add(
                scalar.place, "C006", "an empty word would match everywhere", "这里有一个空的词，请删去。"
            )
        else:
            words[word.text] = word
    return tuple(words.values())


def one_of(codes: type[C], value: Value | None, otherwise: C, notes: Notebook) -> C:
    """A code, or its Chinese label, of a closed list."""
    if value is None:
        return otherwise
    name = notes.reader.name(value)
    for code in codes:
        if name in (str(code), code.label):
            return code
    if name:
        known = [str(c) for c in codes]
        notes.problems.add(value.place, "C008", f"'{name}' is not one of {', '.join(known)}{did_you_mean(name, known)}",
                           f"不能写 '{name}'。{perhaps(name, known)}")  # fmt: skip
    return otherwise
