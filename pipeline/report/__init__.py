"""The report of a run: its numbers (numbers.py), what stands out of them (stands_out.py), and a page for people (page.py)."""
