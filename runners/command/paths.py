"""Where a run reads and writes, held against what is there before any work."""

import argparse
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dateline.pipeline.dataset.interface import Dataset
    from dateline.pipeline.inputs.find import Inputs


def dataset_of(args: argparse.Namespace) -> "Dataset":
    """The dataset that a run is to write; it need not be there yet.

    Raises:
        UsageError: --output is neither a path nor such an address; --work-dir is no path; Arrow cannot open the folder.
    """
    from dateline.errors import UsageError
    from dateline.pipeline.dataset.open import dataset_at
    from dateline.pipeline.inputs.find import require_known

    require_known("--output", args.output)
    require_known("--work-dir", args.work_dir or "", ())
    dataset = dataset_at(args.output, args.work_dir)
    try:
        dataset.root.encode()
    except UnicodeEncodeError:
        raise UsageError(
            f"{_option(dataset)} {dataset.root}: its name, or that of a folder above it, is not UTF-8, "
            "which Arrow cannot open; give another"
        ) from None
    return dataset


def _option(dataset: "Dataset") -> str:
    """The option that says in which folder a run works."""
    return "--output" if dataset.root == dataset.name else "--work-dir"


def inputs_of(args: argparse.Namespace, dataset: "Dataset") -> "Inputs":
    """The dumps, and a folder to write to.

    Raises:
        UsageError: there is something wrong with either.
    """
    from dateline.errors import UsageError
    from dateline.pipeline.inputs.find import find_inputs
    from dateline.pipeline.names import REJECTED
    from dateline.pipeline.store.address import absolute

    output, option = dataset.root, _option(dataset)
    if os.path.lexists(output) and not os.path.isdir(output):
        raise UsageError(
            f"--output {output} is no folder; give one that is empty, not there yet, or a dataset"
        )
    own = os.path.join(dataset.name, REJECTED)
    if any(absolute(pattern).startswith(own) for pattern in args.input):
        raise UsageError(
            f"--input {own}: a dataset's own rejects make no new version of it, since their bytes are in its balance "
            "already; give another --output, and read the dump itself with a better parser to have both"
        )
    if args.profile:
        from dateline.runners.engine.profile import require_usable

        require_usable(args.profile, output)
    if outer := dataset.enclosing():
        raise UsageError(f"--output {args.output} lies in the dataset {outer}; give a folder outside of it")
    inputs = find_inputs(
        args.input,
        args.source_root,
        may_be_none=args.allow_empty,
        dataset=dataset.name,
        read_before=dataset.sources_here,
    )
    is_private = option == "--work-dir" and not args.work_dir  # in the user's caches
    try:
        os.makedirs(output, mode=0o700 if is_private else 0o777, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{option} {output} cannot be made: {error.strerror}") from error
    if not os.access(output, os.W_OK | os.X_OK):
        raise UsageError(f"{option} {output} cannot be written to")
    if dataset.is_something_else():  # asked before the lock leaves a file there
        raise UsageError(no_dataset(output))
    return inputs


def require_target(path: str, dataset: "Dataset") -> None:
    """Refuse a place in the dataset for what --to names: nothing but runs may write there.

    Args:
        path: what --to is.
        dataset: what is read.

    Raises:
        UsageError: it lies in the dataset's folder.
    """
    from dateline.errors import UsageError

    folder = os.path.dirname(path) or "."
    if f"{os.path.realpath(folder)}/".startswith(f"{os.path.realpath(dataset.root)}/"):
        raise UsageError(
            f"--to {path} lies in the dataset, where only runs write; give a place outside of it"
        )


def no_dataset(output: str) -> str:
    """What is told of an output that is something else."""
    return (
        f"--output {output} holds something that is no dataset; give a folder that is empty, or not there yet"
    )
