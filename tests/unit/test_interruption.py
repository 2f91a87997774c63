import os
import pickle
import signal
import threading

import pytest

from speechsent.interruption import Interrupted, patience, terminable


@pytest.fixture(autouse=True)
def _heard():
    """A process that a shell has put in the background ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def send(number):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_until_it_suits(number):
    with patience() as patient:
        patient.check()
        send(number)
        with pytest.raises(Interrupted) as caught:
            patient.check()
    assert caught.value.number == number


def test_a_second_signal_does_not_wait():
    with patience():
        send(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt) as caught:
            send(signal.SIGINT)
    assert not isinstance(caught.value, Interrupted)


def test_in_a_hurry_a_signal_ends_the_work_where_it_is():
    with patience() as patient:
        patient.hurry(True)
        with pytest.raises(Interrupted):
            send(signal.SIGTERM)


def test_a_signal_that_came_before_the_hurry_ends_the_work_when_it_begins():
    with patience() as patient:
        send(signal.SIGINT)
        patient.hurry(False)
        with pytest.raises(Interrupted):
            patient.hurry(True)


def test_afterwards_signals_do_what_they_did():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with patience(), terminable():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_signal_that_is_ignored_stays_ignored():
    """As under nohup."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with patience() as patient:
            send(signal.SIGINT)
            patient.check()
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_thread_has_nothing_to_be_patient_about():
    seen = []

    def work():
        with patience(), terminable():
            seen.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


def test_sigterm_ends_a_command_as_ctrl_c_does():
    with pytest.raises(KeyboardInterrupt) as caught, terminable():
        send(signal.SIGTERM)
    assert caught.value.number == signal.SIGTERM


def test_an_interruption_travels_between_processes():
    assert pickle.loads(pickle.dumps(Interrupted(signal.SIGTERM))).number == signal.SIGTERM
