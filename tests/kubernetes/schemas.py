"""The manifests, held against the schemas that Kubernetes publishes; requirements.txt pins the package that has them.

Not among the tests that run by themselves: the schemas are 70 MB.
"""

import kubernetes_validate
import pytest

from tests.engine.test_kubernetes import FILES, objects

VERSIONS = ("1.30", kubernetes_validate.latest_version())
"""The oldest that the manifests are meant for, and the newest that there is."""
MANIFESTS = [(name, number, each) for name in FILES for number, each in enumerate(objects(name))]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("name", "number", "manifest"), MANIFESTS, ids=[f"{m[0]}-{m[2]['kind']}" for m in MANIFESTS]
)
def test_a_manifest(name, number, manifest, version):
    kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_wrong_is_found(version):
    (manifest,) = objects("run.yaml")
    manifest["spec"]["backOffLimit"] = 0
    with pytest.raises(kubernetes_validate.ValidationError, match="backOffLimit"):
        kubernetes_validate.validate(manifest, version, strict=True)
