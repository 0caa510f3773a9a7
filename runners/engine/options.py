"""Which options of a run go with which runner."""

import argparse
import os

from dateline.errors import UsageError
from dateline.pipeline.store.files import in_store
from dateline.runners.engine import secret

FLINK = "1.19"
JOB_SERVER = "org.apache.beam:beam-runners-flink-{}-job-server:2.68.0"
"""Beam's job server for a minor version of Flink, as Maven names it."""


def require_fitting(args: argparse.Namespace) -> None:
    """Hold the options that a runner has of its own against the runner.

    Raises:
        UsageError: one is missing, goes with another runner, names no file, or one that others may read; or it is not said where to work at a
            dataset in a store, so that the runner's workers see it.
    """
    if args.runner != "direct" and in_store(args.output) and not args.work_dir:
        raise UsageError(
            f"--runner {args.runner} with --output in an object store needs --work-dir DIR, a folder that all workers see"
        )
    if args.work_dir and not in_store(args.output):
        raise UsageError(
            "--work-dir goes with --output in an object store; a dataset that lies here is worked at there"
        )
    own = {
        "direct": {"--workers": args.workers, "--profile": args.profile},
        "portable": {
            "--job-endpoint": args.job_endpoint,
            "--worker-pool": args.worker_pool,
            "--token-file": args.token_file,
        },
        "flink": {
            "--flink-master": args.flink_master,
            "--worker-pool": args.worker_pool,
            "--job-server": args.job_server,
            "--token-file": args.token_file,
        },
    }
    optional = {*own["direct"], "--token-file"}
    missing = [name for name, value in own[args.runner].items() if not value and name not in optional]
    jar = f"{JOB_SERVER.format(FLINK)} of Maven Central, where {FLINK} is the cluster's Flink"
    if missing:
        told = " and ".join(f"{name} {'JAR' if name == '--job-server' else 'HOST:PORT'}" for name in missing)
        told += f": Beam's job server, {jar}" if "--job-server" in missing else ""
        raise UsageError(f"--runner {args.runner} needs {told}")
    for options in own.values():
        wrong = [name for name, value in options.items() if value and name not in own[args.runner]]
        if wrong:
            runners = " or ".join(each for each in own if wrong[0] in own[each])
            raise UsageError(f"{' and '.join(wrong)} goes with --runner {runners}, and this is {args.runner}")
    if args.job_server and not os.path.isfile(args.job_server):
        raise UsageError(f"--job-server {args.job_server} is no file; it is Beam's job server, {jar}")
    if args.runner != "direct" and (path := secret.file_for_run(args.token_file)):
        secret.read(path)
