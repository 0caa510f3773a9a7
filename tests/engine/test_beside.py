"""What another process finds out is heard as it is said; whatever becomes of that process, nothing but its word is missing."""

import fcntl
import os
import signal
import time
from pathlib import Path

import pytest

from dateline.pipeline import stop
from dateline.runners.engine.beside import beside


def soon(test) -> bool:
    """Whether something comes true, however busy the machine."""
    end = time.monotonic() + 60
    while not (found := test()) and time.monotonic() < end:
        time.sleep(0.01)
    return found


def is_gone(process: int) -> bool:
    return not Path(f"/proc/{process}").exists()


def test_what_is_said_is_heard():
    def tell():
        yield os.getpid()
        yield from ("a", {"b": [1, None]})

    heard = []
    with beside(tell) as told:
        process = told.first()
        assert process != os.getpid()
        assert soon(lambda: heard.extend(told.so_far()) or len(heard) == 2)
        assert told.so_far() == []
    assert heard == ["a", {"b": [1, None]}]
    assert is_gone(process)


def test_nobody_waits_but_for_the_first_word():
    def tell():
        yield os.getpid()
        yield 1
        time.sleep(600)
        yield 2

    with beside(tell) as told:
        process = told.first()
        heard = []
        assert soon(lambda: heard.extend(told.so_far()) or heard)
        assert heard == [1]
    assert is_gone(process)


def fails():
    yield 1
    raise ValueError("nobody sees this")


def dies():
    yield 1
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("tell", [fails, dies])
def test_a_process_that_ends_early_says_what_it_said(tell, capfd):
    with beside(tell) as told:
        assert told.first() == 1
        assert soon(lambda: told.so_far() == [])
    assert capfd.readouterr() == ("", "")


def test_who_says_nothing_is_not_waited_for():
    with beside(lambda: iter(())) as told:
        assert told.first() is None
        assert told.so_far() == []


def test_it_ends_with_the_body_and_leaves_nothing(tmp_path):
    def tell():
        yield os.getpid()
        time.sleep(600)

    before, process = os.listdir("/proc/self/fd"), []

    def body():
        with beside(tell) as told:
            process.append(told.first())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        body()
    assert is_gone(*process)
    assert os.listdir("/proc/self/fd") == before
    assert stop.at_once == []


def test_it_has_no_file_of_this_process(tmp_path):
    """Such as the dataset's lock, which another run may have once this one is gone."""

    def tell():
        yield sorted(os.listdir("/proc/self/fd"), key=int)
        time.sleep(600)

    with open(tmp_path / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with beside(tell) as told:
            assert len(told.first()) == 5  # three, the pipe, and the folder that is listed
            lock.close()
            with open(tmp_path / "lock") as again:
                fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
