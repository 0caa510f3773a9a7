"""JSON Schema and Arrow schema are one contract."""

import jsonschema
import pyarrow as pa
import pytest

from dateline import schemas
from dateline.pipeline.rules.identity_rows import ROW
from dateline.pipeline.rules.places import regions
from dateline.pipeline.rules.split import CHUNK, CONTEXT
from dateline.schemas.columns import SCHEMA_VERSION_KEY, arrow_schema, from_batch, texts, to_batch
from tests.helpers.records import RECORD

STRINGS = pa.list_(pa.field("item", pa.string(), nullable=False))

ARTICLE = [
    ("id", pa.string(), False),
    ("headline", pa.string(), False),
    ("short_url", pa.string(), True),
    ("short_url_slot", pa.string(), False),
    ("updated", pa.date32(), True),
    ("updated_text", pa.string(), True),
    ("updated_source", pa.string(), False),
    ("caption", pa.string(), True),
    ("credit", pa.string(), True),
    ("byline", pa.string(), True),
    ("summary", STRINGS, False),
    ("place", pa.string(), True),
    ("country", pa.string(), True),
    ("region", pa.string(), False),
    ("region_source", pa.string(), False),
    ("body", pa.string(), False),
    ("subheadings", STRINGS, False),
    ("body_captions", STRINGS, True),
    ("word_count", pa.int32(), False),
    ("source", pa.string(), False),
    ("source_offset", pa.int64(), False),
    ("source_length", pa.int64(), False),
    ("page_url", pa.string(), True),
    ("node", pa.int64(), True),
    ("crawled", pa.date32(), True),
    ("text_repairs", STRINGS, False),
    ("copies", pa.int32(), False),
]


def test_article_field_by_field():
    assert [(field.name, field.type, field.nullable) for field in arrow_schema("article")] == ARTICLE


def test_what_a_later_version_brought_may_be_null():
    for name in schemas.NAMES:
        for field, spec in schemas.load(name).get("properties", {}).items():
            if "since" in spec:
                assert 1 < spec["since"] <= schemas.VERSION, field
                assert "null" in spec["type"], field
    assert set(arrow_schema("article").names) - set(arrow_schema("article", 1).names) == {"body_captions"}


@pytest.mark.parametrize("name", ["article", "reject", "duplicate"])
def test_name_type_and_nullability_follow_from_the_json_schema(name):
    by_json = {"string": pa.types.is_string, "integer": pa.types.is_integer, "boolean": pa.types.is_boolean,
               "array": pa.types.is_list}  # fmt: skip
    properties = schemas.load(name)["properties"]
    fields = arrow_schema(name)
    assert fields.names == list(properties)
    for field in fields:
        spec = properties[field.name]
        types = [spec["type"]] if isinstance(spec["type"], str) else spec["type"]
        assert field.nullable == ("null" in types), field.name
        json_type = next(kind for kind in types if kind != "null")
        if spec.get("arrow") in ("date32", "binary"):
            assert str(field.type) in ("date32[day]", "binary")
        else:
            assert by_json[json_type](field.type), field.name
        if spec.get("arrow") in ("int32", "int64"):
            assert str(field.type) == spec["arrow"]
            assert spec["maximum"] == 2 ** (field.type.bit_width - 1) - 1


LATER = {"report": ("new", "all", "partitions", "dumps", "rejects_shown", "largest_groups", "memory")}
"""Fields that came later, and that files of older versions, which are still read, may lack."""


@pytest.mark.parametrize("name", schemas.NAMES)
def test_each_schema_is_a_valid_one_and_admits_nothing_unnamed(name):
    schema = schemas.load(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["additionalProperties"] is False
    assert schema["required"] == [each for each in schema["properties"] if each not in LATER.get(name, ())]
    assert all(spec["description"] for spec in schema["properties"].values())


def test_rows_come_back_from_arrow_as_they_went_in():
    rows = [RECORD, RECORD | {"updated": None, "summary": [], "node": 7, "crawled": "2022-04-20"}]
    batch = to_batch(rows, arrow_schema("article"))
    batch.validate(full=True)
    assert from_batch(batch) == rows
    assert batch.schema.metadata[SCHEMA_VERSION_KEY] == str(schemas.VERSION).encode()


def test_bytes_come_back_too():
    row = {
        "reason": "schema", "stage": "validate", "pointer": "/headline", "detail": "x", "source": "a.txt",
        "source_offset": 0, "source_length": 2, "raw": "/wA=", "raw_truncated": False,
    }  # fmt: skip
    assert to_batch([row], arrow_schema("reject"))["raw"].to_pylist() == [b"\xff\x00"]
    assert from_batch(to_batch([row], arrow_schema("reject"))) == [row]


@pytest.mark.parametrize("values", [[], ["a"], ["", "é", "", "news\n\n\U0001f642", ""]])
def test_texts_that_stand_one_behind_the_other(values):
    encoded = [value.encode() for value in values]
    found = texts(b"".join(encoded), list(map(len, encoded)))
    found.validate(full=True)
    assert found.equals(pa.array(values, pa.string()))


def test_a_record_fits_the_rows_that_are_shuffled():
    """A region and a stamp's source are stored as numbers of one byte, a short URL as 12 characters."""
    assert len(regions()) < 256
    assert schemas.load("article")["properties"]["short_url"]["pattern"].endswith("{1,12}$")
    assert ROW.itemsize == 115


def test_the_context_of_a_cut_is_small_beside_a_chunk():
    assert CONTEXT * 16 <= CHUNK
