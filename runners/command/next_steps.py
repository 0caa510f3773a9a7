"""What to do after a run: commands that work as they stand, from the folder and with the installation that did the run.

.venv/bin/dateline report news --open     the run as a page
"""

import json
import os
import shlex
import shutil
import sys

from dateline.pipeline.rules.text import printable
from dateline.runners.command.table import aligned, wrapped

PYTHON = 'import dateline; print(dateline.open_dataset({dataset}).head(3, columns=["date", "headline"]).to_pylist())'
"""Its texts are in double quotes, since a shell has all of it in single ones."""


def next_steps(dataset: str, width: int | None = None) -> str:
    """Commands that show a dataset, a line each, with what they show.

    Args:
        dataset: as it was given on the command line.
        width: the most characters of a line; None for no limit. A command is in one line all the same.
    """
    command, name = this_command(), shlex.quote(dataset)
    python = shlex.join(
        [short_path(sys.executable), "-c", PYTHON.format(dataset=json.dumps(dataset, ensure_ascii=False))]
    )
    steps = [
        (f"{command} report {name} --open", "the run as a page"),
        (f"{command} explain {name} TEXT", "the article with TEXT in its headline"),
        (f"{command} log {name}", "the versions"),
    ]
    lines = [f"  {step}" for step in aligned(steps, "<<")]
    if width is not None and max(map(len, lines)) > width:
        lines = [line for step, what in steps for line in (f"  {step}", *wrapped(what, width, " " * 6))]
    lines.append(f"  {python}")
    return "\n".join(["Next:", *map(printable, lines)])


def this_command() -> str:
    """How this program is called, as somebody types it: `dateline`, where the PATH leads to this one."""
    program = os.path.abspath(sys.argv[0])
    if os.path.basename(program) != "dateline" or not os.access(program, os.X_OK) or os.path.isdir(program):
        return f"{shlex.quote(short_path(sys.executable))} -m dateline"
    found = shutil.which("dateline")
    return "dateline" if found and os.path.samefile(found, program) else shlex.quote(short_path(program))


def short_path(path: str) -> str:
    """A path from the current folder, where it is below that.

    A program in that folder itself keeps a `./`, without which it would be looked for on the PATH.
    """
    below = os.path.relpath(path)
    if below.startswith(os.pardir):
        return path
    return below if os.sep in below else os.path.join(os.curdir, below)
