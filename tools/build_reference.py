"""Build the pages of docs/reference that follow from the code: options, columns, reasons of rejects, shapes of JSON.

    python -m tools.build_reference

The command line comes from its parser, all else from the schemas in schemas/. A test holds the committed pages against
what this gives, so run it after a change of an option or a schema. An option of the parser becomes one row:

    | `--source-root DIR` | name dumps in the rows by their path below DIR (default: by their base name) |
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from dateline import schemas
from dateline.runners.command.options import parser
from dateline.schemas.columns import arrow_schema

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
MADE = "<!-- Made by `python -m tools.build_reference`. Change the code or the schema, not this page. -->"

LEDGERS = {
    "article": "Articles: `date=*/region=*/*.arrow`",
    "duplicate": "Copies and keys: `_duplicates`, `_keys`",
    "reject": "Rejects: `_rejected`",
}
"""The schemas of rows, and the title of each."""

WHERE = {
    "manifest": "_manifests/<version>.json",
    "report": "_runs/<run>/report.json of a run that made a version",
    "failure": "_runs/<run>/report.json of a run that failed or was stopped",
    "lock": "_lock",
    "pointer": "_manifests/latest.json of a dataset in a store",
    "output": "stdout",
}
"""Where JSON of each schema is."""
INTERNAL = ("journal", "receipt", "seen", "settled", "store")
"""Schemas of files that a run leaves for itself or the next: no reader needs them."""


FILE_OF_OPTIONS = """\
`dateline.toml` in the current folder gives options to the commands: each command has a table, and each option a key without its
dashes. `dateline --config FILE COMMAND` names another file. Options on the command line win; all of the file is checked, whatever
the command.

```toml
[run]
input = ["dumps/*.txt"]
output = "news"
max-rejects = "2%"
quiet = true

[prune]
keep-versions = 5
```

`dateline --completions bash`, `zsh` or `fish` prints a script, by which the shell completes commands, options, their values and
paths. Write it to `~/.local/share/bash-completion/completions/dateline` for bash, to `_dateline` in a folder of `$fpath` for zsh, or
to `~/.config/fish/completions/dateline.fish` for fish, and open a new shell.
"""


def cell(text: str) -> str:
    """Text that is safe in a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def command_line() -> str:
    """The page of all subcommands and options."""
    (commands,) = (action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    parts = [
        f"# Command line\n\n{MADE}\n",
        "Results go to stdout, progress and messages to stderr. [Exit statuses](exit-statuses.md) are the same for all "
        "commands. `dateline --version` prints the version, `dateline COMMAND --help` the options. What each command prints with "
        "`--json` is in [Shapes of JSON](json.md#line-of-output).\n",
        FILE_OF_OPTIONS,
        table(
            ("command", "what it does"),
            [
                (f"[`{one.dest}`](#dateline-{one.dest})", cell(one.help or ""))
                for one in commands._choices_actions
            ],
        ),
    ]
    for name, command in commands.choices.items():
        parts += [
            f"## dateline {name}\n",
            f"{command.description}\n",
            f"```text\n{usage(name, command)}\n```\n",
        ]
        for group in command._action_groups:
            rows = [row(command, action) for action in group._group_actions if action.dest != "help"]
            if rows:
                title = (
                    (group.title or "")
                    .replace("positional arguments", "Arguments")
                    .replace("options", "Options")
                )
                parts += [f"**{title[:1].upper()}{title[1:]}**\n", table(("option", "what it does"), rows)]
    return "\n".join(parts)


def usage(name: str, command: argparse.ArgumentParser) -> str:
    """What has to be given, in one line."""
    needed = [
        shape(action)
        for action in command._actions
        if action.required or (not action.option_strings and action.nargs != "?")
    ]
    return " ".join(["dateline", name, *needed, "[OPTION...]"])


def shape(action: argparse.Action) -> str:
    """An option or argument, with its value."""
    if action.nargs == 0:
        return action.option_strings[-1]
    value = action.metavar if isinstance(action.metavar, str) else "|".join(map(str, action.choices or ()))
    value = (value or action.dest.upper()) + ("..." if action.nargs in ("+", "*") else "")
    return f"{action.option_strings[-1]} {value}" if action.option_strings else value


def row(command: argparse.ArgumentParser, action: argparse.Action) -> tuple[str, str]:
    """An option or argument, and what --help says of it."""
    # A pipe in code within a table is read differently by each reader of Markdown.
    given = shape(action).replace("|", " or ")
    told = command._get_formatter()._expand_help(action) if action.help else ""
    return f"`{given}`", cell(told)


def columns() -> str:
    """The page of the columns of all Arrow files."""
    parts = [
        f"# Columns\n\n{MADE}\n",
        "A row is validated against its JSON Schema when it is written, and the Arrow type follows from the schema. `?` after a "
        "type says that the column may be null. `date` and `region` are the partitions' keys; `date` is `updated`, cut to "
        "the first day of its month or year where the dataset has partitions by month or year.\n",
    ]
    for name, title in LEDGERS.items():
        schema = schemas.load(name)
        rows = []
        for field in arrow_schema(name):
            spec = schema["properties"][field.name]
            kind = f"{arrow_type(field.type)}{'?' if field.nullable else ''}"
            rows.append((f"`{field.name}`", kind, spec.get("unit", ""), described(spec), example(spec)))
        head = ("column", "type", "unit", "what it holds", "example")
        if not any(line[-1] for line in rows):
            head, rows = head[:-1], [line[:-1] for line in rows]
        parts += [
            f"## {title}\n",
            f"{schema['description']} (`schemas/{name}.schema.json`)\n",
            table(head, rows),
        ]
    return "\n".join(parts)


def arrow_type(kind: Any) -> str:
    text = str(kind).replace("date32[day]", "date32")
    return "list of string" if text.startswith("list") else text


def described(spec: dict[str, Any]) -> str:
    """The description of a field, and the values that it can have."""
    values = spec.get("enum") or spec.get("items", {}).get("enum") or ()
    listed = f" One of {', '.join(f'`{value}`' for value in values)}." if values else ""
    return cell(spec.get("description", "") + listed)


def example(spec: dict[str, Any]) -> str:
    return "".join(
        f"`{cell(json.dumps(value, ensure_ascii=False))}`" for value in spec.get("examples", ())[:1]
    )


def reject_reasons() -> str:
    """The page of the reasons of rejects."""
    spec = schemas.load("reject")["properties"]["reason"]
    rows = [
        (f"`{name}`", cell(what)) for name, what in zip(spec["enum"], spec["enumDescriptions"], strict=True)
    ]
    return "\n".join(
        (
            f"# Reasons of rejects\n\n{MADE}\n",
            "A block that cannot be used is a row of `_rejected`, with one of these reasons, a detail for a person, and its "
            "bytes. [Look into rejects](../how-to/rejects.md) says what to do about them.\n",
            table(("reason", "what it means"), rows),
            "A file that cannot be read, or is not whole, gives no rejects and no articles. It is named on stderr and in the "
            "report, and the exit status is 3: see [what goes in](../inputs.md).\n",
        )
    )


def shapes() -> str:
    """The page of all JSON that Dateline writes."""
    names = [name for name in get_args(schemas.Name) if name not in (*LEDGERS, *INTERNAL)]
    parts = [
        f"# Shapes of JSON\n\n{MADE}\n",
        "Each has a JSON Schema in `schemas/`. `a.b` is field `b` of the object in `a`, `a[]` an element of a "
        "list, and `a.*` the value of any name.\n",
    ]
    for name in names:
        schema = schemas.load(name)
        where = WHERE.get(name)
        parts += [
            f"## {schema['title']}\n",
            f"{schema['description']}\n",
            f"{f'Where: `{where}`. ' if where else ''}Schema: `schemas/{name}.schema.json`.\n",
            *(
                [table(("field", "type", "what it is"), list(fields(schema)))]
                if "properties" in schema
                else ()
            ),
        ]
        for kind, spec in schema.get("$defs", {}).items():
            if kind == "commands":
                lines = [
                    (f"`{name}`", ", ".join(kinds(line).removeprefix("a ") for line in of["anyOf"]))
                    for name, of in spec.items()
                ]
                parts += [table(("command", "each line is one of"), lines)]
                continue
            parts += [f"Fields of `{kind}`:\n", table(("field", "type", "what it is"), list(fields(spec)))]
    return "\n".join(parts)


def fields(spec: dict[str, Any], path: str = "") -> Iterator[tuple[str, str, str]]:
    """A row for each field below a place of a schema, which `path` names."""
    inner = {f"{path}.{name}" if path else name: field for name, field in spec.get("properties", {}).items()}
    if isinstance(spec.get("additionalProperties"), dict):
        inner[f"{path}.*" if path else "*"] = spec["additionalProperties"]
    for place, field in inner.items():
        yield f"`{place}`", kinds(field), described(field) or ("See below." if "$ref" in field else "")
        yield from fields(field, place)
        yield from fields(field.get("items", {}), f"{place}[]")


def kinds(spec: dict[str, Any]) -> str:
    """The JSON types of a field, in words."""
    if "$ref" in spec:
        return f"a `{spec['$ref'].rpartition('/')[2]}`"
    if "const" in spec:
        return f"`{cell(json.dumps(spec['const']))}`"
    types = spec.get("type", "string" if "enum" in spec else "any")
    types = [types] if isinstance(types, str) else types
    if "items" in spec and "$ref" in spec["items"]:
        types = [f"list of {kinds(spec['items'])}" if kind == "array" else kind for kind in types]
    return " or ".join("list" if kind == "array" else kind for kind in types)


PAGES = {
    "command-line.md": command_line,
    "columns.md": columns,
    "reject-reasons.md": reject_reasons,
    "json.md": shapes,
}

if __name__ == "__main__":
    for file, page in PAGES.items():
        REFERENCE.joinpath(file).write_text(page(), "utf-8")
