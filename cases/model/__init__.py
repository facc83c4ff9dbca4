"""The tables. There are no relations that could load by themselves; invariants are CHECK constraints."""

from cases.model.call import CallEventRow, CallRow, DraftRow, LegRow, RecordingRow, TranscriptRow
from cases.model.case import AssignmentRow, CaseEventRow, CaseNumber, CaseRow
from cases.model.columns import Base, insert_new, new_id
from cases.model.delivery import Delivery, Endpoint, FeedItem, IdempotencyKey, InboundEvent
from cases.model.person import ApiKey, LoginTries, Person, Presence, Token

__all__ = [
    "ApiKey",
    "AssignmentRow",
    "Base",
    "CallEventRow",
    "CallRow",
    "CaseEventRow",
    "CaseNumber",
    "CaseRow",
    "Delivery",
    "DraftRow",
    "Endpoint",
    "FeedItem",
    "IdempotencyKey",
    "InboundEvent",
    "LegRow",
    "LoginTries",
    "Person",
    "Presence",
    "RecordingRow",
    "Token",
    "TranscriptRow",
    "insert_new",
    "new_id",
]
