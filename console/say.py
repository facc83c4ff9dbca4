"""The log: one line for each event, to standard error, and no citizen's number, voice or words in it."""

from __future__ import annotations

import logging
import re
import traceback
from typing import Any

# Seven digits and more, also with an area code; not within the name of a call (20260302-040000-…) or a fraction.
_NUMBER = re.compile(r"(?<![0-9A-Za-z_.-])\+?(?:0\d{2,3}-)?\d{7,15}(?![0-9A-Za-z_-])")


class _Masked(logging.Formatter):
    """Nothing of ours logs a number; this is for texts of libraries, and for what goes wrong unforeseen."""

    def formatException(self, ei: Any) -> str:
        """Where it happened and what kind it is. The message is left out: it may hold what a citizen said."""
        error, kinds = ei[1], list[str]()
        while error is not None and len(kinds) < 5:
            kinds.append(type(error).__name__)
            error = error.__cause__ or error.__context__
        return "".join(traceback.format_tb(ei[2])) + ", because of ".join(kinds)

    def format(self, record: logging.LogRecord) -> str:
        return _NUMBER.sub(lambda found: found.group()[:3] + "…", super().format(record))


def start_logging(level: int = logging.INFO) -> None:
    logging.raiseExceptions = False  # or a full disk makes Python print the line, unmasked
    handler = logging.StreamHandler()
    handler.setFormatter(_Masked("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "alembic", "dbos", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
