"""A scriptable SIP telephone: real SIP and RTP over UDP, for tests, drills, load tests and `make demo`."""

from phone.call import PhoneCall, PhoneError
from phone.phone import Phone
from phone.policy import Policy

__all__ = ["Phone", "PhoneCall", "PhoneError", "Policy"]
