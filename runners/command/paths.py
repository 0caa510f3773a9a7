"""Where a run reads and writes, held against what is there before any work."""

import argparse
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dateline.pipeline.inputs.find import Inputs


def output_of(args: argparse.Namespace) -> tuple[str, str]:
    """The folder to work in, and the dataset's address where that is its working copy, else "".

    Raises:
        UsageError: --output is neither a path nor such an address; --work-dir is no path; Arrow cannot open the folder.
    """
    from dateline.errors import UsageError
    from dateline.pipeline.dataset.commit_store import working_copy
    from dateline.pipeline.inputs.find import require_known
    from dateline.pipeline.store.address import address_of

    require_known("--output", args.output)
    address = address_of(args.output)
    require_known("--work-dir", args.work_dir or "", ())
    output = working_copy(address, args.work_dir) if address else os.path.abspath(args.output)
    try:
        output.encode()
    except UnicodeEncodeError:
        raise UsageError(
            f"{'--work-dir' if address else '--output'} {output}: its name, or that of a folder above it, is not UTF-8, "
            "which Arrow cannot open; give another"
        ) from None
    return output, address


def checked_out(args: argparse.Namespace, output: str, address: str) -> AbstractContextManager[None]:
    """The dataset, in the folder to work in; where it lies here, it is there already.

    Raises:
        DamagedFile: there are links in it, or it is the working copy of a dataset in a store.
    """
    from dateline.pipeline.dataset import commit_store
    from dateline.pipeline.dataset.safe_files import require_own

    if address:
        return commit_store.checked_out(address, output, args.keep_versions)
    require_own(output, here=True)
    return nullcontext()


def inputs_of(args: argparse.Namespace, output: str, address: str) -> "Inputs":
    """The dumps, and a folder to write to.

    Raises:
        UsageError: there is something wrong with either.
    """
    from dateline.errors import UsageError
    from dateline.pipeline.dataset.version import is_unfinished, version_numbers
    from dateline.pipeline.inputs.find import find_inputs
    from dateline.pipeline.names import REJECTED
    from dateline.pipeline.store.files import absolute

    if os.path.lexists(output) and not os.path.isdir(output):
        raise UsageError(
            f"--output {output} is no folder; give one that is empty, not there yet, or a dataset"
        )
    own = os.path.join(address or output, REJECTED)
    if any(absolute(pattern).startswith(own) for pattern in args.input):
        raise UsageError(
            f"--input {own}: a dataset's own rejects make no new version of it, since their bytes are in its balance "
            "already; give another --output, and read the dump itself with a better parser to have both"
        )
    if args.profile:
        from dateline.runners.engine.profile import require_usable

        require_usable(args.profile, output)
    _require_outermost(args.output, output, address)
    inputs = find_inputs(
        args.input,
        args.source_root,
        may_be_none=args.allow_empty,
        dataset=address or output,
        read_before=lambda: [] if address else [dump["source"] for dump in _dumps_of(output)],
    )
    option = "--work-dir" if address else "--output"
    try:
        os.makedirs(output, mode=0o700 if address and not args.work_dir else 0o777, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{option} {output} cannot be made: {error.strerror}") from error
    if not os.access(output, os.W_OK | os.X_OK):
        raise UsageError(f"{option} {output} cannot be written to")
    if (
        not address and not version_numbers(output) and not is_unfinished(output)
    ):  # before the lock leaves a file there
        raise UsageError(no_dataset(output))
    return inputs


def _dumps_of(output: str) -> list[dict[str, Any]]:
    """The dumps of a dataset that lies here, if it is one."""
    from dateline.pipeline.dataset.version import latest_manifest

    manifest = latest_manifest(output) if os.path.isdir(output) else None
    return list(manifest["dumps"]) if manifest else []


def _require_outermost(told: str, output: str, address: str) -> None:
    """Refuse an output that lies in a dataset: it would be one of its files to whoever reads that.

    Raises:
        UsageError: it does.
    """
    from dateline.errors import DamagedFile, StoreError, UsageError
    from dateline.pipeline.dataset.store_manifests import newest_manifest
    from dateline.pipeline.names import MANIFESTS
    from dateline.pipeline.store.address import open_bucket

    if address:
        scheme, _, rest = address.partition("://")
        bucket, *folders = rest.split("/")
        above = [f"{scheme}://{'/'.join([bucket, *folders[:n]])}" for n in range(1, len(folders))]
        inside = None
        for each in above:
            with suppress(
                StoreError, DamagedFile
            ):  # what may not be read here is no reason not to write below it
                inside = inside or (newest_manifest(open_bucket(each)) is not None and each) or None
    else:
        above = list(_above(os.path.realpath(output)))
        inside = next((each for each in above if os.path.isdir(f"{each}/{MANIFESTS}")), None)
    if inside:
        raise UsageError(f"--output {told} lies in the dataset {inside}; give a folder outside of it")


def _above(folder: str) -> Iterator[str]:
    """The folders that a folder lies in."""
    while folder != (folder := os.path.dirname(folder)):
        yield folder


def no_dataset(output: str) -> str:
    """What is told of an output that is something else."""
    return (
        f"--output {output} holds something that is no dataset; give a folder that is empty, or not there yet"
    )
