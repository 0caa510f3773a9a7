"""Which articles were crawled most often, and where do their copies stand?

python pandas_copies.py DATASET
"""

import sys
from pathlib import Path

import pandas as pd
import pyarrow.dataset as ds

import dateline

folder = Path(sys.argv[1])
columns = ["id", "headline", "copies", "source", "source_offset"]
articles = dateline.open_dataset(folder).to_table(columns=columns).to_pandas()
ledger = (
    ds.dataset(folder / "_duplicates", format="ipc").to_table(["id", "source", "source_offset"]).to_pandas()
)

most = articles.sort_values(["copies", "id"], ascending=[False, True]).head(3)
for article in most.itertuples():
    print(f"{article.headline}: {article.copies} times")
    copies = pd.concat([articles, ledger])
    copies = copies[copies["id"] == article.id].sort_values(["source", "source_offset"])
    for source, group in copies.groupby("source"):
        print(f"    {source}: at byte {', '.join(f'{offset:,}' for offset in group['source_offset'])}")
