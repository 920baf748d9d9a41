"""Work is shared out to forked members: whoever fails loses the piece at hand and nothing else, and says why."""

import multiprocessing
import os
import signal
import time

import psutil
import pytest

from grading.grader.crew import jobs_of_a_class, one_each, share_out, usable_jobs

PIECES = 6


@pytest.fixture
def shared(fork_server):
    """``shared(work)``: what came back of ``work(piece)``, and what is said to have gone wrong."""

    def shared(work, jobs=2, pieces=PIECES):
        came = []

        def member(own, claim, send):
            for piece in range(pieces):
                if claim(piece):
                    send(work(piece))
            return ""

        return came, share_out(fork_server, pieces, jobs, member, came.append)

    return shared


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_every_piece_is_done_once(jobs, shared):
    came, troubles = shared(lambda piece: piece**2, jobs)
    assert sorted(came) == [piece**2 for piece in range(PIECES)] and troubles == []


def test_the_members_are_processes_of_their_own(shared):
    def slowly(piece):
        time.sleep(0.2)
        return os.getpid()

    came, _ = shared(slowly)
    assert os.getpid() not in came and len(set(came)) == 2


def test_each_member_has_a_fork_server_of_its_own(fork_server):
    came = []

    def member(own, claim, send):
        send(own.control.fileno())
        assert own is not fork_server and not own.owner
        return ""

    assert share_out(fork_server, 1, 2, member, came.append) == []
    assert len(came) == 2


def test_a_member_that_raises_says_why_and_the_others_go_on(shared):
    def work(piece):
        if piece == 2:
            raise KeyError("a piece")
        return piece

    came, troubles = shared(work)
    assert sorted(came) == [0, 1, 3, 4, 5]
    assert troubles == ["KeyError: 'a piece'"]


@pytest.mark.parametrize("end", [lambda: os._exit(3), lambda: os.kill(os.getpid(), signal.SIGKILL)])
def test_a_member_that_dies_is_noticed_and_what_it_sent_before_is_kept(end, shared):
    def work(piece):
        if piece == 2:
            end()
        return piece

    came, troubles = shared(work)
    assert sorted(came) == [0, 1, 3, 4, 5]
    assert troubles == ["a process of the grader ended early"]


def test_when_all_members_fail_what_they_sent_before_is_kept(shared):
    def work(piece):
        if piece >= 1:
            raise ValueError(piece)
        return piece

    came, troubles = shared(work, jobs=1)
    assert came == [0] and troubles == ["ValueError: 1"]


def test_what_a_member_says_at_its_end_is_handed_on(fork_server):
    troubles = share_out(fork_server, 1, 2, lambda own, claim, send: "half of it" if claim(0) else "", print)
    assert troubles == ["half of it"]


def test_no_member_outlives_the_work(shared):
    came, _ = shared(lambda piece: os.getpid())
    for pid in set(came):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_there_are_never_more_members_than_processors(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    for processors, jobs in ((1, 1), (2, 2), (64, 2)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, n=processors: set(range(n)), raising=False)
        assert usable_jobs() == jobs
    monkeypatch.setattr("sys.platform", "darwin")
    assert usable_jobs() == 1


def test_a_class_has_more_members_than_processors(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    for processors, jobs in ((1, 2), (2, 3), (3, 5), (64, 96)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, n=processors: set(range(n)), raising=False)
        assert jobs_of_a_class() == jobs


# --- a process for each piece -----------------------------------------------------------------------------------


@pytest.fixture
def each(fork_server):
    """``each(work)``: by piece, what came of ``work(piece)`` and what is said to have gone wrong."""

    def each(work, jobs=2, pieces=PIECES, **more):
        came = {}
        one_each(
            fork_server, pieces, jobs, lambda _, piece: work(piece), lambda *one: came.update({one[0]: one[1:]}), **more
        )
        return came

    return each


@pytest.mark.parametrize("jobs", [1, 2, 9])
def test_each_piece_has_a_process_of_its_own(jobs, each):
    came = each(lambda piece: (piece**2, os.getpid()), jobs)
    assert {piece: given[0] for piece, (given, _) in came.items()} == {piece: piece**2 for piece in range(PIECES)}
    assert len({given[1] for given, _ in came.values()} - {os.getpid()}) == PIECES
    assert {why for _, why in came.values()} == {""}


def test_nothing_to_do_is_done_at_once(each):
    assert each(lambda piece: piece, pieces=0) == {}


def test_what_goes_wrong_is_said_of_its_piece_alone(each):
    def work(piece):
        if piece == 1:
            raise KeyError("a piece")
        if piece == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return piece

    came = each(work)
    assert came == {
        0: (0, ""),
        1: (None, "KeyError: 'a piece'"),
        2: (None, "a process of the grader ended early"),
        3: (3, ""),
        4: (4, ""),
        5: (5, ""),
    }


def test_whoever_takes_too_long_is_ended(each):
    assert each(lambda piece: time.sleep(600), pieces=1, seconds=0.5) == {
        0: (None, "it was not done after 0.5 seconds")
    }


def test_whoever_is_broken_off_leaves_no_process(fork_server):
    pids = []

    def take(piece, pid, why):
        pids.append(pid)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        one_each(fork_server, 3, 2, lambda _, piece: piece and time.sleep(600), take)
    assert len(pids) == 1 and not multiprocessing.active_children()


def test_fork_servers_that_have_ended_are_not_kept(fork_server, each):
    each(lambda piece: piece, pieces=4)
    each(lambda piece: piece, pieces=4)
    ours = psutil.Process(fork_server.process.pid).children()
    assert sum(one.status() == psutil.STATUS_ZOMBIE for one in ours) <= 4
