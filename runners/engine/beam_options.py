"""Beam's options, each view of which is made once.

While a flow is built, Beam looks at the options of its pipeline some 500 times. Each time it makes a parser for the kind of
options that it wants and parses the flags, which took an eighth of a second of a run.
"""

from apache_beam.options.pipeline_options import PipelineOptions, PipelineOptionsT


class BeamOptions(PipelineOptions):
    """PipelineOptions, made and used like these."""

    def view_as(self, cls: type[PipelineOptionsT]) -> PipelineOptionsT:
        """These options as a kind of them. All views share their values, so one that was made before will do."""
        views = self.__dict__.setdefault("_views", {})  # Beam lets no other attribute be set than an option
        if cls not in views:
            views[cls] = super().view_as(cls)
        return views[cls]
