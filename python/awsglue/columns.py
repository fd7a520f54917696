"""Columns by name: paths into nested columns, back-ticks, and rebuilding a frame around them.

A path is a column's name, or names joined by dots that lead into structs. Back-ticks quote: the dot
in `` `a.b` `` belongs to the name. A name that a frame has as it stands needs no quotes, so both
`(right) movieId` and `` `(right) movieId` `` address the column of that name. Upper and lower case
are told apart where a frame has the exact name, else not, as in Spark.
"""

from collections.abc import Iterable, Mapping, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StructType

Parts = tuple[str, ...]


def split_path(path: str) -> Parts:
    """`` a.`b.c` `` is ("a", "b.c"). ValueError for an empty part or an open back-tick."""
    parts, part, quoted = [], "", False
    for character in path:
        if character == "`":
            quoted = not quoted
        elif character == "." and not quoted:
            parts.append(part)
            part = ""
        else:
            part += character
    parts.append(part)
    if quoted or not all(parts):
        raise ValueError(f"{path!r} is no path of a column: a.b, or `a.b` for a name with a dot")
    return tuple(parts)


def find(schema: StructType, path: str, case_sensitive: bool = False) -> Parts | None:
    """Where the path leads in a frame of this schema, in the frame's own spelling."""
    if path in schema.names:
        return (path,)
    return _walk(schema, split_path(path), case_sensitive)


def _walk(schema: DataType, parts: Parts, case_sensitive: bool) -> Parts | None:
    if not parts:
        return ()
    if not isinstance(schema, StructType):
        return None
    name = parts[0]
    if name not in schema.names:
        alike = [one for one in schema.names if one.lower() == name.lower()]
        if case_sensitive or len(alike) != 1:
            return None
        name = alike[0]
    rest = _walk(schema[name].dataType, parts[1:], case_sensitive)
    return None if rest is None else (name, *rest)


def require(schema: StructType, path: str) -> Parts:
    """As find; ValueError with the names that there are when it leads nowhere."""
    parts = find(schema, path)
    if parts is None:
        raise ValueError(f"there is no column {path!r}; there are {', '.join(schema.names)}")
    return parts


def type_at(schema: StructType, parts: Parts) -> DataType:
    found: DataType = schema
    for part in parts:
        assert isinstance(found, StructType)
        found = found[part].dataType
    return found


def at(parts: Sequence[str]) -> Column:
    """The column at these parts, whatever characters they hold."""
    return F.col(".".join("`" + part.replace("`", "``") + "`" for part in parts))


def leaves(schema: StructType, above: Parts = ()) -> list[Parts]:
    """All columns that are no structs, structs gone into, in order."""
    found: list[Parts] = []
    for field in schema.fields:
        parts = (*above, field.name)
        if isinstance(field.dataType, StructType):
            found += leaves(field.dataType, parts)
        else:
            found.append(parts)
    return found


def rebuild(frame: DataFrame, edits: Mapping[Parts, tuple[str, Column] | None]) -> DataFrame:
    """The frame with some columns replaced by (name, column), or dropped by None; others stay.

    Structs keep their place and their null values; one that loses all its fields goes too.
    """
    return frame.select(*_rebuilt(frame.schema, (), edits))


def _rebuilt(
    schema: StructType, above: Parts, edits: Mapping[Parts, tuple[str, Column] | None]
) -> list[Column]:
    made = []
    for field in schema.fields:
        parts = (*above, field.name)
        if parts in edits:
            edit = edits[parts]
            if edit is not None:
                name, column = edit
                made.append(column.alias(name))
        elif any(edited[: len(parts)] == parts for edited in edits):
            inner = _rebuilt(field.dataType, parts, edits)
            if inner:
                made.append(F.when(at(parts).isNotNull(), F.struct(*inner)).alias(field.name))
        else:
            made.append(at(parts).alias(field.name))
    return made


def assemble(columns: Iterable[tuple[Parts, Column]]) -> list[Column]:
    """Columns for the given targets, in order; those with a common first part become a struct.

    ValueError when two have the same target, or one's target lies within another's.
    """
    tree: dict = {}
    for parts, column in columns:
        node = tree
        for part in parts[:-1]:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                raise ValueError(f"{'.'.join(parts)!r} would lie within the column {part!r}")
        if parts[-1] in node:
            raise ValueError(f"the column {'.'.join(parts)!r} would be made twice")
        node[parts[-1]] = column
    return _columns_of(tree)


def _columns_of(tree: Mapping[str, "Column | dict"]) -> list[Column]:
    return [
        (F.struct(*_columns_of(one)) if isinstance(one, dict) else one).alias(name)
        for name, one in tree.items()
    ]
