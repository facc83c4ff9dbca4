"""Cases lived through by hand, with the hotline's own functions at the test's clock."""

from cases import assignment, case, closing, review
from cases.actor import Actor
from cases.case import Fields
from cases.history import assignments
from cases.reasons import Satisfied, Solved, Way
from cases.words import Kind, Role

LI = Actor("li", Role.OPERATOR)
WANG = Actor("wang", Role.DISPATCHER)


class Lives:
    """One transaction for each act; `self.number` is the case's."""

    def __init__(self, database, city, clock):
        self.database, self.city, self.clock = database, city, clock

    def registered(self, **fields):
        given = {"kind": Kind.COMPLAINT, "category": "environment", "summary": "夜间噪声"} | fields
        with self.database.session() as session:
            row = case.register(session, Fields(**given), LI, city=self.city, now=self.clock())
            return row.number

    def answered(self, **fields):
        number = self.registered(kind=Kind.CONSULTATION, **fields)
        self._do(number, lambda s, row, now: case.answer(s, row, "周一至周五", LI, now=now))
        return number

    def dispatched(self, lead="hbj", **fields):
        number = self.registered(**fields)
        self._do(number, lambda s, row, now: assignment.dispatch(s, row, lead, [], WANG, city=self.city, now=now))
        return number

    def signed(self, number):
        self._share(number, lambda s, row, share, by, now: assignment.sign(s, row, share, by, now=now))

    def replied(self, number):
        text = "已到现场核实并责令整改，夜间不再施工，已电话告知市民"
        self._share(number, lambda s, row, share, by, now: assignment.reply(s, row, share, text, by, now=now))

    def approved(self, number):
        self._do(number, lambda s, row, now: review.approve(s, row, WANG, now=now))

    def visited(self, number, satisfied=Satisfied.YES, solved=Solved.YES):
        self._do(number, lambda s, row, now: closing.visit(s, row, LI, city=self.city, now=now, solved=solved,
                                                           satisfied=satisfied))  # fmt: skip

    def not_at_home(self, number, times=3):
        for _ in range(times):
            self._do(number, lambda s, row, now: closing.visit_attempt(s, row, Way.CALL, LI, now=now))
            self.clock.later(hours=13)
        self._do(number, lambda s, row, now: closing.close_unreached(s, row, LI, now=now))

    def settled(self, lead="hbj", satisfied=Satisfied.YES, **fields):
        """Everything went well, within an hour."""
        number = self.dispatched(lead, **fields)
        self.signed(number)
        self.replied(number)
        self.approved(number)
        if satisfied:
            self.visited(number, satisfied)
        return number

    def _do(self, number, act):
        with self.database.session() as session:
            act(session, case.find(session, number, WANG, lock=True), self.clock())

    def _share(self, number, act):
        with self.database.session() as session:
            row = case.find(session, number, WANG, lock=True)
            (share,) = assignments(session, number)
            by = Actor("zhao", Role.CLERK, share.department)
            act(session, row, share, by, self.clock())
