"""One house for all call tests of a module: booting Asterisk once is enough."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.house import House, eventually, opened_house


@pytest.fixture(scope="module")
def built_house() -> Iterator[House]:
    with opened_house(operator_ring_seconds=3, department_ring_seconds=3, hold_seconds=60) as house:
        yield house


@pytest.fixture
def house(built_house: House) -> Iterator[House]:
    """The house, with nobody talking: before and after each test."""
    built_house.trunk.answering = "auto"
    yield built_house
    for call in built_house.trunk.calls:
        call.hang_up()
    eventually(lambda: not built_house.channels(), "quiet telephones", 5)
    eventually(lambda: not built_house.exchange.calls, "no calls", 5)
    built_house.trunk.calls.clear()
    built_house.trunk.forget_rings()
