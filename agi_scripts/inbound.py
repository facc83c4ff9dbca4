"""A citizen dials 12345: agi://HOST:PORT/inbound, from the contexts `hotline` and nothing else."""

from ivr.agi import Agi
from ivr.reception import Reception


def run(agi: Agi, reception: Reception) -> None:
    """Take the citizen through the call flow. If anything here fails, the dialplan goes on to `fallback`."""
    reception.inbound(agi)
