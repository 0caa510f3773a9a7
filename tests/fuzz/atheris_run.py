"""The fuzzer: mutates dumps so that they reach new code, and stops at the first that breaks a rule.

    pip install atheris && python -m tests.fuzz.atheris_run -max_total_time=600 FOLDER tests/fuzz/corpus

What it finds is put into FOLDER. tests/fuzz/corpus, which the test suite runs, is an even sample of that.
"""

import sys

import atheris

with atheris.instrument_imports(include=["dateline.pipeline.rules"]):
    from tests.fuzz.target import drive

if __name__ == "__main__":
    atheris.Setup(sys.argv, drive)
    atheris.Fuzz()
