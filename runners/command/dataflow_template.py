"""The program of a Flex Template of Dataflow: a job of one step, which does `dateline run --runner dataflow`.

A template's launcher starts this program to have a graph made, submits that itself, and is gone long before the work is
done; but a run's balance and commit come after the work. So the graph that it gets has one step, for one machine: the
command, which starts the job that does the work, waits for it, and commits.

The launcher gives a template's parameters and options of its own in one form:

    --input=gs://bucket/*.txt --max-rejects=2% --project=p --template_location=gs://bucket/job_object
"""

import logging
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from dateline.errors import RunFailed, UsageError
from dateline.runners.command.options import parser
from dateline.runners.command.outcome import OK, PARTLY
from dateline.runners.engine.registry import require_fitting

LAUNCHERS = ("runner",)
"""Options of the launcher's that are called as one of the command's."""
OF_BOTH = ("project", "region")

log = logging.getLogger(__name__)


class RunCommand(beam.DoFn):
    """Does a command of Dateline's, in a process of its own.

    Raises:
        RunFailed: it failed. The service does it again then, a few times: it begins with what the last version is.
    """

    def process(self, words: Sequence[str]) -> Iterator[str]:
        command = [sys.executable, "-m", "dateline", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        for line in (*done.stderr.splitlines(), *done.stdout.splitlines()):
            log.info("%s", line)
        if done.returncode not in (OK, PARTLY):
            last = done.stderr.strip().splitlines()[-1:]
            raise RunFailed(f"`dateline run` ended with {done.returncode}: {''.join(last)}")
        yield done.stdout


def main(given: Sequence[str] | None = None) -> None:
    """Have Beam make the graph, and leave it where the launcher looks for it.

    Args:
        given: what the launcher gives (default: this process's arguments).

    Raises:
        SystemExit: the parameters are not those of a run; what is wrong was said.
    """
    words, flags = split(sys.argv[1:] if given is None else given)
    args = parser().parse_args(words)
    try:
        require_fitting(args)
    except UsageError as error:
        parser().error(str(error))
    options = PipelineOptions(
        flags,
        runner="DataflowRunner",
        sdk_container_image=args.worker_image,
        sdk_location="container",
        num_workers=1,
        max_num_workers=1,
    )
    pipeline = beam.Pipeline(options=options)
    _ = pipeline | "Command" >> beam.Create([words]) | "Run" >> beam.ParDo(RunCommand())
    pipeline.run()


def split(given: Sequence[str]) -> tuple[list[str], list[str]]:
    """The command line of a run, and the options of Beam, of what the launcher gives.

    >>> split(["--input=gs://a/*.txt 'gs://b/c d.txt'", "--project=p", "--runner=DataflowRunner", "--job_name=j"])
    (['run', '--runner', 'dataflow', '--input', 'gs://a/*.txt', 'gs://b/c d.txt', '--project', 'p'], ['--project=p', '--job_name=j'])
    """
    actions = {
        option.removeprefix("--"): action
        for action in parser().commands()["run"]._actions
        for option in action.option_strings
    }
    words, flags = ["run", "--runner", "dataflow"], []
    for each in given:
        name, _, value = each.removeprefix("--").partition("=")
        if name in actions and name not in LAUNCHERS:
            words += [f"--{name}", *(shlex.split(value) if actions[name].nargs == "+" else [value])]
        if name in OF_BOTH or name not in actions:
            flags.append(each)
    return words, flags
