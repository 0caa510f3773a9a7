"""Inputs: what a dump is, which of them a run reads, and how what is packed is unpacked."""
