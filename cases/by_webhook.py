"""The channel `webhook`: a signed message to the department's own system (Standard Webhooks 1.0)."""

from __future__ import annotations

from datetime import UTC, datetime

from cases import message, post, webhook
from cases.parcel import Parcel


def send(parcel: Parcel) -> post.Outcome:
    row, target, settings = parcel.row, parcel.target, parcel.settings
    told = message.message(row, parcel.case, parcel.share, full=target.full_body, link_base=settings.link_base)
    body = message.encoded(told)
    headers = webhook.signed_headers(row.id, datetime.now(UTC), body, target.secrets)
    return post.call(target.url or "", target.networks, settings, body=body, headers=headers).outcome
