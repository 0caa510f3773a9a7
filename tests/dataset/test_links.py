"""A file gets a name of the dataset only in folders that are the dataset's own."""

import os

import pytest

from dateline.errors import DamagedFile
from dateline.pipeline.dataset.links import put_in_place

PATH = "date=2023-09-07/region=eastern-europe/part-1.arrow"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "news").mkdir()
    (tmp_path / "elsewhere" / "region=eastern-europe").mkdir(parents=True)
    (tmp_path / "staged").write_text("rows")
    return tmp_path / "news"


@pytest.mark.parametrize("there", ["", "date=2023-09-07", "date=2023-09-07/region=eastern-europe"])
def test_folders_are_made_where_they_are_not_there(root, tmp_path, there):
    (root / there).mkdir(parents=True, exist_ok=True)
    checked = set[str]()
    put_in_place(os.link, str(tmp_path / "staged"), str(root), PATH, checked)
    put_in_place(os.rename, str(tmp_path / "staged"), str(root), PATH.replace("-1", "-2"), checked)
    assert {path.name for path in (root / PATH).parent.iterdir()} == {"part-1.arrow", "part-2.arrow"}
    assert checked == {"date=2023-09-07", "date=2023-09-07/region=eastern-europe"}


@pytest.mark.parametrize("call", [os.link, os.rename])
@pytest.mark.parametrize("folder", ["date=2023-09-07", "date=2023-09-07/region=eastern-europe"])
@pytest.mark.parametrize("what", ["link", "link to nothing", "file"])
def test_nothing_goes_where_a_link_or_a_file_stands_for_a_folder(root, tmp_path, call, folder, what):
    place = root / folder
    place.parent.mkdir(exist_ok=True)
    if what == "file":
        place.write_text("")
    else:
        place.symlink_to(tmp_path / ("elsewhere" if what == "link" else "nowhere"))
    with pytest.raises(DamagedFile, match="a folder of its own"):
        put_in_place(call, str(tmp_path / "staged"), str(root), PATH, set())
    assert (tmp_path / "staged").read_text() == "rows"
    assert not list((tmp_path / "elsewhere").rglob("*.arrow"))
    assert not (tmp_path / "nowhere").exists()
