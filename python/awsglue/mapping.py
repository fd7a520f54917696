"""ApplyMapping: which columns survive, under which names, as which types.

A mapping is (source, type of the source, target, type of the target). The result has the mapped
columns and no others, in the order of the mappings.

* When the source column really is of the type that the mapping says, it is cast to the target's
  type; a value that cannot be cast becomes null.
* When it is of another type, it is renamed and stays as it is: ("userId", "bigint", "userId",
  "long") leaves a column of strings a column of strings. A later mapping that says "string"
  converts it. The log tells of it.
* A source that is not there gives no column; the log tells of it.
* Dots in a target make a struct, back-ticks quote (columns.py).
"""

import logging
from collections.abc import Iterable, Sequence

from pyspark.sql import Column, DataFrame

from awsglue import columns
from awsglue.type_names import is_type, parse_type

log = logging.getLogger("awsglue")

Mapping = Sequence[str]


def apply_mapping(
    frame: DataFrame, mappings: Iterable[Mapping], case_sensitive: bool = False
) -> DataFrame:
    """The frame under these mappings. ValueError when none of the sources is there."""
    made: list[tuple[columns.Parts, Column]] = []
    for mapping in mappings:
        source, source_type, target, target_type = _four_names(mapping)
        parts = columns.find(frame.schema, source, case_sensitive)
        if parts is None:
            log.warning(
                "ApplyMapping: there is no column %r, so no %r is made; there are %s",
                source,
                target,
                ", ".join(frame.columns),
            )
            continue
        column = columns.at(parts)
        actual = columns.type_at(frame.schema, parts)
        if is_type(actual, source_type):
            if not is_type(actual, target_type):
                column = column.cast(parse_type(target_type))
        elif not is_type(actual, target_type):
            log.warning(
                "ApplyMapping: %r is %s and not %s as its mapping says: renamed, not converted",
                source,
                actual.simpleString(),
                source_type,
            )
        made.append((columns.split_path(target), column))
    if not made:
        raise ValueError(
            f"none of the mapped columns is there; there are {', '.join(frame.columns)}"
        )
    return frame.select(*columns.assemble(made))


def _four_names(mapping: Mapping) -> tuple[str, str, str, str]:
    if len(mapping) != 4 or not all(isinstance(name, str) for name in mapping):
        raise ValueError(
            "a mapping is (source, type of the source, target, type of the target),"
            f" got {mapping!r}"
        )
    source, source_type, target, target_type = mapping
    return source, source_type, target, target_type
