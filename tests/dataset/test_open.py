"""Which class a dataset is of, and that it is asked in one place."""

import re

import pytest

from dateline.errors import DamagedFile, Unusable
from dateline.pipeline.dataset.local_dataset import LocalDataset
from dateline.pipeline.dataset.open import dataset_at, dataset_in
from dateline.pipeline.dataset.store_dataset import StoreDataset
from dateline.pipeline.dataset.working_copy import make_working_copy, working_copy
from tests.test_house import MODULES

ADDRESS = "s3://bucket/news"


@pytest.mark.parametrize(
    ("place", "kind", "name"),
    [
        ("news", LocalDataset, "{here}/news"),
        ("news/", LocalDataset, "{here}/news"),
        ("s3:/bucket/news", LocalDataset, "{here}/s3:/bucket/news"),
        (ADDRESS, StoreDataset, ADDRESS),
        (f"{ADDRESS}//", StoreDataset, ADDRESS),
        ("gs://bucket/some/news", StoreDataset, "gs://bucket/some/news"),
    ],
)
def test_what_a_user_names(tmp_path, monkeypatch, place, kind, name):
    monkeypatch.chdir(tmp_path)
    dataset = dataset_at(place, "work")
    name = name.format(here=tmp_path)
    assert (type(dataset), dataset.name) == (kind, name)
    assert dataset.root == (name if kind is LocalDataset else working_copy(name, f"{tmp_path}/work"))
    assert list(tmp_path.iterdir()) == []


def test_an_address_that_is_none_is_not_repeated():
    with pytest.raises(Unusable, match=r"has to be s3://BUCKET/FOLDER") as raised:
        dataset_at("s3://user:password@bucket")
    assert "password" not in str(raised.value)


def test_what_a_run_works_on(tmp_path):
    assert isinstance(dataset_in(str(tmp_path)), LocalDataset)
    make_working_copy(str(tmp_path), ADDRESS)
    dataset = dataset_in(str(tmp_path))
    assert (type(dataset), dataset.name, dataset.root) == (StoreDataset, ADDRESS, str(tmp_path))


def test_a_working_copy_that_a_user_names_is_none_of_his_datasets(tmp_path):
    """Its address stands in a file of a folder that anybody may have sent."""
    make_working_copy(str(tmp_path), ADDRESS)
    with pytest.raises(DamagedFile, match="give the address"), dataset_at(str(tmp_path)).opened():
        pass


def test_nobody_else_asks_whether_a_dataset_is_in_a_store():
    asking = re.compile(r"\b(?:store_of|address_of)\(|isinstance\([^)]*Dataset\)")
    found = {
        name
        for name, path in MODULES.items()
        for line in path.read_text("utf-8").splitlines()
        if asking.search(line) and not line.startswith("def ")
    }
    places = {"dateline.pipeline.dataset.open", "dateline.pipeline.store.address"}
    of_run_folders = {"dateline.runners.command.shared_options", "dateline.runners.engine.registry"}
    assert found == places | of_run_folders
