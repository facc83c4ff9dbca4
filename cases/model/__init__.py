"""The tables. There are no relations that could load by themselves; invariants are CHECK constraints."""

from cases.model.attachment import Attachment
from cases.model.audit import AuditHead, AuditRow, CaseSalt
from cases.model.call import CallEventRow, CallRow, DraftRow, LegRow, RecordingRow, TranscriptRow
from cases.model.caller import ListedCaller
from cases.model.case import AssignmentRow, CaseEventRow, CaseNumber, CaseRow, ExtensionRow, RulingRow
from cases.model.citizen import Supplement
from cases.model.columns import Base, insert_new, new_id
from cases.model.delivery import (
    BreakerRow,
    Delivery,
    Endpoint,
    FeedItem,
    ForeignRequest,
    IdempotencyKey,
    InboundEvent,
    SigningLink,
)
from cases.model.knowledge import KnowledgeEntry
from cases.model.merging import MergeMember, RepeatLink
from cases.model.person import ApiKey, LoginTries, Person, Presence, Token
from cases.model.privacy import Erasure, IdentityRow, LegalHold, RevealRow
from cases.model.publication import Publication, Reported, Reporter
from cases.model.reply_draft import ReplyDraftRow
from cases.model.reports import ExclusionRow, PublishedRanking
from cases.model.return_visit import ReturnVisit, VisitLink, VisitTry
from cases.model.search import CaseShare, CaseWords
from cases.model.supervision import DocumentNumber, InstructionEvent, InstructionRow, SupervisionRow, Watch

__all__ = [
    "ApiKey",
    "AssignmentRow",
    "Attachment",
    "AuditHead",
    "AuditRow",
    "Base",
    "BreakerRow",
    "CallEventRow",
    "CallRow",
    "CaseEventRow",
    "CaseNumber",
    "CaseRow",
    "CaseSalt",
    "CaseShare",
    "CaseWords",
    "Delivery",
    "DocumentNumber",
    "DraftRow",
    "Endpoint",
    "Erasure",
    "ExclusionRow",
    "ExtensionRow",
    "FeedItem",
    "ForeignRequest",
    "IdempotencyKey",
    "IdentityRow",
    "InboundEvent",
    "InstructionEvent",
    "InstructionRow",
    "KnowledgeEntry",
    "LegRow",
    "LegalHold",
    "ListedCaller",
    "LoginTries",
    "MergeMember",
    "Person",
    "Presence",
    "Publication",
    "PublishedRanking",
    "RecordingRow",
    "RepeatLink",
    "ReplyDraftRow",
    "Reported",
    "Reporter",
    "ReturnVisit",
    "RevealRow",
    "RulingRow",
    "SigningLink",
    "SupervisionRow",
    "Supplement",
    "Token",
    "TranscriptRow",
    "VisitLink",
    "VisitTry",
    "Watch",
    "insert_new",
    "new_id",
]
