"""AWS Glue's Python API for Spark scripts, over PySpark alone: no catalog, no bookmarks.

Scripts import from context, dynamicframe, job, transforms and utils; generated ones also take
DynamicFrame from here. docs/glue.md says what is there and how it behaves.
"""

from typing import Any

_OF_DYNAMICFRAME = ("DynamicFrame", "DynamicFrameCollection")


def __getattr__(name: str) -> Any:
    """Imports PySpark only for those who ask for a frame: utils is for plain Python jobs, too."""
    if name in _OF_DYNAMICFRAME:
        from awsglue import dynamicframe

        return getattr(dynamicframe, name)
    raise AttributeError(f"module 'awsglue' has no attribute {name!r}")
