"""What `dateline verify` checks, one topic a module; pipeline/verify.py composes them."""
