"""How a citizen gets at a case: by its number and the code they were given. Nothing else opens it.

Wrong tries are counted for each case and for each address, five an hour, before the code is compared; an unknown number
is counted, compared and answered exactly like a wrong code. Right tries do not count.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from cases import audit, tries
from cases.audit_chain import Action
from cases.model import CaseRow
from config.database import Database

TRIES = 5
SPAN = timedelta(hours=1)
CITIZEN = "citizen"
_NO_CODE = "-" * 10  # no citizen's code: compared with when there is no such case


def opens(database: Database, number: str, code: str, address: str, *, now: datetime) -> bool:
    """May they see this case? Raises TooManyTries, and then not even the right code is looked at."""
    keys = f"case\0{number}", f"citizen\0{address}"
    with database.session() as session:
        for key in keys:
            tries.count(session, key, TRIES, SPAN, now)
        row = session.get(CaseRow, number)
        right = _same(code, row.code if row else _NO_CODE) and row is not None
        if right:
            tries.forgive(session, *keys)
            audit.note(session, Action.LOOKED_UP, CITIZEN, now=now, case=number)
    return right


def _same(given: str, code: str) -> bool:
    return hmac.compare_digest(given.strip().upper().encode(), code.encode())
