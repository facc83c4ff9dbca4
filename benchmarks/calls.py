"""Calls: the hotline against bare Asterisk doing the same, in the same run.

    python benchmarks/calls.py [--quick] [--json] [costs] [rooms] [latency]

    costs    CPU of a call through the shipped flow, against a dialplan with the same prompts, recording and room
    rooms    CPU of a three-way room: bare, with recordings, with our process, with captions
    latency  from the citizen being answered to the operator's telephone ringing

A real Asterisk, the real telephone half and telephones over SIP and RTP, on this machine's loopback. How to read the
figures: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

if not __package__:  # run as a file
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import call_costs, ring_to_ring, rooms
from benchmarks.hotline import Hotline, opened

SCRIPT_LIMIT_MS, RATIO_LIMIT, RING_LIMIT_MS = 2, 2, 1000


def costs(hotline: Hotline, quick: bool) -> Any:
    return call_costs.measure(hotline, rounds=1 if quick else 2, calls=40 if quick else 80, rate=10, peak=30)


def three_way(hotline: Hotline, quick: bool) -> Any:
    return rooms.measure(hotline, [3] if quick else [3, 6, 10], seconds=3 if quick else 6)


def latency(hotline: Hotline, quick: bool) -> Any:
    return ring_to_ring.measure(hotline, rounds=5 if quick else 20)


PARTS: Mapping[str, Callable[[Hotline, bool], Any]] = {"costs": costs, "rooms": three_way, "latency": latency}


def print_costs(found: dict[str, Any]) -> None:
    threads = ", ".join(f"{name} {ms}" for name, ms in found["of_which_ms"].items())
    print(f"\nA call, {found['calls']} each at {found['offered_per_second']:g} a second, {found['failed']} failed")
    print(f"  bare dialplan: Asterisk       {found['bare_asterisk_ms']:7.2f} ms CPU a call")
    print(f"  shipped flow:  Asterisk       {found['ours_asterisk_ms']:7.2f} ms")
    print(f"                 our process    {found['ours_process_ms']:7.2f} ms   ({threads})")
    scripts = found["of_which_ms"]["scripts"]
    print(f"                 its scripts    {scripts:7.2f} ms   {_verdict(scripts, SCRIPT_LIMIT_MS, 'ms')}")
    print(f"  whole call against dialplan   {found['ratio']:7.2f} x    {_verdict(found['ratio'], RATIO_LIMIT, 'x')}")
    for name, peak in found["peak"].items():
        print(f"  {name}: {peak['sustained']} calls/s of {peak['offered']:g} offered, {peak['calls']} calls, "
              f"{peak['failed']} failed")  # fmt: skip


def print_rooms(rows: list[dict[str, Any]]) -> None:
    print("\nThree-way rooms, all three speaking: % of a core for each room; rooms a core is extrapolated")
    print(f"  {'':18}{'rooms':>6}{'Asterisk':>10}{'process':>9}{'captions':>10}{'all':>7}{'rooms/core':>12}")
    for row in rows:
        cells = (f"{row[who]:{width}.2f}" for who, width in (("asterisk", 10), ("process", 9), ("captions", 10)))
        full = (
            f"   {row['lost_percent']} % of the sound not heard: the machine was full"
            if row["lost_percent"] > 1
            else ""
        )
        print(f"  {row['kind']:18}{row['rooms']:6}{''.join(cells)}{row['all']:7.2f}{row['per_core']:12}{full}")


def print_latency(found: dict[str, dict[str, Any]]) -> None:
    print("\nRing to ring: from the citizen's 200 OK to the operator's INVITE, without the prompts' own time")
    for kind, row in found.items():
        limit = f"   {_verdict(row['median_ms'], RING_LIMIT_MS, 'ms')}" if kind == "ours" else ""
        print(f"  {kind:6}{row['calls']:4} calls: median {row['median_ms']} ms, p95 {row['p95_ms']} ms, "
              f"max {row['max_ms']} ms{limit}")  # fmt: skip


PRINTERS: Mapping[str, Callable[[Any], None]] = {"costs": print_costs, "rooms": print_rooms, "latency": print_latency}


def _verdict(value: float, limit: float, unit: str) -> str:
    return f"limit {limit:g} {unit}: {'kept' if value <= limit else 'MISSED'}"


def main() -> None:
    parser = argparse.ArgumentParser(description="The hotline's calls against bare Asterisk.")
    parser.add_argument("parts", nargs="*", metavar="|".join(PARTS), help="what to measure (all)")
    parser.add_argument("--quick", action="store_true", help="fewer calls and rooms: a look, not a measurement")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no part {', '.join(unknown)}: write {', '.join(PARTS)} or nothing")
    machine = {"cores": os.cpu_count(), "load_before": round(os.getloadavg()[0], 2)}
    began, found = time.monotonic(), {}
    with opened() as hotline:
        for part in options.parts or PARTS:
            found[part] = PARTS[part](hotline, options.quick)
    machine |= {"load_after": round(os.getloadavg()[0], 2), "seconds": round(time.monotonic() - began)}
    if options.json:
        print(json.dumps({"machine": machine} | found))
        return
    print(f"{machine['cores']} cores, load {machine['load_before']} before and {machine['load_after']} after "
          f"(this benchmark's own included), {machine['seconds']} s")  # fmt: skip
    for part, figures in found.items():
        PRINTERS[part](figures)


if __name__ == "__main__":
    main()
