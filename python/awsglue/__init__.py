"""AWS Glue's Python API for Spark scripts, over PySpark alone: no catalog, no bookmarks.

Scripts import from context, dynamicframe, job, transforms and utils. docs/glue.md says what is
there and how it behaves.
"""
