"""The right-hand pane of the desk: the draft of a call as a form, or the case that it has become."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.codes import Kind, Urgency
from console.hub import Viewer
from console.pages import form as forms
from console.pages.ports import CaseView, Ports
from console.pages.render import css_string, html, partial
from console.pages.suggest import FIELDS, Suggestions, suggestions


def draft_key(call_id: str, case: CaseView | None) -> str:
    """What the pane shows. The page keeps the pane it has while the key is the same, and with it the typing."""
    if case:
        return f"{call_id}:{case.no}:{'dispatched' if case.receipts else 'registered'}"
    return f"{call_id}:form" if call_id else "none"


def draft_pane(ports: Ports, call_id: str, case: CaseView | None = None) -> str:
    if not call_id:
        return html("desk/_no_draft.html")
    if case:
        return html("desk/_done.html", case=case, key=draft_key(call_id, case))
    suggested = suggestions(draft_of(ports, call_id), ports.city)
    filled = forms.fill(ports.notepad.read(call_id), suggested, caller_of(ports, call_id))
    return form_pane(ports, call_id, filled, suggested)


def refused_pane(ports: Ports, call_id: str, sent: forms.Sent, errors: Mapping[str, str]) -> str:
    """The form as it was sent, with what is to be mended. Nothing that stood in it is lost."""
    suggested = suggestions(draft_of(ports, call_id), ports.city)
    guessed = frozenset(n for n, found in suggested.items() if found and n not in sent.touched)
    return form_pane(ports, call_id, forms.Form(sent.values, guessed, sent.touched, errors), suggested)


def form_pane(ports: Ports, call_id: str, filled: forms.Form, suggested: Suggestions) -> str:
    return html(
        "desk/_draft.html",
        call_id=call_id,
        key=draft_key(call_id, None),
        form=filled,
        suggested=suggested,
        labels=forms.LABELS,
        longest=forms.LONGEST,
        kinds=list(Kind),
        urgencies=list(Urgency),
        categories=ports.city.categories,
    )


def suggestion_parts(ports: Ports, call_id: str) -> list[str]:
    """The lines below the fields. The page fills the fields that nobody has touched from them."""
    suggested = suggestions(draft_of(ports, call_id), ports.city)
    form = f'#draft[data-call="{css_string(call_id)}"]'
    return [
        partial(f'{form} [data-why="{name}"]', html("desk/_why.html", name=name, suggested=suggested[name]))
        for name in FIELDS
    ]


def may_see(ports: Ports, viewer: Viewer, call_id: str) -> bool:
    """A call's words and draft are for those who were in it, and for those who lead; a message left at night, where
    nobody was in it, is for everybody at a desk. A call that nobody knows is nobody's."""
    people = ports.hub.people(call_id)
    if people is None:
        people = ports.cases.operators(call_id)
    if people is None:
        return False
    return not people or viewer.name in people or viewer.role in ("supervisor", "dispatcher", "administrator")


def draft_of(ports: Ports, call_id: str) -> Mapping[str, Any]:
    """The live draft; after a restart, the one in the database."""
    return ports.hub.draft_of(call_id) or ports.cases.draft(call_id)


def caller_of(ports: Ports, call_id: str) -> str:
    room = ports.hub.room(call_id)
    return room.caller if room else ""
