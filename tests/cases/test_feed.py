import threading

import pytest

from cases import feed


def test_what_was_noted_is_seen_by_others_in_its_order(database, clock):
    with database.session() as session:
        start = feed.latest(session)
        feed.note(session, "case", "1")
        feed.note(session, "case", "1")
        feed.note(session, "delivery", "2")

    with database.session() as session:
        changes = feed.since(session, start)
    assert [(c.kind, c.ref) for c in changes] == [("case", "1"), ("delivery", "2")]


def test_what_was_rolled_back_was_never_noted(database):
    def half():
        with database.session() as session:
            feed.note(session, "case", "1")
            raise KeyError

    with pytest.raises(KeyError):
        half()
    with database.session() as session:
        assert feed.since(session, 0) == []


def test_a_follower_never_misses_a_change_however_many_write_at_once(database):
    """An id must not become visible after a greater one: the follower would have passed it by."""
    stop, seen, after = threading.Event(), [], 0

    def write(name: int):
        for n in range(15):
            with database.session() as session:
                feed.note(session, "case", f"{name}-{n}")

    def follow():
        nonlocal after
        while True:
            last_round = stop.is_set()
            with database.session() as session:
                changes = feed.since(session, after)
            seen.extend(c.ref for c in changes)
            after = changes[-1].id if changes else after
            if last_round and not changes:
                return

    writers = [threading.Thread(target=write, args=(name,)) for name in range(5)]
    follower = threading.Thread(target=follow)
    for thread in [follower, *writers]:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    follower.join()

    assert sorted(seen) == sorted(f"{name}-{n}" for name in range(5) for n in range(15))


def test_old_changes_are_forgotten(sqlite):
    with sqlite.session() as session:
        feed.note(session, "case", "1")
    from datetime import UTC, datetime, timedelta

    with sqlite.session() as session:
        feed.forget_old(session, datetime.now(UTC))
        assert len(feed.since(session, 0)) == 1
        feed.forget_old(session, datetime.now(UTC) + timedelta(days=2))
        assert feed.since(session, 0) == []
