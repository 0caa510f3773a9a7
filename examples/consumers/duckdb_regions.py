"""Which regions are written of most, and how long are their articles?

python duckdb_regions.py DATASET
"""

import sys

import duckdb

import dateline

articles = dateline.open_dataset(sys.argv[1])  # DuckDB reads only the columns and files that a query needs
found = duckdb.sql("""
    select region, count(*) as articles, round(avg(word_count))::int as words, max(updated) as newest
    from articles
    group by region
    order by articles desc, region
    limit 8
""")
for region, count, words, newest in found.fetchall():
    print(f"{region:26} {count:3} articles of {words:3} words, the newest of {newest}")
