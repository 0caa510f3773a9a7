"""What a run in a store costs is counted right: who asked, for what, and how much of the dumps it was given."""

from benchmarks import store_run

COST = {
    "bytes": 20_000_000, "files": 100, "seconds": 10.0, "cpu": {"driver": 2.0, "worker": 4.0},
    "calls": {"driver": {"copy": 100, "put": 50}, "worker": {"put": 100}}, "read": {"driver": 0, "worker": 20_000_000},
}  # fmt: skip


def test_calls_are_counted_by_who_made_them():
    counted = store_run.Counted(lambda environ, start_response: [b"12", b"345"])

    def ask(method, path, agent, **more):
        asked = {"REQUEST_METHOD": method, "PATH_INFO": path, "HTTP_USER_AGENT": agent}
        assert counted(asked | more, None) == [b"12", b"345"]

    ask("GET", "/dumps/in/a.txt", "Boto3/1 app/worker")
    ask("GET", "/dumps/news/_manifests/1", "Boto3/1 app/worker")
    ask("PUT", "/dumps/news/x", "Boto3/1 app/driver", HTTP_X_AMZ_COPY_SOURCE="dumps/news/y")
    assert counted.calls == {("worker", "get"): 2, ("driver", "copy"): 1}
    assert counted.sent == {("worker", "dumps"): 5}


def test_the_table():
    lines = store_run.table(COST).splitlines()
    assert lines[0] == "20 MB of dumps, 100 files, 10.0 s"
    assert lines[-2] == "| driver | 2.0 s | 20.00 ms | 100 s | 100 copy, 50 put | 1.50 | 0.00 times |"
    assert lines[-1] == "| worker | 4.0 s | 40.00 ms | 200 s | 100 put | 1.00 | 1.00 times |"
