"""The flow: start reading here.

    read -> split -> parse -> validate -> deduplicate -> write -> settle

Each stage is one transform in the module of its name; what it does to a single article is a plain function
in pipeline/rules. build() starts nothing: the command line, the tests and every runner share it.
"""

import apache_beam as beam

from dateline.pipeline.config import Config
from dateline.pipeline.stages.deduplicate import Deduplicate
from dateline.pipeline.stages.item_coders import register_item_coders
from dateline.pipeline.stages.parse import ParseBlocks
from dateline.pipeline.stages.read import ReadDumps
from dateline.pipeline.stages.settle import SettleDumps
from dateline.pipeline.stages.split import SplitPages
from dateline.pipeline.stages.validate import ValidateRecords
from dateline.pipeline.stages.write import WriteDataset


def build(pipeline: beam.Pipeline, config: Config) -> beam.PCollection[int]:
    """Add the whole job to a pipeline; the result is the groups of dumps that were settled, by number."""
    register_item_coders()
    pieces = pipeline | "Read" >> ReadDumps(config)
    blocks = pieces | "Split" >> SplitPages(config)
    records = blocks.good | "Parse" >> ParseBlocks(config.dumps, config.crawl_date, config.progress)
    checked = records.good | "Validate" >> ValidateRecords(config.progress)
    unique = checked.good | "Deduplicate" >> Deduplicate(config)

    rejects = (blocks.rejects, records.rejects, checked.rejects) | "AllRejects" >> beam.Flatten()
    outputs = {"records": unique, "rejects": rejects}
    written = outputs | "Write" >> WriteDataset(config)
    return written | "Settle" >> SettleDumps(config)
