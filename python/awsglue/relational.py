"""Nested data as flat tables: unnest and relationalize.

unnest puts the fields of structs at the top, under names with dots: `address.city`.

relationalize also takes arrays out. Each array column is replaced by an id, and its elements become
rows of a table of their own, `<table>_<column>`, with the columns

    id      that id: many rows of the child belong to one row of the parent
    index   place in the array, from 0
    <column>.val, or <column>.val.<field> for each field where elements are structs

and so on for arrays within. A null array has a null id.
"""

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType

from awsglue import columns


def unnest(frame: DataFrame) -> DataFrame:
    flat = [columns.at(parts).alias(".".join(parts)) for parts in columns.leaves(frame.schema)]
    return frame.select(*flat)


def relationalize(frame: DataFrame, table: str) -> dict[str, DataFrame]:
    """The tables by name, the root first, children in the order of their columns."""
    flat = unnest(frame)
    arrays = [field.name for field in flat.schema.fields if isinstance(field.dataType, ArrayType)]
    if not arrays:
        return {table: flat}

    row = _unused("row", flat.columns)
    # Kept, because the ids must be the same for the parent's table and for its children's.
    numbered = flat.withColumn(row, F.monotonically_increasing_id())
    numbered = numbered.persist(StorageLevel.MEMORY_AND_DISK)

    parent = [
        (
            F.when(columns.at([name]).isNotNull(), columns.at([row]))
            if name in arrays
            else columns.at([name])
        ).alias(name)
        for name in flat.columns
    ]
    tables = {table: numbered.select(*parent)}
    for name in arrays:
        elements = numbered.select(
            columns.at([row]).alias("id"),
            F.posexplode(columns.at([name])).alias("index", f"{name}.val"),
        )
        tables.update(relationalize(elements, f"{table}_{name}"))
    return tables


def _unused(wanted: str, names: list[str]) -> str:
    while wanted in names:
        wanted += "_"
    return wanted
