"""A corpus of headline and body, for training: long enough, and with a place.

python datasets_corpus.py DATASET
"""

import sys

from datasets import Dataset

import dateline

table = dateline.open_dataset(sys.argv[1]).to_table(columns=["id", "headline", "body", "place", "word_count"])
corpus = Dataset(table.sort_by("id")).filter(lambda row: row["place"] and row["word_count"] >= 20)
parts = corpus.train_test_split(test_size=0.25, shuffle=False)
print(parts["train"].num_rows, "articles to train on,", parts["test"].num_rows, "to test with")
print(parts["test"][0]["headline"])
