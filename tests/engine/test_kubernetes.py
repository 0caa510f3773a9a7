"""The manifests for Kubernetes: what they name is there, and the commands in them are those of the package."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dateline.runners.engine import secret
from dateline.runners.engine.registry import FLINK
from tests.conftest import ROOT
from tests.engines.flink.cluster import settings
from tests.helpers.command_lines import accept

FOLDER = ROOT / "runners" / "kubernetes"
README = FOLDER.joinpath("README.md").read_text("utf-8")
VALUES = {"IMAGE": "registry.example.org/dateline:0.1.0", "BUCKET": "my-bucket"}
"""What is to be filled in, and something to fill in."""


def objects(name: str) -> list[dict[str, Any]]:
    """The objects of a file, filled in."""
    text = FOLDER.joinpath(name).read_text("utf-8")
    for word, value in VALUES.items():
        text = re.sub(rf"\b{word}\b", value, text)
    return list(yaml.safe_load_all(text))


FILES = sorted(path.name for path in FOLDER.glob("*.yaml"))
ALL = {(each["kind"], each["metadata"].get("name", "run")): each for name in FILES for each in objects(name)}
PODS = {
    name: each["spec"]["template"] for (_, name), each in ALL.items() if "template" in each.get("spec", {})
}
CONTAINERS = {
    container["name"]: container for pod in PODS.values() for container in pod["spec"]["containers"]
}
PROPERTIES = yaml.safe_load(ALL["ConfigMap", "dateline-flink"]["data"]["FLINK_PROPERTIES"])


def test_what_is_to_be_filled_in_is_listed():
    words = {
        word for name in FILES
        for word in re.findall(r"\b[A-Z]{4,}\b", re.sub(r"#.*", "", FOLDER.joinpath(name).read_text("utf-8")))
    } - {"HOME"}  # fmt: skip
    assert words == VALUES.keys()
    assert set(re.findall(r"^\| `([A-Z]+)` ", README, re.M)) == words


def test_selectors_find_their_pods():
    labels = [pod["metadata"]["labels"].items() for pod in PODS.values()]
    wanted = [
        each["spec"]["selector"]["matchLabels"] for (kind, _), each in ALL.items() if kind == "Deployment"
    ]
    wanted.append(ALL["Service", "dateline-jobmanager"]["spec"]["selector"])
    for selector in wanted:
        assert len([found for found in labels if selector.items() <= found]) == 1
    policy = ALL["NetworkPolicy", "dateline"]["spec"]["podSelector"]["matchLabels"]
    assert all(policy.items() <= found for found in labels)


def test_ports_are_those_that_flink_is_told():
    service = {port["name"]: port["port"] for port in ALL["Service", "dateline-jobmanager"]["spec"]["ports"]}
    found = {port["name"]: port["containerPort"] for port in CONTAINERS["jobmanager"]["ports"]}
    assert service == found
    assert service == {
        "rpc": PROPERTIES["jobmanager.rpc.port"], "blob": PROPERTIES["blob.server.port"], "rest": 8081,
    }  # fmt: skip
    assert PROPERTIES["jobmanager.rpc.address"] == "dateline-jobmanager"
    assert f"--flink-master=dateline-jobmanager:{service['rest']}" in CONTAINERS["run"]["command"]


def test_flink_is_told_what_the_cluster_of_the_check_is_told():
    """How work that is lost is done again, and what the shuffle's buffers are: that has been run."""
    checked = settings(1, 2, Path("/tmp"))
    for name in ("restart-strategy.type", "restart-strategy.fixed-delay.attempts", "taskmanager.network.sort-shuffle.min-buffers"):  # fmt: skip
        assert PROPERTIES[name] == checked[name]
    images = {CONTAINERS[name]["image"] for name in ("jobmanager", "taskmanager")}
    assert images == {f"flink:{FLINK}.3-java17"}
    assert f"beam-runners-flink-{FLINK}-job-server" in FOLDER.joinpath("Dockerfile").read_text("utf-8")


@pytest.mark.parametrize("name", PODS)
def test_what_a_pod_names_is_there(name):
    pod = PODS[name]["spec"]
    volumes = {volume["name"] for volume in pod.get("volumes", ())}
    used = set()
    for container in (*pod.get("initContainers", ()), *pod["containers"]):
        used |= {mount["name"] for mount in container.get("volumeMounts", ())}
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        for source in container.get("envFrom", ()):
            if "configMapRef" in source:
                assert ("ConfigMap", source["configMapRef"]["name"]) in ALL
            else:
                assert f"secret generic {source['secretRef']['name']} " in README
    assert used == volumes
    for volume in pod.get("volumes", ()):
        if "secret" in volume:
            assert f"secret generic {volume['secret']['secretName']} --from-literal=pool-token=" in README


def test_commands_are_those_of_the_package(tmp_path):
    """The run asks for workers where the pool beside a task manager listens, and both know one secret."""
    pool, run = CONTAINERS["pool"]["command"], list(CONTAINERS["run"]["command"])
    port, token = (pool[pool.index(option) + 1] for option in ("--port", "--token-file"))
    assert f"--worker-pool=localhost:{port}" in run
    assert f"--token-file={token}" in run
    jar = re.search(r"^COPY .*\.jar (\S+)$", FOLDER.joinpath("Dockerfile").read_text("utf-8"), re.M)[1]
    assert f"--job-server={jar}" in run
    (tmp_path / "jar").touch()
    tmp_path.joinpath("token").touch(mode=0o600)
    tmp_path.joinpath("token").write_text("x" * 43)
    here = {
        f"--job-server={jar}": f"--job-server={tmp_path}/jar",
        f"--token-file={token}": f"--token-file={tmp_path}/token",
    }
    accept([here.get(word, word) for word in run])
    accept(pool)


def test_a_pool_takes_the_token_that_is_copied(tmp_path):
    """A secret's file is mode 0644 and root's; the copy is the pool's alone."""
    for pod in ("dateline-taskmanager", "run"):
        (copy,) = PODS[pod]["spec"]["initContainers"]
        place = tmp_path / pod
        place.mkdir()
        place.joinpath("secret").write_text("x" * 43)
        place.joinpath("secret").chmod(0o644)
        here = {"/secret/pool-token": str(place / "secret"), "/token/pool-token": str(place / "token")}
        subprocess.run([here.get(word, word) for word in copy["command"]], check=True)
        assert secret.read(str(place / "token")) == b"x" * 43
