"""The schema that Google publishes of Dataflow's API: its discovery document, of the copy in google-api-python-client.

    problems("Job", body)      [] or what is wrong, as "environment.experiment: ..."

requirements.txt beside this file pins the package, of which this one document is read and no code is run.
"""

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

DOCUMENT = "discovery_cache/documents/dataflow.v1b3.json"


@cache
def schemas() -> dict[str, Any]:
    """All messages of the API by their names, as JSON Schema; no message has a field that its schema does not know."""
    found = importlib.util.find_spec("googleapiclient")
    assert found, "pip install --no-deps -r tests/dataflow/requirements.txt"
    (folder,) = found.submodule_search_locations
    published = json.loads(Path(folder, DOCUMENT).read_text("utf-8"))["schemas"]
    return {name: _json_schema(schema) for name, schema in published.items()}


def _json_schema(published: Any) -> Any:
    """A schema of a discovery document as JSON Schema has it."""
    if isinstance(published, list):
        return [_json_schema(each) for each in published]
    if not isinstance(published, dict):
        return published
    if "$ref" in published:
        return {"$ref": f"#/$defs/{published['$ref']}"}
    kept = {
        name: published[name]
        for name in ("type", "enum", "items", "additionalProperties")
        if name in published
    }
    made = {name: _json_schema(value) for name, value in kept.items()}
    if made.get("type") == "any":
        del made["type"]
    if "properties" in published:
        made["properties"] = {name: _json_schema(each) for name, each in published["properties"].items()}
        made.setdefault("additionalProperties", False)
    return made


def problems(message: str, body: Any) -> list[str]:
    """What is wrong with a message of the API, each with the place."""
    schema = {"$ref": f"#/$defs/{message}", "$defs": schemas()}
    return sorted(
        f"{'.'.join(map(str, error.path))}: {error.message}"
        for error in Draft202012Validator(schema).iter_errors(body)
    )
