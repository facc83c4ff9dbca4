"""`python -m phone`: a telephone in the terminal, for whoever has no softphone at hand."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from phone import Phone, PhoneCall, PhoneError, Policy
from phone.datagrams import Place

_EXAMPLES = """examples:
  python -m phone --register 1001:secret@127.0.0.1:5060               answer every call and echo it
  python -m phone --register 1001:secret@127.0.0.1:5060 --tone 620    answer with a tone
  python -m phone --register 1001:secret@127.0.0.1:5060 --call 12345 --play hello.wav --record heard.wav
  python -m phone --call sip:12345@127.0.0.1:5060 --keys 1 --seconds 20
"""


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    if not (options.register or options.call):
        parser.error("say --register USER:PASSWORD@HOST:PORT, or --call NUMBER-OR-URI, or both")
    try:
        return _run(options)
    except (PhoneError, ValueError, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m phone", description=__doc__, epilog=_EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--register", type=account, metavar="USER:PASSWORD@HOST:PORT", help="sign on there")
    parser.add_argument("--call", metavar="NUMBER|URI", help="call this; without it, wait for calls and answer them")
    parser.add_argument("--caller", metavar="NUMBER", help="the number to show when calling")
    parser.add_argument("--tone", type=float, metavar="HZ", help="say a tone")
    parser.add_argument("--play", type=Path, metavar="WAV", help="say a file (8 kHz, 16 bit, one channel)")
    parser.add_argument("--keys", metavar="KEYS", help="press these two seconds after the call is up")
    parser.add_argument("--record", type=Path, metavar="WAV", help="write what is heard")
    parser.add_argument("--seconds", type=float, default=60.0, help="hang up after this long (60)")
    parser.add_argument("--calls", type=int, default=0, metavar="N", help="stop after N answered calls (0: never)")
    parser.add_argument("--port", type=int, default=0, help="our own SIP port")
    return parser


def account(text: str) -> tuple[str, str, Place]:
    """`user:password@host:port`; the password may hold any sign."""
    person, _, place = text.rpartition("@")
    user, colon, password = person.partition(":")
    host, _, port = place.partition(":")
    if not (user and colon and host and (port or "5060").isdigit()):
        raise argparse.ArgumentTypeError("write USER:PASSWORD@HOST:PORT, such as 1001:secret@127.0.0.1:5060")
    return user, password, (host, int(port or 5060))


def _run(options: argparse.Namespace) -> int:
    user, password, server = options.register or ("phone", "", None)
    with Phone(user, server=server, password=password, port=options.port, answering=Policy("auto", 1.0)) as phone:
        if server:
            phone.register()
            print(f"registered as {user}")
        if options.call:
            return _talk(phone.call(options.call, caller_id=options.caller), options)
        return _answer(phone, options)


def _answer(phone: Phone, options: argparse.Namespace) -> int:
    """Take one call after the other."""
    print("waiting for calls; Ctrl-C ends")
    answered = 0
    while not options.calls or answered < options.calls:
        if (call := _next(phone)) is None:
            continue
        answered += 1
        _talk(call, options)
    return 0


def _next(phone: Phone) -> PhoneCall | None:
    try:
        return phone.wait_for_ring(3600)
    except PhoneError:
        return None


def _talk(call: PhoneCall, options: argparse.Namespace) -> int:
    try:
        call.wait_up(120)
        print("the call is up")
        _speak(call, options)
        _press(call, options.keys)
        call.wait_ended(options.seconds)
    except PhoneError:
        if call.state != "ended":
            print("hanging up")
    finally:
        call.hang_up()
        _report(call, options.record)
    return 0 if call.up_at else 1


def _speak(call: PhoneCall, options: argparse.Namespace) -> None:
    if options.play:
        call.play(options.play)
    elif options.tone:
        call.play_tone(options.tone)
    elif not options.call:
        call.echo()


def _press(call: PhoneCall, keys: str | None) -> None:
    if keys:
        time.sleep(2)
        call.press(keys)


def _report(call: PhoneCall, record: Path | None) -> None:
    call.wait_ended(6)
    talked = (call.ended_at or 0) - call.up_at if call.up_at else 0.0
    print(f"ended by {call.ended_by} ({call.status}) after {talked:.1f} s; heard {len(call.heard) / 8000:.1f} s")
    if record:
        call.save_heard(record)
        print(f"wrote {record}")


if __name__ == "__main__":
    sys.exit(main())
