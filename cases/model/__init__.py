"""The tables. There are no relations that could load by themselves; invariants are CHECK constraints."""

from cases.model.audit import AuditHead, AuditRow, CaseSalt
from cases.model.call import CallEventRow, CallRow, DraftRow, LegRow, RecordingRow, TranscriptRow
from cases.model.case import AssignmentRow, CaseEventRow, CaseNumber, CaseRow
from cases.model.columns import Base, insert_new, new_id
from cases.model.delivery import Delivery, Endpoint, FeedItem, IdempotencyKey, InboundEvent
from cases.model.person import ApiKey, LoginTries, Person, Presence, Token
from cases.model.privacy import Erasure, IdentityRow, LegalHold, RevealRow

__all__ = [
    "ApiKey",
    "AssignmentRow",
    "AuditHead",
    "AuditRow",
    "Base",
    "CallEventRow",
    "CallRow",
    "CaseEventRow",
    "CaseNumber",
    "CaseRow",
    "CaseSalt",
    "Delivery",
    "DraftRow",
    "Endpoint",
    "Erasure",
    "FeedItem",
    "IdempotencyKey",
    "IdentityRow",
    "InboundEvent",
    "LegRow",
    "LegalHold",
    "LoginTries",
    "Person",
    "Presence",
    "RecordingRow",
    "RevealRow",
    "Token",
    "TranscriptRow",
    "insert_new",
    "new_id",
]
