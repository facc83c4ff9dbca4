"""A citizen whom a flow calls has answered: agi://HOST:PORT/return_visit, from the context `outgoing`."""

from ivr.agi import Agi
from ivr.reception import Reception


def run(agi: Agi, reception: Reception) -> None:
    """Take the citizen through the flow of this call. If anything here fails, the dialplan says goodbye."""
    reception.outgoing(agi)
