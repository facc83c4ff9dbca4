"""What calls did in the call flows: counts for drawings, and the calls to replay."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cases.model import CallEventRow, CallRow
from ivr.call import Kind


def ways_taken(session: Session, flow: str, since: datetime) -> dict[str, int]:
    """`node.exit` -> how many times calls that began since then have left a node of this flow by this exit."""
    way, its_flow = CallEventRow.data["way"].as_string(), CallEventRow.data["flow"].as_string()
    rows = session.execute(
        select(way, func.count())
        .join(CallRow, CallRow.id == CallEventRow.call_id)
        .where(CallRow.started_at >= since, CallEventRow.kind == Kind.NODE_ENTERED.value, its_flow == flow)
        .group_by(way)
    )
    return {name: count for name, count in rows if name}


def calls_since(session: Session, since: datetime) -> list[str]:
    """Every call that began since then and is over, oldest first."""
    over = select(CallRow.id).where(CallRow.started_at >= since, CallRow.ended_at.is_not(None))
    return list(session.scalars(over.order_by(CallRow.started_at)))
