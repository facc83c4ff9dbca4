"""Why a call to somebody failed, from what Asterisk says when their channel ends. Pure.

Asterisk turns SIP answers into Q.850 causes: 486 -> 17, 603 -> 21, 404 -> 1, 480 -> 18 or 19, 503 -> 34. AMI's
OriginateResponse says nothing useful (measured: reason 0 for busy, declined and unregistered alike), so the cause is
read from the Hangup event of our own channel; a telephone that is not registered never gets a channel at all.
"""

from __future__ import annotations

from ivr.board import Cause

_SURE = {17: Cause.BUSY, 21: Cause.REFUSED, 26: Cause.CANCELLED}


def cause_of(q850: int, *, rang: bool) -> Cause:
    """The cause in our words. `rang`: the telephone has been heard ringing, so somebody could have answered."""
    return _SURE.get(q850) or (Cause.NO_ANSWER if rang else Cause.UNREACHABLE)
