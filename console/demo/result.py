"""What came of a demonstration: for people, and as JSON for machines."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from console.demo.talk import Said
from ivr.call import Role


@dataclass(slots=True)
class Times:
    """Measured, in seconds."""

    ring_beyond_prompts: float = 0.0  # until the operator's telephone rings, without what the prompts take
    department_rings: float = 0.0  # from asking for it
    draft: float = 0.0  # from hanging up
    delivered: float = 0.0  # from dispatching until the department's system has it
    total: float = 0.0


@dataclass(slots=True)
class Result:
    """Filled while the play goes on; whole when it has come to its end."""

    call: str = ""
    said: list[Said] = field(default_factory=list)
    transcript: list[Mapping[str, Any]] = field(default_factory=list)
    draft: Mapping[str, Any] = field(default_factory=dict)
    case: Mapping[str, Any] = field(default_factory=dict)
    message: Mapping[str, Any] = field(default_factory=dict)
    times: Times = field(default_factory=Times)

    @property
    def caption_seconds(self) -> float:
        return round(statistics.median(s.delay_seconds for s in self.said), 2)

    @property
    def final_seconds(self) -> float:
        return round(statistics.median(s.final_seconds for s in self.said), 2)

    def to_json(self) -> dict[str, Any]:
        share = self.case["assignments"][0]
        return {
            "ok": True,
            "call": self.call,
            "said": [_said(each) for each in self.said],
            "transcript": [{k: u[k] for k in ("role", "start", "end", "text", "confidence")} for u in self.transcript],
            "draft": dict(self.draft),
            "case": {"number": self.case["number"], "state": self.case["state"]},
            "delivery": self.case["deliveries"][0],
            "receipts": {name: share[f"{name}_at"] for name in ("delivered", "signed", "replied")},
            "times": {
                "ring_beyond_prompts_seconds": self.times.ring_beyond_prompts,
                "caption_seconds": self.caption_seconds,
                "caption_final_seconds": self.final_seconds,
                "department_rings_seconds": self.times.department_rings,
                "draft_seconds": self.times.draft,
                "delivered_seconds": self.times.delivered,
                "total_seconds": self.times.total,
            },
        }  # fmt: skip

    def readable(self) -> str:
        """A page for the terminal."""
        times, share = self.times, self.case["assignments"][0]
        three = sum(len(s.heard_by) == len(Role) - 2 for s in self.said)
        rows = [
            f"三方通话中说了 {len(self.said)} 句，全部成为字幕与转写；其中 {three} 句由另外两方同时听到",
            f"  all {len(self.said)} sentences were captioned and transcribed, {three} of them heard by both others",
            f"工单 case {self.case['number']}：{self.case['summary']}",
            f"  {share['department_name']} 送达 {_clock(share['delivered_at'])} · 签收 {_clock(share['signed_at'])}"
            f" · 答复 {_clock(share['replied_at'])}：{share['reply']}",
            "用时 measured:",
            f"  {times.ring_beyond_prompts:6.2f} s  来电到话务员振铃，提示音除外 (ring to ring, beyond the prompts)",
            f"  {self.caption_seconds:6.2f} s  说完到字幕齐全，中位数 (end of a sentence to its words on the desk)",
            f"  {self.final_seconds:6.2f} s  说完到字幕定稿，中位数 (to its final caption)",
            f"  {times.department_rings:6.2f} s  请求到承办单位振铃 (asking for the department to its ring)",
            f"  {times.draft:6.2f} s  挂机到转写与草稿就绪 (hanging up to transcript and draft)",
            f"  {times.delivered:6.2f} s  派单到送达 (dispatched to delivered)",
            f"  {times.total:6.2f} s  全程 (all of it)",
        ]
        return "\n".join(rows)


def _said(s: Said) -> dict[str, Any]:
    return {
        "role": s.line.who,
        "text": s.line.text,
        "caption": s.caption,
        "caption_seconds": s.delay_seconds,
        "caption_final_seconds": s.final_seconds,
        "heard_by": list(s.heard_by),
    }


def _clock(moment: str) -> str:
    return moment[11:19]
