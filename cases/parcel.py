"""One delivery on its way: all that is needed for one attempt, read in the transaction that has claimed it."""

from __future__ import annotations

from dataclasses import dataclass

from cases.model import AssignmentRow, CaseRow, Delivery, Endpoint
from config.city import City
from config.settings import Settings


@dataclass(frozen=True, slots=True)
class Parcel:
    """The rows are copies now: what is changed in them is not written. `turn` is the attempt this is.

    `signing_link` is the way to sign for the case without a login, for an e-mail; it is made for this attempt.
    """

    row: Delivery
    turn: int
    case: CaseRow
    share: AssignmentRow
    target: Endpoint
    settings: Settings
    city: City | None
    signing_link: str = ""
