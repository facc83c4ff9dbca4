"""What both sides of a call agree on besides the audio (RFC 3261 12): ids, numbers, and the way requests take. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from phone.address import Address, Uri
from phone.sip import Request, Response

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, NOTIFY"
AGENT = "hotline-phone"


@dataclass(slots=True)
class Dialog:
    """`target` is the other side's Contact; `routes` are the proxies that asked to stay in the way."""

    call_id: str
    local: Address
    remote: Address
    target: str
    contact: str
    cseq: int = 0
    routes: tuple[str, ...] = ()

    def request(self, method: str, via: str, *, number: int | None = None) -> Request:
        """The next request of ours; `number` is given for ACK, which carries its INVITE's."""
        if number is None:
            self.cseq += 1
            number = self.cseq
        uri, routes = self._path()
        headers = [("Via", via), ("Max-Forwards", "70"), *(("Route", route) for route in routes)]
        headers += [("From", str(self.local)), ("To", str(self.remote)), ("Call-ID", self.call_id)]
        headers += [("CSeq", f"{number} {method}"), ("Contact", f"<{self.contact}>"), ("User-Agent", AGENT)]
        return Request(tuple(headers), b"", method, uri)

    def _path(self) -> tuple[str, tuple[str, ...]]:
        """Request-URI and Route headers; a first proxy without `lr` is a strict router of old (12.2.1.1)."""
        if self.routes and not Uri.parse(first := Address.parse(self.routes[0]).uri).loose:
            return first, (*self.routes[1:], f"<{self.target}>")
        return self.target, self.routes

    @property
    def next_hop(self) -> str:
        return Address.parse(self.routes[0]).uri if self.routes else self.target

    def learn(self, response: Response) -> None:
        """What an answer to our INVITE tells: the other side's tag, Contact, and the route, nearest last."""
        self.remote = response.to if response.to.tag else self.remote
        self.routes = tuple(reversed(response.every("Record-Route")))
        self.target = response.contact or self.target


def invited(request: Request, *, tag: str, contact: str) -> Dialog:
    """The callee's side: From and To change places, the route is taken as it came."""
    routes = tuple(request.every("Record-Route"))
    local = request.to.with_tag(tag)
    target = request.contact or request.from_.uri
    return Dialog(request.call_id, local, request.from_, target, contact, 0, routes)
