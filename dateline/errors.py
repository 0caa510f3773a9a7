"""Errors: all that Dateline raises by design, as one tree. Anything else that comes out of it is a mistake of ours.

    DatelineError
        UsageError          2
        NewerDataset        2
        Locked              4
        RunFailed           1
        VersionError        1
        DamagedFile         1
        StoreError          1
            Unusable        2
            Uncertain       1
            Changed         1

The number is the exit status of a command that the error ends; it stands here and nowhere else. The message says what was
found, and where. `advice` says what to do; the command line shows it where the message does not (`message_advises`).
"""

from typing import ClassVar

__all__ = [
    "Changed",
    "DamagedFile",
    "DatelineError",
    "Locked",
    "NewerDataset",
    "RunFailed",
    "StoreError",
    "Uncertain",
    "Unusable",
    "UsageError",
    "VersionError",
]


class DatelineError(Exception):
    """What all of them are; a caller that does not care which catches this one."""

    exit_status: ClassVar[int] = 1
    advice: ClassVar[str] = "read the message: it says what was found, and where"
    message_advises: ClassVar[bool] = True


class UsageError(DatelineError):
    """What was asked for cannot be done; the message says what was found, what was expected, what to do."""

    exit_status = 2
    advice = "ask for something else, as the message says; nothing was done"


class NewerDataset(DatelineError):
    """A dataset was written by a newer program; the message says what to do."""

    exit_status = 2
    advice = "use the Dateline that wrote the dataset, or a newer one"


class Locked(DatelineError):
    """Another run is under way; the message says which."""

    exit_status = 4
    advice = "wait until the other run has ended, and run again"


class RunFailed(DatelineError):
    """The run stopped, and nothing was committed; the message says why, for a person."""

    advice = "mend what the message names, and run again: the dataset is as it was"

    def __init__(self, message: str, dump: str | None = None) -> None:
        """
        Args:
            message: for a person.
            dump: the source, or else the file, of the dump that it is about, where it is about one.
        """
        super().__init__(message)
        self.dump = dump


class VersionError(DatelineError):
    """A worker is of other versions than the process that started the run."""

    advice = "install the same versions on workers and driver, start the workers anew, and run again"


class DamagedFile(DatelineError):
    """Something of a dataset is not what a run writes, or not what its manifest says; the message names it."""

    advice = "`dateline verify` tells all that is wrong, `dateline repair` mends what can be mended"
    message_advises = False


class StoreError(DatelineError):
    """A store failed; the message says which object, and what the store said, in one line."""

    advice = "run the command again once the store answers; a run that failed committed nothing"
    message_advises = False


class Unusable(StoreError):
    """A store cannot be used as things are set up: no client, no credentials, no such bucket."""

    exit_status = 2
    message_advises = True
    advice = "install the client, or set up the credentials, region and endpoint where the store's own client looks"


class Uncertain(StoreError):
    """Whether the version was made is not known: the store gave no answer, neither to the PUT nor when asked."""

    message_advises = True
    advice = "run again: the next run finds out whether the version was made, and goes on from there"


class Changed(StoreError):
    """An object is not the one any more that was to be read; the message names it."""

    message_advises = True
    advice = "run again when the object is whole, and stays as it is"
