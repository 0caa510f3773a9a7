"""The dataset: what it is made of, how a version comes to be, and how one is read."""
