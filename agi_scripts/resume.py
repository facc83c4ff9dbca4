"""A citizen comes back from a room or a wait: agi://HOST:PORT/resume, from the context `resume`."""

from ivr.agi import Agi
from ivr.reception import Reception


def run(agi: Agi, reception: Reception) -> None:
    """Go on in the call flow where it was left. If anything here fails, the dialplan goes on to `fallback`."""
    reception.resume(agi)
