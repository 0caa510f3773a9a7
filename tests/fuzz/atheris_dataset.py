"""The fuzzer of datasets: mutates manifests, journals, receipts and their like, and stops at the first that breaks a rule.

    pip install atheris && python -m tests.fuzz.atheris_dataset -max_total_time=600 FOLDER

What it finds is put into FOLDER; tests/fuzz/corpus_dataset, which the test suite runs, is an even sample of that.
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=["dateline.pipeline.dataset.safe_files", "dateline.pipeline.names", "dateline.pipeline.dataset.version", "dateline.pipeline.dataset.commit", "dateline.pipeline.dataset.staging",
             "dateline.pipeline.dataset.store_manifests", "dateline.pipeline.dataset.known_dumps", "dateline.pipeline.dataset.relink", "dateline.pipeline.verify", "json"]
):  # fmt: skip
    from tests.fuzz.dataset_target import Target

if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        target = Target(Path(folder))
        found = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
        for number, seed in enumerate(target.seeds() if found else ()):
            Path(found[0], f"seed-{number}").write_bytes(seed)
        atheris.Setup(sys.argv, target.drive)
        atheris.Fuzz()
