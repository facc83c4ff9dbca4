"""The name of a call: sortable by time, not guessable, fit for a file name, a SIP channel id and an extension."""

from __future__ import annotations

import secrets
from datetime import datetime


def new_call_id(now: datetime) -> str:
    return f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
