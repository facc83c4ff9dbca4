"""Opening hours (`call_flows/calendars.yaml`) into values. The holidays in them: `config/read_holidays.py`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from config.problems import Problems
from config.workdays import Year
from config.yaml_reader import Fields, Reader, Scalar, Value
from ivr.hours import WEEKDAYS, Calendar, Span


def read_calendars(root: Value, years: Mapping[int, Year], problems: Problems) -> dict[str, Calendar]:
    return _HoursReader(problems).calendars(root, years)


class _HoursReader(Reader):
    def calendars(self, root: Value, years: Mapping[int, Year]) -> dict[str, Calendar]:
        self.fields(root)
        entries = root.entries if isinstance(root, Fields) else ()
        return {e.key.text: self._calendar(e.key, e.value, years) for e in entries}

    def _calendar(self, key: Scalar, value: Value, years: Mapping[int, Year]) -> Calendar:
        known = {"title", "week", "holidays", "makeup_like"}
        given = self.fields(value, known=known, needed=("title", "week", "holidays"))
        week = self.fields(given.get("week"), known=set(WEEKDAYS))
        return Calendar(
            id=key.text,
            title=self.text(given.get("title")),
            week={day: tuple(self._span(v) for v in self.items(spans, or_one=True)) for day, spans in week.items()},
            years=years if self.truth(given.get("holidays")) else {},
            makeup_like=self.choice(given.get("makeup_like"), WEEKDAYS),
            place=key.place,
        )

    def _span(self, value: Value) -> Span:
        """`08:30-12:00`. A span over midnight is written as two, so that every day says its own hours."""
        found = re.fullmatch(
            r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)", value.text if isinstance(value, Scalar) else ""
        )
        if found:
            h1, m1, h2, m2 = (int(n) for n in found.groups())
            if h1 * 60 + m1 < h2 * 60 + m2 <= 24 * 60:
                return Span(h1 * 60 + m1, h2 * 60 + m2)
        self.problems.add(value.place, "F030", "opening hours are written 08:30-12:00, the end after the beginning",
                          "时间段请写成 08:30-12:00，结束要晚于开始；跨零点的请分成两天写。")  # fmt: skip
        return Span(0, 0)
