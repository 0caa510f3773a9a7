"""`dateline run`: everything that can be wrong is found out before any work; then the run; then what it came to."""

import argparse
import gc
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from dateline.pipeline.stop import asked
from dateline.runners.command.outcome import (
    FAILED,
    OK,
    PARTLY,
    Outcome,
    by_signal,
    end,
    end_refused,
    fill,
    log,
    warn_all,
)
from dateline.runners.command.paths import dataset_of, inputs_of, no_dataset
from dateline.runners.engine.start import engine_of, load

if TYPE_CHECKING:
    from dateline.pipeline.config import Config
    from dateline.pipeline.dataset.interface import Dataset
    from dateline.pipeline.dataset.known_dumps import ChecksumCache, SortedInputs
    from dateline.pipeline.dataset.version import Manifest
    from dateline.pipeline.inputs.find import Inputs
    from dateline.pipeline.inputs.records import Columns
    from dateline.pipeline.inputs.streams import Bounds
    from dateline.pipeline.progress import Counts
    from dateline.pipeline.report.numbers import Stages
    from dateline.pipeline.run import Course

# Beam and Arrow take half a second to import: only a command that works imports them.


def run(args: argparse.Namespace, outcome: Outcome) -> int:
    """Do a run, and fill in its outcome; the exit status. Once a signal came, FAILED only says that stopped() has to tell.

    Raises:
        BaseException: whatever the runner raises once a signal ended it.
    """
    gc.set_threshold(1_000_000)  # what is imported has many objects and stays; see forked_workers()

    from dateline.errors import DatelineError
    from dateline.pipeline.dataset.lock import lock
    from dateline.pipeline.run import Course, new_run_id
    from dateline.pipeline.stop import held
    from dateline.runners.command.failure import by_error, is_refusal
    from dateline.runners.engine.registry import require_fitting

    decided = False
    try:
        require_fitting(args)
        dataset = dataset_of(args)
        inputs = inputs_of(args, dataset)
        outcome["run"] = new_run_id()
        course = Course()
        with lock(dataset.root, outcome["run"]), dataset.checked_out(args.keep_versions):
            try:
                status = _locked(args, dataset, inputs, outcome, course)
            except BaseException as error:
                with held():
                    status = by_error(outcome, dataset.root, error, course)
            decided = True
        return status
    except Exception as error:
        if decided and not asked:
            log.warning("the run is over; what came after went wrong: %s", error)
            return status
        if is_refusal(error):
            return end_refused(outcome, error)
        if not isinstance(error, DatelineError | OSError):
            raise
        return end(outcome, "failed", FAILED, f"failed, nothing was committed: {error}", error)


def _locked(
    args: argparse.Namespace, dataset: "Dataset", inputs: "Inputs", outcome: Outcome, course: "Course"
) -> int:
    """The run, once the dataset is its own."""
    from dateline.errors import UsageError
    from dateline.pipeline.dataset.history import other_rules
    from dateline.pipeline.dataset.known_dumps import ChecksumCache, sort_inputs
    from dateline.pipeline.dataset.version import is_unfinished, latest_manifest
    from dateline.pipeline.report.numbers import totals
    from dateline.runners.engine.look_ahead import make_ready

    output = dataset.root
    dataset.require_links(outcome["run"])
    before = latest_manifest(output)
    outcome["version"] = before["version"] if before else None
    if before is None and not is_unfinished(output):  # torn manifests are all that it has
        raise UsageError(no_dataset(output))
    for name in dataset.recover(args.keep_versions):
        log.info("put in order what run %s left, which did not end", name)
    for mended in make_ready(dataset, before, inputs.dumps, lambda: load(args)) if before else ():
        log.warning("%s", mended)
    cache = ChecksumCache(output)
    if cache.forgotten:
        log.warning("%s; the checksums of dumps that were read are taken anew", cache.forgotten)
    sorted_inputs = sort_inputs(inputs.dumps, before, cache) if before else None
    left_out = [*inputs.unreadable, *(sorted_inputs.refused if sorted_inputs else ())]
    warn_all(f"cannot read {path}: {why}; the rest of the run goes on" for path, why in left_out)
    outcome["unreadable"] = [entry._asdict() for entry in left_out]
    if before:
        outcome["dataset"] = totals(before)
    config = _config(args, output, inputs, sorted_inputs, before, outcome["run"])
    if before and not config.dumps:
        cache.save()
        return _nothing_new(args, outcome, config, sorted_inputs)
    if before and (mixed := other_rules(before)):
        log.warning("%s", mixed)
    return _execute(args, config, cache, left_out, outcome, course)


def _nothing_new(
    args: argparse.Namespace, outcome: Outcome, config: "Config", sorted_inputs: "SortedInputs | None"
) -> int:
    from dateline.pipeline.dataset.open import dataset_in

    outcome["new"] = {"dumps": 0, "articles": 0, "duplicates": 0, "rejects": 0}
    count = sorted_inputs.unchanged if sorted_inputs else 0
    read = f"{count:,} dumps, all read before" if count else "no dumps"
    message = f"Nothing new: {dataset_in(config.output).name} stays at version {outcome['version']} ({read})."
    if not args.quiet and not args.json:
        print(message)
    return end(outcome, "nothing_new", PARTLY if outcome["unreadable"] else OK, message)


def _config(
    args: argparse.Namespace,
    output: str,
    inputs: "Inputs",
    sorted_inputs: "SortedInputs | None",
    before: "Manifest | None",
    run: str,
) -> "Config":
    """The run that is asked for.

    Raises:
        UsageError: the dataset was made with other rules.
    """
    from dateline.errors import UsageError
    from dateline.pipeline.config import Config
    from dateline.pipeline.dataset.commit import next_version
    from dateline.pipeline.dataset.open import dataset_in
    from dateline.pipeline.inputs.find import with_spools
    from dateline.pipeline.names import SPOOL, run_folder, scratch_place
    from dateline.pipeline.rules.blocks import Limits

    asked: dict[str, Any] = {
        "same_headline_days": args.same_headline_days,
        "date_granularity": args.date_granularity,
        "readers": args.readers,
    }
    rules: dict[str, Any] = {"same_headline_days": None, "date_granularity": "day", "readers": "any"}
    rules |= before["settings"] if before else {}
    for name, value in asked.items():
        if before and value is not None and value != rules[name]:
            option = f"--{name.replace('_', '-')}"
            made = f"with {option} {rules[name]}" if rules[name] is not None else f"without {option}"
            raise UsageError(
                f"{option} {value}: the dataset in {dataset_in(output).name} was made {made}, and keeps to it; "
                "leave the option out, or make another dataset"
            )
        rules = rules | ({name: value} if value is not None else {})
    address, version = dataset_in(output).address, next_version(output)
    scratch = scratch_place(args.run_folder, address, version, run) if args.run_folder else ""
    return Config(
        dumps=with_spools(
            sorted_inputs.new if sorted_inputs else inputs.dumps,
            f"{scratch}/{SPOOL}" if scratch else run_folder(output, run, SPOOL),
        ),
        output=output,
        run=run,
        columns=columns(args),
        bounds=bounds(args),
        limits=Limits(args.max_block_bytes, args.max_line_bytes),
        crawl_date=args.crawl_date,
        same_headline_days=rules["same_headline_days"],
        granularity=rules["date_granularity"],
        readers=rules["readers"],
        base=before["version"] if before else 0,
        address=address,
        version=version,
        scratch_address=scratch,
    )


def _execute(
    args: argparse.Namespace,
    config: "Config",
    cache: "ChecksumCache",
    left_out: Sequence[Any],
    outcome: Outcome,
    course: "Course",
) -> int:
    load(args)
    from dateline.errors import StoreError
    from dateline.pipeline.dataset.open import dataset_in, open_version
    from dateline.pipeline.progress import failed_at, read_progress
    from dateline.pipeline.run import execute
    from dateline.pipeline.stop import held, let
    from dateline.runners.command.watch import Sizes, Watch
    from dateline.runners.engine.forked_workers import forked_workers
    from dateline.runners.engine.live import LiveCounts
    from dateline.runners.engine.profile import profiling

    open_version(config.output, config.base)  # read once, for the workers that are forked, too
    live = LiveCounts()
    workers, run_flow, course.runner = engine_of(args, config, live)
    counts = partial(read_progress, config.progress) if config.progress else live
    watch = Watch(counts, Sizes.of(config.dumps), args.quiet, lambda: course.stage)

    def counted(config: "Config") -> "Stages":
        with held():
            try:
                with let():
                    return run_flow(config)
            finally:
                course.so_far, course.dump = _so_far(config, counts()), failed_at(config.progress)

    with profiling(args.profile) as profile, forked_workers(workers, profile), held(), watch, let():
        result = execute(
            config, counted, cache, args.keep_versions, args.max_rejects, course.runner, left_out,
            rejects_only=args.max_rejects is not None, course=course,
        )  # fmt: skip
    warn_all(f"could not read all of {path}: {why}" for path, why in result.unreadable[len(left_out) :])
    if empty := [dump.path for dump in config.dumps if not dump.size and not dump.part]:
        more = f" and {len(empty) - 1:,} more are" if len(empty) > 1 else " is"
        log.warning("%s%s empty, and no dump yet: read once there is something in it", empty[0], more)
    warn_all(result.notes)
    fill(result, config, outcome)
    for warning in result.warnings:
        log.warning("version %d is committed; %s", result.version, warning)
    try:
        dataset_in(config.output).send_report(config.run)
    except (StoreError, OSError) as error:
        log.warning("the report could not be sent: %s", error)
    if not args.quiet and not args.json:
        from dateline.runners.command.next_steps import next_steps
        from dateline.runners.command.summary import summary
        from dateline.runners.command.table import width_of

        width = width_of(sys.stdout)
        print(f"{summary(result, config, width)}\n\n{next_steps(args.output, width)}")
    return end(outcome, "done", PARTLY if result.unreadable else OK, None)


def _so_far(config: "Config", counts: "Counts") -> dict[str, int]:
    """What the workers of a run counted up to now."""
    from dateline.pipeline.dataset.known_dumps import files_by_source

    told = {
        name: getattr(counts, name) for name in ("bytes_read", "records", "rejects", "rows_written", "files")
    }
    return {"dumps": len(files_by_source(config.dumps)), "bytes": config.input_bytes} | told


def stopped(args: argparse.Namespace, outcome: Outcome) -> int:
    """Note that a signal ended a run before it had its lock, or after; the exit status."""
    made = outcome["version"] if outcome["status"] == "done" else None
    if outcome["run"] and not made:  # else what it was about to load may be loaded by half
        from dateline.runners.command.failure import version_made

        made = version_made(dataset_of(args).root, outcome["run"])
    return by_signal(outcome, made)


def columns(args: argparse.Namespace) -> "Columns":
    """What JSON Lines keys and Parquet columns are called."""
    from dateline.pipeline.inputs.records import Columns

    asked = {"text": args.text_column, "url": args.url_column, "date": args.date_column}
    return Columns()._replace(**{name: (value,) for name, value in asked.items() if value})


def bounds(args: argparse.Namespace) -> "Bounds":
    """What unpacking may take; a command that does not ask for all of it has the defaults."""
    from dateline.pipeline.inputs.streams import Bounds

    asked = {name: getattr(args, option, None) for name, option in BOUNDS.items()}
    tomorrow = datetime.now(UTC).date() + timedelta(1)
    return Bounds(latest=tomorrow)._replace(**{name: value for name, value in asked.items() if value})


BOUNDS = {
    "record_bytes": "max_record_bytes",
    "dump_bytes": "max_unpacked_bytes",
    "run_bytes": "max_unpacked_run_bytes",
    "ratio": "max_unpacked_ratio",
    "window_bytes": "max_window_bytes",
}
"""The fields of Bounds, and the options that set them."""
