"""How often a draft is what a good operator would have written, on statements known and unseen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from config.city import City, load
from config.settings import ROOT
from transcription.draft import Draft, draft

DRAFTS = Path(__file__).parent / "drafts"
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Statement:
    said: str
    kind: str
    category: str
    urgency: str
    lead: tuple[str, ...]
    place: str = ""


def statements(name: str) -> list[Statement]:
    found = yaml.safe_load((DRAFTS / name).read_text("utf-8"))["statements"]
    return [Statement(**{**s, "lead": tuple(s["lead"])}) for s in found]


@pytest.fixture(scope="module")
def city() -> City:
    return load(ROOT / "config")


def right(statement: Statement, made: Draft) -> dict[str, bool]:
    return {
        "kind": made.kind.value == statement.kind,
        "category": made.category == statement.category,
        "urgency": made.urgency.value == statement.urgency,
        "place": statement.place in made.place.value,
        "lead": made.lead in statement.lead,
    }


def measure(name: str, city: City) -> dict[str, float]:
    """The share of right drafts per field; what went wrong is printed (`pytest -s`, or on failure)."""
    counted: Counter[str] = Counter()
    known = statements(name)
    for statement in known:
        made = draft(statement.said, city, now=NOW)
        for field, is_right in right(statement, made).items():
            counted[field] += is_right
            if not is_right:
                value = made.lead if field == "lead" else made.category if field == "category" else ""
                got = value or getattr(getattr(made, field, None), "value", "")
                print(f"{field}: {got or '-'} instead of {getattr(statement, field)}: {statement.said}")
    shares = {field: counted[field] / len(known) for field in ("kind", "category", "urgency", "place", "lead")}
    print(f"{name}: {len(known)} statements: " + ", ".join(f"{f} {s:.1%}" for f, s in shares.items()))
    return shares
