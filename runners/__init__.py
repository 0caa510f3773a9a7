"""Runners: who asks for a run (command), and what does it (engine)."""
