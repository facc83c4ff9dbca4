"""The log: one line for each event, to standard error, and no citizen's number, voice or words in it."""

from __future__ import annotations

import logging
import re

_NUMBER = re.compile(r"(?<![\w.:/-])\+?\d{7,15}(?![\w.:/-])")


class _Masked(logging.Formatter):
    """Nothing of ours logs a number; this is for texts of libraries."""

    def format(self, record: logging.LogRecord) -> str:
        return _NUMBER.sub(lambda found: found.group()[:3] + "…", super().format(record))


def start_logging(level: int = logging.INFO) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_Masked("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "alembic", "dbos", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
