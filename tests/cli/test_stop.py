"""A program that is asked to end: once at once, again for whoever swallowed it, and with the shell's exit code."""

import os
import signal

import pytest

from herd.cli.stop import SIGNALS, Stop


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_interrupts_and_is_remembered(number, code):
    before = [signal.getsignal(each) for each in SIGNALS]
    with Stop() as stop:
        stop.check()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
        with pytest.raises(KeyboardInterrupt):
            stop.check()
        assert stop.exit_code == code
    assert [signal.getsignal(each) for each in SIGNALS] == before
