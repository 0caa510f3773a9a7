"""How many articles are there in each year, and how many of them tell of Saudi Arabia?

python pyarrow_months.py DATASET
"""

import sys

import pyarrow.compute as pc

import dateline

articles = dateline.open_dataset(sys.argv[1])
table = articles.to_table(
    columns={
        "year": pc.year(pc.field("updated")),
        "saudi": pc.coalesce(pc.field("country") == "SA", pc.scalar(False)),
    },
    filter=pc.field("updated").is_valid(),
)
years = table.group_by("year").aggregate([([], "count_all"), ("saudi", "sum")]).sort_by("year")
for row in years.to_pylist():
    print(f"{row['year']}  {row['count_all']:3} articles, {row['saudi_sum']:2} of Saudi Arabia")
