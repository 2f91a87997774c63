"""Turns are taken one by one, and given up cleanly."""

import asyncio
import threading

import pytest

pytest.importorskip("starlette", reason="needs the extra [app]")

from speechsent.app.refusal import RefusedError
from speechsent.app.waiting import GivenUpError, WaitingRoom


def test_one_works_while_others_wait_in_order():
    inside, most, order = 0, 0, []
    room = WaitingRoom(n_waiting=9)

    def work(i):
        def do(turn):
            nonlocal inside, most
            inside += 1
            most = max(most, inside)
            order.append(i)
            inside -= 1
            return i

        return do

    async def all_of_them():
        return await asyncio.gather(*(room.serve(work(i)) for i in range(9)))

    assert asyncio.run(all_of_them()) == list(range(9))
    assert (most, order) == (1, list(range(9)))


def test_who_finds_no_place_is_told_when_to_come_again():
    room = WaitingRoom(n_waiting=1)
    with room.place(), room.place():
        with pytest.raises(RefusedError) as refused, room.place():
            pass
        assert refused.value.status == 503
        assert int(refused.value.headers["Retry-After"]) > 0
    with room.place():
        pass


def test_a_place_is_free_again_after_an_error():
    room = WaitingRoom(n_waiting=0)
    with pytest.raises(OSError, match="disk"), room.place():
        raise OSError("disk")
    with room.place():
        pass


def test_work_that_nobody_waits_for_ends_at_its_next_check_and_is_waited_for():
    room = WaitingRoom(n_waiting=1)
    started, ended = threading.Event(), []

    def endless(turn):
        started.set()
        try:
            while True:
                turn.check()
        except GivenUpError:
            ended.append(True)
            raise

    async def impatient():
        task = asyncio.create_task(room.serve(endless))
        await asyncio.to_thread(started.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended == [True]
        return await room.serve(lambda turn: "next")

    assert asyncio.run(impatient()) == "next"


def test_work_that_has_not_begun_is_dropped():
    room = WaitingRoom(n_waiting=1)
    go, begun = threading.Event(), []

    async def leave():
        first = asyncio.create_task(room.serve(lambda turn: go.wait()))
        second = asyncio.create_task(room.serve(lambda turn: begun.append(True)))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        go.set()
        assert await first

    asyncio.run(leave())
    assert begun == []


def test_an_error_of_the_work_is_that_of_whoever_waits():
    def broken(turn):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(WaitingRoom(n_waiting=0).serve(broken))
