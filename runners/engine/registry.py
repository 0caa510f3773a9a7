"""The engines: what each is called on the command line, and which options it takes.

    dateline run --runner portable --job-endpoint localhost:8099 --worker-pool localhost:8100 ...

To add an engine, write its module, give it an entry here, and have start.py start it. This module imports none of them,
since `dateline run --help` reads it.
"""

import argparse
import os
from typing import NamedTuple

from dateline.errors import UsageError

FLINK = "1.19"
JOB_SERVER = "org.apache.beam:beam-runners-flink-{}-job-server:2.68.0"
"""Beam's job server for a minor version of Flink, as Maven names it."""
JAR = f"Beam's job server, {JOB_SERVER.format(FLINK)} of Maven Central, where {FLINK} is the cluster's Flink"


class Engine(NamedTuple):
    """What does the flow of a run."""

    what: str
    """For --help."""
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    """Options that go with it and not with every other; --workers and --profile among them."""


ENGINES = {
    "direct": Engine("processes of this machine", optional=("--workers", "--profile")),
    "portable": Engine("the engine of a Beam job service", ("--job-endpoint", "--worker-pool"), ("--token-file", "--run-folder")),
    "flink": Engine("a Flink cluster", ("--flink-master", "--worker-pool", "--job-server"), ("--token-file", "--run-folder")),
    "dataflow": Engine("Google's Dataflow", ("--project", "--region", "--worker-image", "--run-folder"),
                       ("--staging-location", "--dataflow-options")),
}  # fmt: skip
"""By the names that --runner takes; the first is the default."""


class Option(NamedTuple):
    """An option that only some engines take."""

    metavar: str
    """What it takes; HOST:PORT and ADDRESS are checked by the command line, and a JAR has to be there."""
    what: str
    """For --help."""
    many: bool = False
    """Whether it takes several of them."""


OPTIONS = {
    "--job-endpoint": Option("HOST:PORT", "where the job service listens"),
    "--flink-master": Option("HOST:PORT", "the REST address of the job manager"),
    "--job-server": Option("JAR", "Beam's job server for the cluster's Flink"),
    "--worker-pool": Option("HOST:PORT", "where the engine asks for workers"),
    "--token-file": Option("FILE", "the secret that the worker pool was started with (default: what a pool of this user "
                                   "makes by itself: ~/.config/dateline/pool-token)"),
    "--run-folder": Option("ADDRESS", "s3:// or gs://BUCKET/FOLDER, where the workers leave what a run needs until it ends; "
                                      "then they share no folder (default: they share --output, or --work-dir)"),
    "--project": Option("NAME", "the project of Google Cloud that pays"),
    "--region": Option("NAME", "where the machines are, such as europe-west1"),
    "--worker-image": Option("IMAGE", "the image of a worker, which has this very Dateline"),
    "--staging-location": Option("ADDRESS", "gs://BUCKET/FOLDER, where the service finds the graph (default: --run-folder)"),
    "--dataflow-options": Option("NAME=VALUE", "options of Beam's for Dataflow, such as max_num_workers=50", many=True),
}  # fmt: skip
"""Those of the group of --runner, as --help lists them."""


def takers(option: str) -> list[str]:
    """The engines that take an option."""
    return [name for name, engine in ENGINES.items() if option in engine.required + engine.optional]


def require_fitting(args: argparse.Namespace) -> None:
    """Hold the options that only some engines take against the engine that --runner names.

    Raises:
        UsageError: one is missing, or goes with another engine; a file that one names is not there, or is a secret that
            others may read; or --work-dir, --run-folder and --output do not go together.
    """
    from dateline.runners.engine import secret

    _require_folders(args)
    engine = ENGINES[args.runner]
    given = {
        name for each in ENGINES.values() for name in each.required + each.optional if _value(args, name)
    }
    if missing := [name for name in engine.required if name not in given]:
        needed = " and ".join(f"{name} {OPTIONS[name].metavar}" for name in missing)
        needed += f": {JAR}" if "--job-server" in missing else ""
        raise UsageError(f"--runner {args.runner} needs {needed}")
    for other in ENGINES.values():
        own = engine.required + engine.optional
        if wrong := [name for name in other.required + other.optional if name in given and name not in own]:
            raise UsageError(
                f"{' and '.join(wrong)} goes with --runner {' or '.join(takers(wrong[0]))}, and this is {args.runner}"
            )
    if args.job_server and not os.path.isfile(args.job_server):
        raise UsageError(f"--job-server {args.job_server} is no file; it is {JAR}")
    if "--token-file" in engine.optional and (path := secret.file_for_run(args.token_file)):
        secret.read(path)
    if args.runner == "dataflow":
        _require_dataflow(args)


def staging_of(args: argparse.Namespace) -> str:
    """The folder of GCS from which Dataflow takes the graph."""
    return str(args.staging_location or args.run_folder)


def _require_dataflow(args: argparse.Namespace) -> None:
    """Hold what Dataflow is given against what it takes.

    Raises:
        UsageError: its machines, or the service, would not find something; what speaks to the service is not installed.
    """
    from dateline.pipeline.store.address import in_store

    if here := [path for path in args.input if not in_store(path)]:
        raise UsageError(
            f"--input {here[0]}: Dataflow's machines do not see it; give dumps in a store, s3:// or gs://"
        )
    if not staging_of(args).startswith("gs://"):
        raise UsageError(
            "--runner dataflow takes the graph from Google's store: give --staging-location gs://BUCKET/FOLDER, "
            "or a --run-folder there"
        )
    try:
        from dateline.runners.engine import dataflow
    except ImportError:
        raise UsageError(
            "--runner dataflow needs google-cloud-dataflow-client: install Dateline with its extra dataflow"
        ) from None
    dataflow.require_usable(args.dataflow_options or ())


def _require_folders(args: argparse.Namespace) -> None:
    """Hold the places that a run writes to against each other.

    Raises:
        UsageError: they do not go together.
    """
    from dateline.pipeline.store.address import address_of, in_store

    if args.readers and not in_store(args.output):
        raise UsageError(
            "--readers goes with --output in an object store; in a folder a second name of a file takes no room"
        )
    if args.work_dir and not in_store(args.output):
        raise UsageError(
            "--work-dir goes with --output in an object store; a dataset that lies here is worked at there"
        )
    if args.run_folder:
        if not in_store(args.output):
            raise UsageError(
                "--run-folder goes with --output in an object store, s3:// or gs://: the workers write the dataset, "
                "and a folder of this machine is not theirs"
            )
        if args.run_folder.startswith(f"{address_of(args.output)}/"):
            raise UsageError(
                f"--run-folder {args.run_folder} lies in the dataset; give the dataset's own address, or a folder outside of it"
            )
    elif args.runner != "direct" and in_store(args.output) and not args.work_dir:
        raise UsageError(
            f"--runner {args.runner} with --output in an object store needs --run-folder ADDRESS, a folder in a store, "
            "or --work-dir DIR, a folder that all workers see"
        )


def _value(args: argparse.Namespace, option: str) -> object:
    """What an option was given."""
    return getattr(args, option.removeprefix("--").replace("-", "_"))
