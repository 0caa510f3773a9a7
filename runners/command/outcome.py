"""The outcome of a run, as `dateline run --json` prints it and --metrics tells it; and how errors are told.

The exit status of an error stands in its class, in dateline/errors.py. OK and PARTLY are no errors.
"""

import errno
import logging
import os
import re
import signal
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dateline.errors import DatelineError, Locked, UsageError
from dateline.pipeline.stop import Stopped, asked, look
from dateline.runners.command.stdio import end_line
from dateline.runners.command.usage import json_of_error

if TYPE_CHECKING:
    from dateline.pipeline.config import Config
    from dateline.pipeline.run import Result

OK, PARTLY = 0, 3
"""Exit status: all well; done, but some input could not be used."""
FAILED = DatelineError.exit_status
"""Exit status of most errors, and of those that nobody foresaw."""

STATUSES = {UsageError.exit_status: "usage", Locked.exit_status: "locked"}
"""What "status" says of a run that an error ended; of all others, "failed"."""

WARNINGS_SHOWN = 3
"""Warnings of one kind that are shown; the others are counted."""
_VARIES = re.compile(r"'[^']*'|\S*[/.]\S+|\S*\d\S*")
"""What makes no kind of a message: names, paths, numbers, and words that have digits, as the ids of runs."""

log = logging.getLogger("dateline")


class Outcome(dict[str, Any]):
    """What a run came to; see docs/reference/figures.md."""

    error: Exception | None = None
    """What ended it, if that was an error; it is not printed."""


def begin() -> Outcome:
    """The outcome of a run that has done nothing yet."""
    started = datetime.now(UTC).isoformat(timespec="seconds")
    return Outcome(status="failed", exit=FAILED, run=None, version=None, message=None, started=started)


def fill(result: "Result", config: "Config", outcome: Outcome) -> None:
    """Add what a run that was committed came to."""
    from dateline.pipeline.report.numbers import account, totals

    outcome |= {
        "version": result.version,
        "seconds": {name: round(seconds, 3) for name, seconds in result.seconds.items()},
        "stages": result.stages,
        "new": {
            "dumps": len(result.manifest["changes"]["dumps"]),
            "articles": result.blocks("articles"),
            "duplicates": result.blocks("duplicates"),
            "rejects": result.blocks("rejected"),
        },
        "dataset": totals(result.manifest),
        "rejects_by_reason": result.reasons,
        "records": account(result.records),
        "bytes_read": result.balance.read,
        "unreadable": [entry._asdict() for entry in result.unreadable],
        "notes": list(result.notes),
    }


def end(outcome: Outcome, status: str, code: int, message: str | None, error: Exception | None = None) -> int:
    """Note how a run ended; the exit status. Where it is an error, say so, unless a signal caused it: that is told."""
    outcome |= {"status": status, "exit": code, "message": message}
    outcome.error = error
    if message and code not in (OK, PARTLY) and not (asked and code == FAILED):
        log_error(message, error)
    return code


def end_refused(outcome: Outcome, error: DatelineError) -> int:
    """Note that an error ended a run before it did anything; the exit status."""
    return end(outcome, STATUSES.get(error.exit_status, "failed"), error.exit_status, str(error), error)


def end_command(message: str, error: DatelineError | OSError, as_json: bool) -> int:
    """Tell of the error that ended a command other than a run; the exit status.

    Args:
        message: what was found, for a person.
        error: what ended it.
        as_json: tell it on stdout, too, as --json does.

    Raises:
        Stopped: a signal has come, which is what is told.
    """
    look()  # it may have failed over a signal
    log_error(message, error)
    status = error.exit_status if isinstance(error, DatelineError) else FAILED
    if as_json:
        kind = (
            type(error).__name__ if isinstance(error, DatelineError) else "OSError"
        )  # not one of its many classes
        print(json_of_error(kind, message, advice_of(error), status))
    return status


def end_stopped(as_json: bool) -> int:
    """Tell of the signal that ended a command, or a run that had not begun; the exit status."""
    message, status = f"stopped by {signal.Signals(asked[0]).name}", 128 + asked[0]
    log.error("%s", message)
    if as_json:
        end_line()
        print(json_of_error(Stopped.__name__, message, "run the command again", status))
    return status


def advice_of(error: DatelineError | OSError) -> str:
    """What to do about an error; of the system's errors, by their number."""
    if isinstance(error, DatelineError):
        return error.advice
    return _ADVICE.get(error.errno or 0, "see that the file or folder is there, and may be read and written")


_ADVICE = {
    errno.ENOSPC: "make room, and run the command again",
    errno.EDQUOT: "make room, and run the command again",
    errno.ENOENT: "see that the name is right",
    errno.ENOTDIR: "see that the name is right",
    errno.EACCES: "have its owner let this user read and write it",
    errno.EPERM: "have its owner let this user read and write it",
    errno.EEXIST: "give another name",
    errno.EROFS: "give a place that may be written",
}


def plain(error: Exception) -> str:
    """What an error says; of the system's errors the file, by the name that it was to have, and what was refused.

    >>> plain(FileNotFoundError(2, "No such file or directory", "x.html.4b3da93b8a48aba6dfdfd1bb964466ab.tmp"))
    'x.html: No such file or directory'
    """
    if isinstance(error, OSError) and error.strerror and isinstance(error.filename, str | bytes):
        return f"{_TEMPORARY.sub('', os.fsdecode(error.filename))}: {error.strerror}"
    return str(error)


_TEMPORARY = re.compile(r"\.[0-9a-f]+\.tmp\Z")
"""What stands behind the name of a file until it is whole."""


def log_error(message: str, error: Exception | None = None) -> None:
    """Tell of an error in one line, and what to do, where the message of such an error does not say it."""
    first, *more = message.split("\n")
    advises = isinstance(error, DatelineError) and error.message_advises
    advises = advises or (isinstance(error, OSError) and error.errno is None)  # one of ours, by another name
    if isinstance(error, DatelineError | OSError) and not advises and "`dateline " not in message:
        message = "\n".join([f"{first}; {advice_of(error)}", *more])
    log.error("%s", message)


def warn_all(messages: Iterable[str], all_of_them: str = ": --json lists them all") -> None:
    """Warn of each; where many are of one kind, of the first of them, and how many more there are.

    Args:
        messages: for a person.
        all_of_them: is told behind the number, and says where all are.
    """
    kinds: dict[str, list[str]] = {}
    for message in messages:
        kinds.setdefault(_VARIES.sub("", message), []).append(message)
    for alike in kinds.values():
        shown = alike if len(alike) <= WARNINGS_SHOWN + 1 else alike[:WARNINGS_SHOWN]
        for message in shown:
            log.warning("%s", message)
        if rest := len(alike) - len(shown):
            log.warning("and %s more of this kind%s", f"{rest:,}", all_of_them)


def by_signal(outcome: Outcome, made: int | None, unknown: str = "") -> int:
    """Note that a signal ended a run: it may come when the version is already made; the exit status.

    Args:
        outcome: of the run.
        made: the version that it made.
        unknown: what is told where it is not known whether it made one.
    """
    if made:
        outcome["version"] = made
    whole = f"version {made} was committed before, and is whole" if made else "nothing was committed"
    name = signal.Signals(asked[0]).name
    return end(outcome, "stopped", 128 + asked[0], f"stopped by {name}; {unknown or whole}")
