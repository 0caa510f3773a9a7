"""Engines: each takes the flow of a run, and has it done."""
