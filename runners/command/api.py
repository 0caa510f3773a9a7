"""What `dateline` gives to Python code: the same as the command line does, without printing.

dateline.run(["a.txt"], "news", crawl_date="2023-09-07")    as `dateline run --quiet --crawl-date 2023-09-07 ...`
"""

import io
import os
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from typing import TYPE_CHECKING, Any

from dateline.errors import DatelineError, RunFailed, UsageError

if TYPE_CHECKING:
    from dateline.pipeline.dataset.diff import Change
    from dateline.pipeline.verify.finding import Finding

NOT_HERE = ("help", "input", "json", "log_level", "metrics", "output", "quiet")
"""Options of the command line that say how it prints, or that are arguments of the function."""


def run(
    inputs: Sequence[str], output: "str | os.PathLike[str]", options: Mapping[str, Any]
) -> dict[str, Any]:
    """See dateline.run()."""
    from dateline.runners.command import run as command
    from dateline.runners.command.options import parser
    from dateline.runners.command.outcome import OK, PARTLY, begin

    if isinstance(inputs, str):
        raise UsageError(f"inputs is the text {inputs!r}; give a list of paths or patterns")
    if wrong := sorted(set(options).intersection(NOT_HERE)):
        raise UsageError(f"{', '.join(wrong)}: goes with the command line only; leave it out")
    if options.get("runner", "direct") == "direct":
        options = {"workers": 1} | dict(options)
    stderr = io.StringIO()
    try:
        with redirect_stderr(stderr):
            args = parser().parse_args(
                ["run", "--quiet", "--output", os.fspath(output), *_arguments(options), "--input", *inputs]
            )
    except SystemExit:
        said = stderr.getvalue().partition("error: ")[2].splitlines()
        raise UsageError(said[0] if said else "the options are not those of a run") from None
    outcome = begin()
    status = command.run(args, outcome)
    if status in (OK, PARTLY):
        return outcome
    error = outcome.error
    if isinstance(error, DatelineError) and error.exit_status == status and not isinstance(error, RunFailed):
        raise type(error)(outcome["message"]) from error
    raise RunFailed(outcome["message"], outcome.get("dump")) from error


def _arguments(options: Mapping[str, Any]) -> list[str]:
    """Options by their names in Python as the command line has them."""
    arguments: list[str] = []
    for name, value in options.items():
        option = f"--{name.replace('_', '-')}"
        if value is True:
            arguments.append(option)
        elif isinstance(value, list | tuple):
            arguments += [option, *map(str, value)]
        elif value is not None and value is not False:
            arguments += [option, str(value)]
    return arguments


def verify(
    dataset: "str | os.PathLike[str]", version: int | None, dumps: Sequence[str], source_root: str | None
) -> "list[Finding]":
    """See dateline.verify()."""
    from dateline.pipeline.dataset.history import manifest_for
    from dateline.pipeline.dataset.open import dataset_at
    from dateline.pipeline.dataset.version import unchecked_manifest
    from dateline.pipeline.inputs.records import Columns
    from dateline.pipeline.inputs.streams import Bounds
    from dateline.pipeline.verify import checks
    from dateline.pipeline.verify.finding import Summary

    with dataset_at(os.fspath(dataset)).opened() as found:
        number, manifest = manifest_for(found.root, version, unchecked_manifest)
        given = checks.DumpOptions(dumps, source_root, Columns(), Bounds()) if dumps else None
        return list(checks.verify(found, manifest, number, given, Summary(found.name, number)))


def log(dataset: "str | os.PathLike[str]") -> list[dict[str, Any]]:
    """See dateline.log()."""
    from dateline.pipeline.dataset.history import kept_manifests, log_entry
    from dateline.pipeline.dataset.open import dataset_at

    with dataset_at(os.fspath(dataset)).opened() as found:
        return [log_entry(manifest) for manifest in kept_manifests(found.root)]


def diff(dataset: "str | os.PathLike[str]", old: int, new: int) -> "list[Change]":
    """See dateline.diff()."""
    from dateline.pipeline.dataset import diff as changes
    from dateline.pipeline.dataset.history import manifest_for
    from dateline.pipeline.dataset.open import dataset_at

    with dataset_at(os.fspath(dataset)).opened() as found:
        one, other = (found.version(manifest_for(found.root, number)[1]) for number in (old, new))
        return list(changes.diff(one, other))
