"""What real pages show, as mutations of golden pages, each with its reason: the table MUTATIONS."""

from tests.helpers.mutations import headlines, lines, pages, stamps  # each registers its own
from tests.helpers.mutations.base import MUTATIONS, Mutation

__all__ = ["MUTATIONS", "Mutation", "headlines", "lines", "pages", "stamps"]
