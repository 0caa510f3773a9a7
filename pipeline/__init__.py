"""Pipeline: what Dateline does with dumps and datasets, whoever asks for it. Start reading in flow.py."""
