"""Ledgers, as far as they are plain rows: what the stages write and verify reads again."""
