"""`log`, `diff` and `prune`: the versions of a dataset, what each changed, and which go."""

import json
import shutil
from pathlib import Path

import pytest

from dateline.pipeline.dataset.lock import lock
from dateline.pipeline.dataset.version import version_numbers
from dateline.pipeline.names import manifest_name, second_name
from dateline.runners.command import cli
from dateline.runners.command.log import HEADS
from tests.dataset.test_growth import run
from tests.helpers.damage import Dataset
from tests.helpers.pages import Article, plain

TEA = Article(headline="Tea house opens at last", body=("The kettle was on.",))
FERRY = Article(slot="https://arab.news/fe22y")
PIER = Article(headline="Pier is longer than it was")
LAMP = Article(headline="Lamp of the lighthouse is lit", stamp="09 September 2023")
MOON = Article(headline="Moon seen by many", stamp="12 September 2023", place="RIYADH")
EDITED = Article(headline="Ferry is back", slot="https://arab.news/fe22y", stamp="11 September 2023")
FILLED = Article(
    headline="Pier is longer than it was", slot="https://arab.news/pi3r", stamp="08 September 2023"
)
RUNS = (
    (TEA, FERRY, PIER, LAMP),
    (MOON, LAMP),
    (EDITED, FILLED, TEA),
)
"""Version 2 adds an article and a copy; version 3 edits one, gives another its short URL, and has a copy of a third."""


def output(capsys, *args, status=0):
    capsys.readouterr()
    assert cli.main([*map(str, args)]) == status
    return capsys.readouterr().out


def objects(capsys, *args):
    return list(map(json.loads, output(capsys, *args, "--json").splitlines()))


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("grown")
    for number, articles in enumerate(RUNS, 1):
        path = folder / f"dump-{number}.txt"
        path.write_text("\n\n\n".join(map(plain, articles)))
        assert run(folder / "news", path) == 0
    return folder / "news"


@pytest.fixture
def copy(grown, tmp_path):
    return shutil.copytree(grown, tmp_path / "news")


def test_log(grown, capsys):
    third, second, first = objects(capsys, "log", grown)
    assert [entry["version"] for entry in (third, second, first)] == [3, 2, 1]
    assert third["dumps"] == ["dump-3.txt"]
    assert first["changes"] | {"files": 0} == {"articles": 4, "duplicates": 0, "rejects": 0, "files": 0}
    assert second["changes"]["articles"] == second["changes"]["duplicates"] == 1
    assert third["changes"]["articles"] == 0
    manifest = Dataset(grown).manifest
    assert (third["run"], third["made"]) == (manifest["run"], manifest["made"])
    assert (third["files"], third["bytes"]) == (
        len(manifest["files"]),
        sum(file["bytes"] for file in manifest["files"]),
    )

    head, *lines = output(capsys, "log", grown).splitlines()
    assert head.split() == " ".join(HEADS).split()
    assert [line.split()[0] for line in lines] == ["3", "run", "2", "run", "1", "run"]
    day, minute = third["made"][:16].split("T")
    size = f"{third['bytes'] / 1e3:,.1f}"
    assert lines[0].split() == [
        "3",
        day,
        minute,
        "+0",
        "+3",
        "+0",
        "1",
        size,
        "KB",
        f"+{third['changes']['files']}",
    ]
    assert lines[1] == f"         run {third['run']}: dump-3.txt"


def test_log_names_the_first_few_dumps(tmp_path, capsys):
    for number in range(5):
        tmp_path.joinpath(f"{number}.txt").write_text(plain(TEA))
    assert run(tmp_path / "news", *sorted(tmp_path.glob("*.txt"))) == 0
    assert ": 0.txt, 1.txt, 2.txt and 2 more\n" in output(capsys, "log", tmp_path / "news")
    (entry,) = objects(capsys, "log", tmp_path / "news")
    assert len(entry["dumps"]) == 5


def by_headline(changes):
    return {change["headline"]: change for change in changes}


def test_diff_of_what_was_added(grown, capsys):
    *changes, last = objects(capsys, "diff", grown, 1, 2)
    found = by_headline(changes)
    assert len(found) == len(changes) == 2
    assert (found[MOON.headline]["kind"], found[MOON.headline]["updated"]) == ("added", "2023-09-12")
    assert (found[LAMP.headline]["kind"], found[LAMP.headline]["columns"]) == ("changed", ["copies"])
    assert last["summary"] == {"from": 1, "to": 2, "added": 1, "removed": 0, "changed": 1, "folded": 0}


def test_diff_of_what_was_edited_and_folded(grown, capsys):
    *changes, last = objects(capsys, "diff", grown, 2, 3)
    kinds = {(change["kind"], change["headline"]): change for change in changes}
    assert len(kinds) == len(changes) == 4
    edited = kinds["changed", EDITED.headline]
    assert {"headline", "updated", "source", "copies"} <= set(edited["columns"])
    assert "body" not in edited["columns"]
    assert kinds["changed", TEA.headline]["columns"] == ["copies"]
    assert kinds["folded", PIER.headline]["winner"] == kinds["added", FILLED.headline]["id"]
    assert last["summary"] == {"from": 2, "to": 3, "added": 1, "removed": 0, "changed": 2, "folded": 1}


def test_diff_over_two_versions_and_back(grown, capsys):
    kinds = {change["headline"]: change["kind"] for change in objects(capsys, "diff", grown, 1, 3)[:-1]}
    assert kinds.keys() == {TEA.headline, EDITED.headline, PIER.headline, LAMP.headline, MOON.headline}
    back = [(change["kind"], change["headline"]) for change in objects(capsys, "diff", grown, 2, 1)[:-1]]
    assert sorted(back) == [("changed", LAMP.headline), ("removed", MOON.headline)]
    (alone,) = objects(capsys, "diff", grown, 2, 2)
    assert set(alone["summary"].values()) == {0, 2}


def test_diff_reads_only_what_differs(copy, capsys):
    before, after = (json.loads((copy / manifest_name(number)).read_text())["files"] for number in (1, 2))
    same = {file["path"] for file in before} & {file["path"] for file in after}
    assert any(path.startswith("date=") for path in same)
    for path in same:
        (copy / second_name(path)).write_text("not read")
    assert len(objects(capsys, "diff", copy, 1, 2)) == 3


def test_diff_of_an_article_whose_id_changed(tmp_path, capsys):
    """The id of an article without a short URL is of its headline and its chain's first day, where chains end."""
    for number, day in enumerate(("07", "05"), 1):
        path = tmp_path / f"dump-{number}.txt"
        path.write_text(plain(Article(stamp=f"{day} September 2023")))
        assert run(tmp_path / "news", path, options=("--same-headline-days", "3") if number == 1 else ()) == 0
    change, last = objects(capsys, "diff", tmp_path / "news", 1, 2)
    assert (change["kind"], change["columns"]) == ("changed", ["id", "copies"])
    assert change["was"] != change["id"]
    assert last["summary"]["changed"] == 1


def test_diff_for_a_person(grown, capsys):
    found = {
        change["headline"]: change
        for change in objects(capsys, "diff", grown, 2, 3)[:-1]
        if change["kind"] != "added"
    }
    *lines, last = output(capsys, "diff", grown, 2, 3).splitlines()
    assert len(lines) == 4
    tea, pier = found[TEA.headline], found[PIER.headline]
    assert f"~ {tea['id']}  2023-09-07  {TEA.headline}  (copies)" in lines
    assert f"> {pier['id']}  2023-09-07  {PIER.headline}  -> {pier['winner']}" in lines
    assert f"+ {pier['winner']}  2023-09-08  {PIER.headline}" in lines
    assert last == "version 2 to 3: 1 added, 0 removed, 2 changed, 1 folded"


def test_diff_makes_headlines_harmless(copy, tmp_path, capsys):
    path = tmp_path / "more.txt"
    path.write_text(plain(Article(headline="Tower \x1b[31mis red now")))
    assert run(copy, path) == 0
    out = output(capsys, "diff", copy, 3, 4)
    assert "\x1b" not in out
    assert "Tower \\x1b[31mis red now" in out


def test_diff_of_a_damaged_file(copy, capsys):
    entry, _ = Dataset(copy).find("articles", lambda row: row["headline"] == EDITED.headline)
    (copy / entry["path"]).unlink()
    assert cli.main(["diff", str(copy), "2", "3"]) == 1
    assert entry["path"] in capsys.readouterr().err


def arrow_files(root: Path) -> dict[str, int]:
    """All files of all versions, by name."""
    return {f"_versions/{path.name}": path.stat().st_size for path in (root / "_versions").iterdir()}


def listed(root: Path) -> set[str]:
    manifests = (
        json.loads((root / manifest_name(number)).read_text()) for number in version_numbers(str(root))
    )
    return {second_name(file["path"]) for manifest in manifests for file in manifest["files"]}


@pytest.mark.parametrize("keep", [1, 2, 3, 9])
def test_prune_removes_what_no_kept_version_needs_and_nothing_else(copy, capsys, keep):
    before = arrow_files(copy)
    kept = [number for number in (1, 2, 3) if number > 3 - keep]
    (done,) = objects(capsys, "prune", copy, "--keep-versions", keep)
    after = arrow_files(copy)
    assert version_numbers(str(copy)) == done["kept"] == kept
    assert done["versions"] == [number for number in (1, 2, 3) if number not in kept]
    assert set(after) == listed(copy)
    gone = before.keys() - after.keys()
    assert (done["files"], done["bytes"]) == (len(gone), sum(before[path] for path in gone))
    assert bool(gone) == (keep < 3)
    for number in (1, 2, 3):
        assert cli.main(["verify", str(copy), "--version", str(number)]) == (0 if number in kept else 2)


def test_prune_for_a_person(copy, capsys):
    line = output(capsys, "prune", copy, "--keep-versions", 1)
    assert line.startswith("removed versions 1, 2; ")
    assert line.endswith(" bytes went; kept: 3\n")
    assert (
        output(capsys, "prune", copy, "--keep-versions", 1)
        == "nothing to remove; 0 files, 0 bytes went; kept: 3\n"
    )


def test_prune_waits_for_no_one(copy, capsys):
    before = arrow_files(copy)
    with lock(str(copy), "another"):
        output(capsys, "prune", copy, "--keep-versions", 1, status=4)
    assert arrow_files(copy) == before
    assert version_numbers(str(copy)) == [1, 2, 3]


def test_prune_puts_in_order_what_a_dead_run_left(copy, capsys):
    left = copy / "_runs" / "dead" / "staged"
    left.mkdir(parents=True)
    (left / "part").write_text("x")
    (done,) = objects(capsys, "prune", copy, "--keep-versions", 3)
    assert done["recovered"] == ["dead"]
    assert not left.exists()


@pytest.mark.parametrize(
    "args",
    [("diff", "1", "9"), ("diff", "9", "1"), ("verify", "--version", "9")],
    ids=lambda args: " ".join(args),
)
def test_a_version_that_is_not_kept(grown, capsys, args):
    command, *rest = args
    assert cli.main([command, str(grown), *rest]) == 2
    assert "has no version 9; it keeps 1, 2, 3" in capsys.readouterr().err


@pytest.mark.parametrize(
    "args", [("log",), ("diff", "1", "2"), ("prune", "--keep-versions", "1")], ids=lambda args: args[0]
)
def test_no_dataset(tmp_path, capsys, args):
    command, *rest = args
    assert cli.main([command, str(tmp_path), *rest]) == 2
    assert "holds no dataset" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert cli.main([command, str(tmp_path / "gone"), *rest]) == 2


@pytest.mark.parametrize(
    "args", [("log",), ("diff", "1", "2"), ("prune", "--keep-versions", "1")], ids=lambda args: args[0]
)
def test_a_manifest_that_is_not_valid(copy, capsys, args):
    path = copy / manifest_name(2)
    path.write_text(json.dumps({"schema_version": 1, "version": 2}))
    command, *rest = args
    assert cli.main([command, str(copy), *rest]) == 1
    assert f"{path} is not valid at /" in capsys.readouterr().err
    assert version_numbers(str(copy)) == [1, 2, 3]


def test_a_torn_manifest_is_no_version(copy, capsys):
    (copy / manifest_name(2)).write_text('{"schema_version"')
    assert [entry["version"] for entry in objects(capsys, "log", copy)] == [3, 1]
    assert cli.main(["diff", str(copy), "2", "3"]) == 2
    assert "it keeps 1, 3" in capsys.readouterr().err


@pytest.mark.parametrize("keep", ["0", "-1", "x"])
def test_prune_keeps_at_least_one(copy, keep):
    with pytest.raises(SystemExit) as stop:
        cli.main(["prune", str(copy), "--keep-versions", keep])
    assert stop.value.code == 2
    assert version_numbers(str(copy)) == [1, 2, 3]
