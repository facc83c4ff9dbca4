"""How a telephone takes the calls that come in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from phone.call import PhoneCall, PhoneError

# "silent" does not even say that it rings, like an unplugged telephone; a number is any SIP code.
REFUSALS = {"busy": 486, "refuse": 603, "unavailable": 480, "not_found": 404}
POLICIES = ("manual", "auto", "ring", "silent", *REFUSALS)


@dataclass(frozen=True, slots=True)
class Policy:
    """What to do with a call that comes in, and how many seconds to let it ring before."""

    what: str | int
    after: float = 0.0

    def __post_init__(self) -> None:
        known = 300 <= self.what <= 699 if isinstance(self.what, int) else self.what in POLICIES
        if not known:
            raise PhoneError(f"no policy {self.what!r}: use one of {', '.join(POLICIES)} or a SIP code from 300 to 699")


Answerer = str | int | Policy | Callable[[PhoneCall], "str | int | Policy"]


def refusal(what: str | int) -> int | None:
    """The SIP code that this policy says no with."""
    return what if isinstance(what, int) else REFUSALS.get(what)
