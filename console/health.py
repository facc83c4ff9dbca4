"""Is it alive, is it ready, and the numbers an operator of the machine watches. None of them names a citizen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, PlainTextResponse

from ivr.board import Activity, Status

if TYPE_CHECKING:
    from console.app import Hotline


def router(hotline: Hotline) -> APIRouter:
    routes = APIRouter(tags=["health"])

    @routes.get("/health/live")
    def live() -> dict[str, str]:
        return {"status": "alive"}

    @routes.get("/health/ready", responses={503: {"description": "Not ready: a part is missing"}})
    def ready() -> JSONResponse:
        """Ready means: a call to 12345 goes through the flow to a person, and its case can be written down."""
        parts = _parts(hotline)
        return JSONResponse({"ready": all(parts.values()), **parts}, 200 if all(parts.values()) else 503)

    @routes.get("/metrics", response_class=PlainTextResponse)
    def metrics() -> PlainTextResponse:
        lines = [f"hotline_{name} {value}" for name, value in _numbers(hotline).items()]
        return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")

    return routes


def _parts(hotline: Hotline) -> dict[str, bool]:
    telephone = hotline.telephony.ami.connected or hotline.settings.asterisk == "off"
    return {"asterisk": telephone, "database": _database(hotline)}


def _database(hotline: Hotline) -> bool:
    try:
        with hotline.database.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def _numbers(hotline: Hotline) -> dict[str, float]:
    board, captions = hotline.exchange.board(), hotline.captions.health()
    ready = [o for o in board.operators if o.status is Status.READY]
    return {
        "ami_connected": int(hotline.telephony.ami.connected),
        "rooms": len(board.rooms),
        "line_waiting": len(board.places),
        "operators_ready": len(ready),
        "operators_talking": sum(o.activity is Activity.TALKING for o in board.operators),
        "spool_files": len(hotline.telephony.spool.finished_calls()),
        "captions_ok": int(captions.ok),
        "caption_taps": captions.taps,
        "caption_lag_seconds": captions.lag_seconds,
        "caption_restarts_total": captions.restarts,
    }
