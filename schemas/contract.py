"""The JSON Schema check: a fast yes for what is right, a full explanation for what is not.

jsonschema-rs (1 us a record, of many at once) says yes; jsonschema (125 us) says what is wrong, and where. It is imported only
then: most runs have nothing to explain.
"""

from functools import cache, cached_property
from typing import Any, NamedTuple

import jsonschema_rs

from dateline import schemas


class Violation(NamedTuple):
    pointer: str
    """JSON pointer (RFC 6901) to the value that is wrong; "" is the whole row."""
    message: str


class Contract:
    """One of the schemas, compiled. Made once a worker: compiling takes milliseconds."""

    def __init__(self, name: schemas.Name) -> None:
        self._name = name
        schema = schemas.load(name)
        self._fast = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
        self._many = jsonschema_rs.Draft202012Validator({"items": schema}, validate_formats=True)

    @cached_property
    def _full(self) -> Any:
        from jsonschema import Draft202012Validator

        schema = schemas.load(self._name)
        return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)

    def is_valid(self, row: dict[str, Any]) -> bool:
        return self._fast.is_valid(row)

    def are_valid(self, rows: list[dict[str, Any]]) -> bool:
        """Whether each row is valid: asked of many at once it costs half."""
        return self._many.is_valid(rows)

    def violation(self, row: dict[str, Any]) -> Violation:
        """What is wrong with a row that is_valid() refused.

        Raises:
            ValueError: the two validators disagree on the row.
        """
        from jsonschema.exceptions import best_match

        error = best_match(self._full.iter_errors(row))
        if error is None:
            raise ValueError("jsonschema-rs refuses what jsonschema accepts")
        parts = (str(part).replace("~", "~0").replace("/", "~1") for part in error.absolute_path)
        return Violation("".join(f"/{part}" for part in parts), _shortened(error.message))


def _shortened(message: str, limit: int = 300) -> str:
    """jsonschema quotes the whole value, which may be a body: keep both ends."""
    return message if len(message) <= limit else f"{message[: limit // 2]} ... {message[-limit // 2 :]}"


@cache
def contract(name: schemas.Name) -> Contract:
    """The compiled schema of that name; compiled once a process."""
    return Contract(name)


def require_valid(row: dict[str, Any], name: schemas.Name) -> None:
    """Check what is about to be written.

    Raises:
        ValueError: the row is not valid. Input cannot cause this, only a mistake of ours.
    """
    if not contract(name).is_valid(row):
        raise ValueError(
            f"a {name} that is not valid was about to be written: {contract(name).violation(row)}"
        )
