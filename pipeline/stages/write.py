"""Write: the winners' records are written by date and region, and the ledgers beside them.

Only rows of 115 bytes reach this stage: the records wait in files of the run's scratch (record_files.py).
"""

from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from dateline.pipeline.config import Config
from dateline.pipeline.stages.fetch_records import FetchRecords
from dateline.pipeline.stages.write_articles import KeyByPartition, WriteArticles
from dateline.pipeline.stages.write_ledgers import KeyByShard, WriteLedgers
from dateline.pipeline.stages.write_rejects import KeyRejects, WriteRejects
from dateline.pipeline.stages.write_task import KeyedPlaces


@dataclass
class WriteDataset(beam.PTransform):
    """Winners, duplicates and rejects -> files under temporary names, a receipt for each task, and where the blocks stand that
    are in them, in packed batches under the group of their dumps."""

    config: Config

    def expand(self, inputs: Any) -> beam.PCollection[KeyedPlaces]:
        """inputs: the PCollections `records` (Copies: winners, and losers without copies) and `rejects` (batches)."""
        config = self.config
        winners = inputs["records"] | "KeyByPartition" >> beam.ParDo(KeyByPartition(config))
        if not config.has_common_folder:
            winners = winners | "FetchRecords" >> FetchRecords(config)
        articles = (
            winners
            | "GroupPartitions" >> beam.GroupByKey()
            | "WriteArticles" >> beam.ParDo(WriteArticles(config))
        )
        ledgers = (
            inputs["records"]
            | "KeyByShard" >> beam.ParDo(KeyByShard(config))
            | "GroupShards" >> beam.GroupByKey()
            | "WriteLedgers" >> beam.ParDo(WriteLedgers(config))
        )
        rejects = (
            inputs["rejects"]
            | "KeyRejects" >> beam.ParDo(KeyRejects(config))
            | "GroupRejects" >> beam.GroupByKey()
            | "WriteRejects" >> beam.ParDo(WriteRejects(config))
        )
        return (articles, ledgers, rejects) | "AllPlaces" >> beam.Flatten()
