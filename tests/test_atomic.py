"""Atomic writing: whatever goes wrong, what has a name is whole, and nothing else is left."""

import json
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dateline.pipeline.atomic import json_bytes, whole_file, write_json
from tests.test_house import MODULES

RENAMES = ("os.replace(", "os.rename(")


def test_a_file_is_replaced_at_once(tmp_path):
    path = tmp_path / "news.json"
    path.write_bytes(b"old")
    with whole_file(str(path)) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["news.json"]


@pytest.mark.parametrize("before", [None, b"old"])
def test_what_fails_leaves_all_as_it_was(tmp_path, before):
    path = tmp_path / "news.json"
    if before:
        path.write_bytes(before)

    def fail() -> None:
        with whole_file(str(path)) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [entry.read_bytes() for entry in tmp_path.iterdir()] == ([before] if before else [])


def test_a_new_file_replaces_none(tmp_path):
    path = tmp_path / "00000001.json"
    with whole_file(str(path), is_new=True) as file:
        file.write(b"first")
    with pytest.raises(FileExistsError), whole_file(str(path), is_new=True) as file:
        file.write(b"second")
    assert path.read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["00000001.json"]


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_nothing_is_written_to_what_a_link_leads_to(tmp_path, link):
    """Of the temporary name, which a dead process left, and of the name itself."""
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    link(precious, tmp_path / "news.json.tmp")
    link(precious, tmp_path / "news.json")
    write_json(str(tmp_path / "news.json"), {})
    assert precious.read_bytes() == b"precious"
    assert (tmp_path / "news.json").read_bytes() == b"{}\n"
    assert not (tmp_path / "news.json").is_symlink()


def test_a_file_with_a_mode_is_its_owners_alone_until_it_has_its_name(tmp_path):
    with whole_file(str(tmp_path / "secret"), mode=0o644) as file:
        assert stat.S_IMODE(os.stat(file.name).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(tmp_path / "secret").st_mode) == 0o644


def test_all_files_are_replaced_by_it():
    """But for those that have been written whole: staged files get their names, and their places in a dataset, in
    dataset/staging.py and links.py, and exported folders theirs."""
    found = {
        name for name, path in MODULES.items() if any(call in path.read_text("utf-8") for call in RENAMES)
    }
    assert found == {
        "dateline.pipeline.atomic",
        "dateline.pipeline.dataset.export",
        "dateline.pipeline.dataset.staging",
    }


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["},\n  ", '}, {"', "\x1e"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_json_says_what_was_given(content):
    assert json.loads(json_bytes(content)) == content


def test_json_has_a_line_for_each_file_of_a_manifest():
    content = {
        "version": 2,
        "run": "a",
        "dumps": [],
        "files": [{"path": "},\n  {", "rows": 1}, {"path": "b"}],
        "named": ["a", "b"],
    }
    assert json_bytes(content).decode().split("\n") == [
        "{",
        ' "version": 2,',
        ' "run": "a",',
        ' "dumps": [],',
        ' "files": [',
        '  {"path": "},\\n  {", "rows": 1},',
        '  {"path": "b"}',
        " ],",
        ' "named": [',
        '  "a",',
        '  "b"',
        " ]",
        "}",
        "",
    ]
