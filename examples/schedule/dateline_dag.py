"""An Airflow DAG (Airflow 3) that runs Dateline once a day.

Put this file into Airflow's DAGs folder. What it runs is told by Airflow Variables; each can also be set in the
worker's environment, as AIRFLOW_VAR_ and its name in capitals:

    dateline_command   the executable, as a path           (default: dateline, on the worker's PATH)
    dateline_input     the dumps, one pattern              (default: /srv/dateline/dumps/*.txt)
    dateline_output    the dataset                         (default: /var/lib/dateline/news)
    dateline_options   more options, as for a shell        (default: none)

Paths must be absolute: the command is started in a folder of its own.

The task `run` fails when nothing was committed. Where Dateline is done but could not use some input (exit status
3), `run` succeeds, since the version is there and what comes after it should go on; the task `all_input_used` is
then marked as skipped and names the inputs. Airflow has no warning, and a skipped task is the state that is seen
in the grid and yet stops nothing.
"""

import json
import shlex
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from subprocess import TimeoutExpired
from typing import Any

from airflow.providers.standard.hooks.subprocess import SubprocessHook
from airflow.sdk import DAG, BaseOperator, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

COMMAND = [
    "{{ var.value.get('dateline_command', 'dateline') }}",
    "run",
    "--input",
    "{{ var.value.get('dateline_input', '/srv/dateline/dumps/*.txt') }}",
    "--output",
    "{{ var.value.get('dateline_output', '/var/lib/dateline/news') }}",
    "--json",
]
OPTIONS = "{{ var.value.get('dateline_options', '') }}"

OK, FAILED, USAGE, PARTLY = 0, 1, 2, 3
"""Dateline's exit statuses that a task decides on; any other is worth another try."""

STOP_SECONDS = 45
"""Airflow itself gives a task a minute."""


class Dateline(BaseOperator):
    """Runs a command of Dateline's to its end; its line of JSON, as a dict, is the task's result."""

    template_fields = ("command", "options")

    def __init__(self, *, command: list[str], options: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.command = command
        self.options = options

    @cached_property
    def process(self) -> SubprocessHook:
        return SubprocessHook()

    def execute(self, context: Any) -> dict[str, Any]:
        done = self.process.run_command([*self.command, *shlex.split(self.options)])
        if done.exit_code in (OK, PARTLY):
            outcome: dict[str, Any] = json.loads(done.output)
            return outcome
        if done.exit_code in (FAILED, USAGE):  # the same input and options would fail again
            raise AirflowFailException(f"exit status {done.exit_code}, nothing was committed: {done.output}")
        raise AirflowException(f"exit status {done.exit_code}, locked or stopped: {done.output}")

    def on_kill(self) -> None:
        """Tell Dateline, not its workers, to stop, and give it the time to clean up after itself."""
        if self.process.sub_process:
            self.process.sub_process.terminate()
            with suppress(TimeoutExpired):
                self.process.sub_process.wait(STOP_SECONDS)


@task
def all_input_used(outcome: dict[str, Any]) -> None:
    """Skipped, with the names of the inputs, where some could not be used."""
    if outcome["exit"] == PARTLY:
        names = "\n".join(f"  {entry['path']}: {entry['error']}" for entry in outcome.get("unreadable", ()))
        raise AirflowSkipException(f"done, but some input could not be used:\n{names}")


with DAG(
    dag_id="dateline",
    description="Dumps of Arab News pages in, one clean Arrow dataset out",
    schedule="30 3 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,  # a run takes every dump that is there: days that were missed are in it
    max_active_runs=1,
    tags=["dateline"],
):
    run = Dateline(
        task_id="run",
        command=COMMAND,
        options=OPTIONS,
        retries=3,
        retry_delay=timedelta(minutes=30),
        execution_timeout=timedelta(hours=12),
    )
    all_input_used(run.output)
