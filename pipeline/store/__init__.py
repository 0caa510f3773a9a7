"""Stores: where bytes lie, on this machine or in an object store."""
