"""Who does something to a case, and which steps are theirs. Deny by default.

Which department's case it is, is asked where the case is found (`case.find`) and again before a step is written down.
"""

from __future__ import annotations

from dataclasses import dataclass

from cases.lifecycle import BY_DEPARTMENTS, BY_SYSTEM, Step
from cases.words import Labelled, Role


class Outside(Labelled):
    """Who acts without a login: the hotline itself when a time has run out, and the citizen by a link or a key."""

    SYSTEM = "system", "系统"
    CITIZEN = "citizen", "诉求人"


FRONT = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR})
_TALKS = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR})  # who speaks with citizens
_DECIDES = frozenset({Role.DISPATCHER, Role.SUPERVISOR})  # who decides about what departments ask and reply
_SYSTEM, _CITIZEN = frozenset({Outside.SYSTEM}), frozenset({Outside.CITIZEN})

MAY: dict[Step, frozenset[Role | Outside]] = {
    Step.REGISTER: FRONT | _CITIZEN | _SYSTEM,
    Step.CORRECT: FRONT,
    Step.ACCEPT: FRONT,
    Step.REJECT: _DECIDES,
    Step.ANSWER: FRONT,
    Step.DISPATCH: FRONT,
    **dict.fromkeys(BY_SYSTEM, _SYSTEM),
    **dict.fromkeys(BY_DEPARTMENTS, frozenset({Role.CLERK})),
    Step.SIGN: frozenset({Role.CLERK}) | _SYSTEM,
    Step.GRANT_RETURN: _DECIDES,
    Step.DENY_RETURN: _DECIDES,
    Step.RULE: frozenset({Role.SUPERVISOR}),
    Step.PAUSE: _DECIDES,
    Step.RESUME: _DECIDES | _CITIZEN | _SYSTEM,
    Step.GRANT_EXTENSION: _DECIDES,
    Step.DENY_EXTENSION: _DECIDES,
    Step.WAIVE: _DECIDES,
    Step.SEND_BACK: _DECIDES,
    Step.APPROVE: _DECIDES,
    Step.TOLD: _TALKS | _CITIZEN | _SYSTEM,
    Step.VISIT: _TALKS | _CITIZEN | _SYSTEM,  # the system: on the telephone, what the citizen pressed or said
    Step.VISIT_ATTEMPT: _TALKS | _SYSTEM,
    Step.CLOSE_UNREACHED: _TALKS | _SYSTEM,
    Step.CLOSE_UNRESOLVED: frozenset({Role.SUPERVISOR}),
    Step.REOPEN: _TALKS | _CITIZEN,
    Step.MERGE: _DECIDES,
    Step.UNMERGE: _DECIDES,
    Step.CANCEL: _TALKS | _CITIZEN,
    Step.ARCHIVE: frozenset({Role.ADMINISTRATOR}) | _SYSTEM,
}


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a department's own system (`role` None), or one of `Outside`. A clerk acts for their department."""

    name: str
    role: Role | Outside | None
    department: str | None = None

    @property
    def title(self) -> str:
        """What the history says: a login, `department:CODE`, `system` or `citizen`."""
        return f"department:{self.department}" if self.role is None else self.name

    @property
    def sees_all(self) -> bool:
        """Every case. Departments see their own, a citizen the one whose code they have."""
        return self.department is None and self.role is not Outside.CITIZEN and self.role is not None

    @property
    def login(self) -> Role | None:
        """The role of a person; None for everybody without a login."""
        return self.role if isinstance(self.role, Role) else None

    def may(self, step: Step) -> bool:
        return (self.role or Role.CLERK) in MAY.get(step, frozenset())


SYSTEM = "system"
THE_SYSTEM = Actor(SYSTEM, Outside.SYSTEM)
THE_CITIZEN = Actor("citizen", Outside.CITIZEN)
