"""Who does something to a case, and which steps are theirs. Deny by default."""

from __future__ import annotations

from dataclasses import dataclass

from cases.lifecycle import Step
from cases.words import Role

FRONT = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR})

MAY: dict[Step, frozenset[Role]] = {
    Step.REGISTER: FRONT,
    Step.CORRECT: FRONT,
    Step.ACCEPT: FRONT,
    Step.ANSWER: FRONT,
    Step.DISPATCH: FRONT,
    Step.SIGN: frozenset({Role.CLERK}),
    Step.REPLY: frozenset({Role.CLERK}),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, or a department's own system (`role` None). A clerk and a system act for their department."""

    name: str
    role: Role | None
    department: str | None = None

    @property
    def title(self) -> str:
        """What the history says: a login, or `department:CODE`."""
        return self.name if self.role else f"department:{self.department}"

    @property
    def sees_all(self) -> bool:
        return self.department is None

    def may(self, step: Step) -> bool:
        if self.role is None:
            return Role.CLERK in MAY.get(step, frozenset())
        return self.role in MAY.get(step, frozenset())


SYSTEM = "system"
