"""Start: the engine that a run asks for, ready to do its flow.

Each engine is imported only where it is asked for: all of them import Beam, and Flink's needs more.
"""

import argparse
import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dateline.runners.engine import own_process
from dateline.runners.engine.registry import staging_of

if TYPE_CHECKING:
    from dateline.pipeline.config import Config
    from dateline.pipeline.report.numbers import Stages
    from dateline.runners.engine.live import LiveCounts


UNUSED = ("bson", "pymongo", "requests")
"""Packages that Beam imports, if they are there, for databases and Google's services: a quarter of the time that it takes."""


def load(args: argparse.Namespace) -> None:
    """Import Beam and the flow, which takes a third of a second; but for what no flow in processes of this machine needs."""
    with _absent(UNUSED if own_process.is_ours and args.runner == "direct" else ()):
        importlib.import_module("dateline.pipeline.flow")
        importlib.import_module("dateline.runners.engine.forked_workers")


@contextmanager
def _absent(packages: tuple[str, ...]) -> Iterator[None]:
    """Have packages that were not yet imported seem not to be installed; who imports them afterwards has them."""
    hidden = [name for name in packages if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # that is how Python says so
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def engine_of(
    args: argparse.Namespace, config: "Config", live: "LiveCounts | None" = None
) -> tuple[int, "Callable[[Config], Stages]", str]:
    """How many processes of this machine do the work, the function that has the flow done, and its name in the report.

    Args:
        args: of `dateline run`; registry.py found that they go together.
        config: the run.
        live: what an engine is to tell its workers' counts to.
    """
    if args.runner == "portable":
        from dateline.runners.engine import portable

        engine = portable.Engine(args.job_endpoint, args.worker_pool, token_file=args.token_file)
        return 1, lambda config: portable.run_flow(config, engine, live), str(engine)
    if args.runner == "flink":
        from dateline.runners.engine import flink

        cluster = flink.Flink(args.flink_master, args.job_server, args.worker_pool, args.token_file)
        return 1, lambda config: flink.run_flow(config, cluster, live), str(cluster)
    if args.runner == "dataflow":
        from dateline.runners.engine import dataflow

        job = dataflow.Dataflow(
            args.project, args.region, args.worker_image, staging_of(args), tuple(args.dataflow_options or ())
        )
        return 1, lambda config: dataflow.run_flow(config, job, live), str(job)
    from dateline.runners.engine import local

    workers = local.workers_for(config.input_bytes, args.workers)
    return workers, lambda config: local.run_flow(config, workers), local.describe(workers)
