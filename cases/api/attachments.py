"""Files of a case over HTTP: from those who work on it, and from the citizen with number and code."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse

from cases import attachments, audit, case, citizen_access
from cases.actor import FRONT, THE_CITIZEN, Actor
from cases.api.access import address_of
from cases.api.answers import moment
from cases.api.bodies import NO_NUL
from cases.api.public import NOT_FOUND
from cases.api.setting import Setting
from cases.audit_chain import Action
from cases.model import Attachment, CaseRow
from cases.refusal import NotFound

Sent = Annotated[UploadFile, File(description="JPEG, PNG, WebP or PDF, at most 10 MB; content decides, not the name")]
Code = Annotated[str, Form(max_length=40, pattern=NO_NUL, description="查询码")]


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["attachments"])
    all_roles = setting.access.some(*FRONT, departments=True)
    folder = setting.settings.attachments_dir

    @router.post("/cases/{number}/attachments", status_code=201, summary="Add a file to a case")
    async def add(number: str, file: Sent, actor: Actor = all_roles) -> dict[str, Any]:
        """Pictures are drawn again, so that no place or camera data stays in them."""
        content, name = await file.read(), file.filename or ""
        return await run_in_threadpool(_add, number, content, name, actor)

    @router.get("/cases/{number}/attachments", summary="The files of a case")
    def read_all(number: str, actor: Actor = all_roles) -> dict[str, Any]:
        with setting.database.session() as session:
            row = case.find(session, number, actor)
            return {"items": [shown(each) for each in attachments.of(session, row.number)], "next": None}

    @router.get("/attachments/{key}", response_class=FileResponse, summary="One file, as a download")
    def read(key: str, actor: Actor = all_roles) -> FileResponse:
        with setting.database.session() as session:
            row, path = attachments.find(session, key, folder)
            case.find(session, row.case_number, actor)  # who may not see the case gets the same 404
            audit.note(session, Action.READ, actor.title, now=setting.clock(), case=row.case_number, attachment=key)
            headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"}
            return FileResponse(path, media_type=row.media_type, filename=row.name, headers=headers)

    @router.post("/public/cases/{number}/attachments", status_code=201, summary="Add a photo to one's own case")
    async def add_own(number: str, request: Request, file: Sent, code: Code) -> dict[str, Any]:
        content, name = await file.read(), file.filename or ""
        address = address_of(request)
        return await run_in_threadpool(_add_own, number, code, address, content, name)

    def _add(number: str, content: bytes, name: str, actor: Actor) -> dict[str, Any]:
        with setting.database.session() as session:
            case.find(session, number, actor)
        clean = attachments.take(content, setting.settings)
        with setting.database.session() as session:
            row = case.find(session, number, actor, lock=True)
            return shown(attachments.add(session, row, name, clean, actor.title, folder, now=setting.clock()))

    def _add_own(number: str, code: str, address: str, content: bytes, name: str) -> dict[str, Any]:
        if not citizen_access.opens(setting.database, number, code, address, now=setting.clock()):
            raise NotFound(NOT_FOUND)
        clean = attachments.take(content, setting.settings)
        with setting.database.session() as session:
            row = session.get_one(CaseRow, number, with_for_update=True)
            return shown(attachments.add(session, row, name, clean, THE_CITIZEN.title, folder, now=setting.clock()))

    return router


def shown(row: Attachment) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "media_type": row.media_type,
        "size": row.size,
        "sha256": row.digest,
        "by": row.by,
        "at": moment(row.at),
    }
