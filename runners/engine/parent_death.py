"""A process that is gone as soon as the one that started it is."""

import ctypes
import signal

PR_SET_PDEATHSIG = 1
"""Linux's prctl(2): which signal a process gets when its parent ends."""

_PRCTL = getattr(
    ctypes.CDLL(None), "prctl", None
)  # looked up here: a child that is not yet another program loads nothing


def end_with_parent() -> None:
    """Have the system end this process as soon as its parent is gone, kill -9 or not, whatever it is at. Where it is not
    Linux, nothing. Also a preexec_fn of subprocess.Popen."""
    if _PRCTL is not None:
        _PRCTL(PR_SET_PDEATHSIG, signal.SIGKILL)
