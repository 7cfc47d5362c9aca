import os
import signal

import pytest

from lstmgen.cli.interrupts import SafeStop, deaf, leaving_at_once


class Witness:
    def __init__(self):
        self.stops = 0
        self.notices = []
        self.abandoned = 0
        self.left_with = []

    def stop(self):
        self.stops += 1

    def notice(self, text):
        self.notices.append(text)

    def abandon(self):
        self.abandoned += 1

    def guard(self, **options):
        return SafeStop(self.stop, self, leave=self.left_with.append, **options)


def send(number):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)])
def test_the_first_signal_asks_for_a_safe_stop_and_says_so(number, code):
    witness = Witness()
    with witness.guard() as stop:
        assert stop.exit_code == 0
        send(number)
        assert (witness.stops, stop.exit_code, witness.left_with) == (1, code, [])
    assert "saving" in witness.notices[0]


def test_the_second_signal_leaves_the_terminal_in_order_and_ends_the_process_with_its_own_code():
    witness = Witness()
    with witness.guard():
        send(signal.SIGINT)
        assert (witness.abandoned, witness.left_with) == (0, [])
        send(signal.SIGTERM)
    assert (witness.stops, witness.abandoned, witness.left_with) == (1, 1, [143])


def test_what_a_launcher_sends_once_more_is_the_same_request():
    witness = Witness()
    with witness.guard(echo_s=1000.0):
        send(signal.SIGINT)
        send(signal.SIGINT)
    assert (witness.stops, witness.abandoned, witness.left_with) == (1, 0, [])


def test_a_process_that_helps_leaves_signals_to_the_one_that_leads():
    with deaf():
        send(signal.SIGINT)
        send(signal.SIGTERM)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_afterwards_the_signals_mean_what_they_meant_before():
    before = signal.getsignal(signal.SIGINT)
    witness = Witness()
    with witness.guard():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def test_a_signal_that_was_ignored_stays_ignored_as_under_nohup():
    witness = Witness()
    previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with witness.guard() as stop:
            send(signal.SIGHUP)
            assert (witness.stops, stop.exit_code) == (0, 0)
    finally:
        signal.signal(signal.SIGHUP, previous)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_where_there_is_nothing_to_unwind_a_signal_leaves_at_once_and_tidies_the_terminal(number, code):
    left, tidied = [], []
    before = signal.getsignal(number)
    with leaving_at_once(lambda: tidied.append(1), leave=left.append):
        send(number)
    assert (left, tidied) == ([code], [1])
    assert signal.getsignal(number) == before
