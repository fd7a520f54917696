"""A job's beginning and end. There are no bookmarks: each run reads all of its input."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from awsglue.context import GlueContext


class Job:
    def __init__(self, glue_context: "GlueContext") -> None:
        self.glue_context = glue_context
        self.name: str | None = None

    def init(self, job_name: str, args: Mapping[str, str] | None = None) -> None:
        """Nothing is kept between runs; --job-bookmark-option is accepted and has no effect."""
        self.name = job_name

    def isInitialized(self) -> bool:
        return self.name is not None

    def commit(self) -> None:
        """What was written is there when its write call has returned; nothing is left to do."""
