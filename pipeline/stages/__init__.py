"""The stages: what Beam runs. A stage is a module with one transform; what it does to one article is a rule (pipeline/rules).

    read           ReadDumps          unpack_parts, join_parts
    split          SplitPages         block_memo
    parse          ParseBlocks
    validate       ValidateRecords
    deduplicate    Deduplicate        older_records, record_files, block_memo
    write          WriteDataset       write_articles, write_ledgers, write_rejects, which share write_task
    settle         SettleDumps        rules of it in pipeline/verify: balance, record_account

All share counters, and how good and rejected elements part (stage_outputs). What is shuffled is row_batches, under
shuffle_keys.
"""
