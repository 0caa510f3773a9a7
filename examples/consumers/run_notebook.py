"""Run plots.ipynb on a dataset, and keep what it shows: python run_notebook.py DATASET [TARGET]

Any error in a cell ends this with a traceback. The target, by default plots.ipynb itself, gets the outputs.
"""

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

here = Path(__file__).parent
os.environ["NEWS"] = os.path.abspath(sys.argv[1])
notebook = nbformat.read(here / "plots.ipynb", as_version=4)
NotebookClient(notebook, timeout=120, record_timing=False).execute()
plots = sum(
    "image/png" in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", ())
)
assert plots == 2, f"{plots} plots were drawn, not 2"
nbformat.write(notebook, sys.argv[2] if len(sys.argv) > 2 else here / "plots.ipynb")
