"""What holds a version to be right: `dateline verify` (checks.py composes its checks, one topic a module), the balance
and the account of a run."""
