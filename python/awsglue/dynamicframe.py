"""DynamicFrame: a Spark DataFrame with the methods of AWS Glue; and collections of them by name.

Unlike AWS Glue's, a frame here has one schema, Spark's, and no records in error: what Glue counts
and sets aside (an exception in a function, a file that cannot be read) ends the job here.
`transformation_ctx`, `info`, `stageThreshold` and `totalThreshold` are accepted everywhere and have
no effect.

Columns are named as columns.py says. A path that leads nowhere is passed over where Glue does so
(select_fields, drop_fields, split_fields, with a line in the log) and an error elsewhere.
"""

import logging
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, NullType, StructType

from awsglue import columns, mapping, records, relational, sinks
from awsglue.options import NotSupported, require_known
from awsglue.type_names import parse_type

if TYPE_CHECKING:
    from awsglue.context import GlueContext

log = logging.getLogger("awsglue")

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}


class DynamicFrame:
    def __init__(self, frame: DataFrame, glue_ctx: "GlueContext", name: str = "") -> None:
        if not isinstance(frame, DataFrame):
            raise TypeError(f"a DynamicFrame is made of a DataFrame, got {type(frame).__name__}")
        self._frame = frame
        self.glue_ctx = glue_ctx
        self.name = name

    @classmethod
    def fromDF(
        cls, dataframe: DataFrame, glue_ctx: "GlueContext", name: str = ""
    ) -> "DynamicFrame":
        return cls(dataframe, glue_ctx, name)

    def toDF(self, options: Sequence[Any] | None = None) -> DataFrame:
        if options:
            raise NotSupported("toDF has no options in Usher; use ResolveChoice to change types")
        return self._frame

    def _with(self, frame: DataFrame, name: str = "") -> "DynamicFrame":
        return DynamicFrame(frame, self.glue_ctx, name or self.name)

    # What is in it

    def schema(self) -> StructType:
        """Spark's schema."""
        return self._frame.schema

    def printSchema(self) -> None:
        print("\n".join(["root", *_schema_lines(self._frame.schema, "")]), end="\n\n")

    def count(self) -> int:
        return self._frame.count()

    def show(self, num_rows: int = 20) -> None:
        """Prints records, one JSON document a line."""
        for line in self._frame.toJSON().take(num_rows):
            print(line)

    def getNumPartitions(self) -> int:
        return self._frame.rdd.getNumPartitions()

    def errorsCount(self, *_: Any, **__: Any) -> int:
        return 0

    stageErrorsCount = errorsCount

    def assertErrorThreshold(self) -> None:
        """Holds always: an error has ended the job before."""

    # Columns

    def apply_mapping(
        self, mappings: Iterable[mapping.Mapping], case_sensitive: bool = False, **_: Any
    ) -> "DynamicFrame":
        """Renames, converts and selects: the rules are in mapping.py."""
        return self._with(mapping.apply_mapping(self._frame, mappings, case_sensitive))

    applyMapping = apply_mapping

    def select_fields(self, paths: Sequence[str], **_: Any) -> "DynamicFrame":
        """These columns, in this order. ValueError when there is none of them."""
        found = self._find_all("SelectFields", paths)
        if not found:
            raise ValueError(f"there is none of {list(paths)}; there are {self._frame.columns}")
        made = columns.assemble((parts, columns.at(parts)) for parts in found)
        return self._with(self._frame.select(*made))

    def drop_fields(self, paths: Sequence[str], **_: Any) -> "DynamicFrame":
        """All columns but these, in their order."""
        found = self._find_all("DropFields", paths)
        return self._with(columns.rebuild(self._frame, dict.fromkeys(found)))

    def rename_field(self, oldName: str, newName: str, **_: Any) -> "DynamicFrame":
        """The column gets a new name and keeps its place, also within a struct."""
        old = columns.require(self._frame.schema, oldName)
        *above, name = columns.split_path(newName)
        if above and tuple(above) != old[:-1]:
            raise NotSupported(
                f"{oldName!r} cannot move into another struct as {newName!r} in Usher"
            )
        siblings = self._frame.schema if len(old) == 1 else self._type_at(old[:-1])
        if name != old[-1] and name in siblings.names:
            raise ValueError(f"there is a column {newName!r} already")
        return self._with(columns.rebuild(self._frame, {old: (name, columns.at(old))}))

    def drop_null_fields(self, **_: Any) -> "DynamicFrame":
        """Without the columns, also within structs, that are null in every record.

        Reads the frame once. A frame without records keeps its columns.
        """
        leaves = columns.leaves(self._frame.schema)
        counts = self._frame.agg(
            F.count(F.lit(1)), *(F.count(columns.at(parts)) for parts in leaves)
        ).first()
        assert counts is not None
        if counts[0] == 0:
            return self._with(self._frame)
        null = [parts for parts, count in zip(leaves, counts[1:]) if count == 0]
        return self._with(columns.rebuild(self._frame, dict.fromkeys(null)))

    def split_fields(
        self, paths: Sequence[str], name1: str, name2: str, **_: Any
    ) -> "DynamicFrameCollection":
        """Two frames: name1 with exactly `paths`, in this order, and name2 with the rest."""
        return DynamicFrameCollection(
            {
                name1: self.select_fields(paths)._with_name(name1),
                name2: self.drop_fields(paths)._with_name(name2),
            },
            self.glue_ctx,
        )

    def resolveChoice(
        self,
        specs: Iterable[tuple[str, str]] | None = None,
        choice: str = "",
        database: str | None = None,
        table_name: str | None = None,
        **_: Any,
    ) -> "DynamicFrame":
        """`cast:TYPE` and `project:TYPE` convert the columns of `specs`; what cannot be, is null.

        A Spark column has one type, so there is nothing to do for make_cols, make_struct, and for
        `choice`, which is about columns with several.
        """
        if choice:
            if specs:
                raise ValueError("ResolveChoice takes specs or choice, not both")
            _choice_type(choice)
        edits = {}
        for path, action in specs or ():
            kind = _choice_type(action)
            parts = columns.require(self._frame.schema, path)
            if kind is not None:
                edits[parts] = (parts[-1], columns.at(parts).cast(kind))
        return self._with(columns.rebuild(self._frame, edits))

    # Rows

    def filter(self, f: Callable[[records.Record], bool], **_: Any) -> "DynamicFrame":
        """The records for which the function is true: records.py."""
        return self._with(records.filter_records(self._frame, f))

    def map(self, f: Callable[[records.Record], records.Record], **_: Any) -> "DynamicFrame":
        """What the function makes of each record: records.py."""
        return self._with(records.map_records(self._frame, f))

    def join(
        self, paths1: Sequence[str], paths2: Sequence[str], frame2: "DynamicFrame", **_: Any
    ) -> "DynamicFrame":
        """Inner join where each of paths1 equals its path of paths2, which may be of another type.

        All columns of both frames stay, the keys too; one of frame2 whose name frame1 has already
        gets a dot before its name: `.movieId`. Null equals nothing.
        """
        if isinstance(paths1, str) or isinstance(paths2, str) or len(paths1) != len(paths2):
            raise ValueError(f"Join takes two lists of keys of one length, got {paths1}, {paths2}")
        if not paths1:
            raise ValueError("Join needs a key")
        left, right = self._frame, frame2._frame
        keys1 = [columns.require(left.schema, path) for path in paths1]
        keys2 = [columns.require(right.schema, path) for path in paths2]
        # Internal names keep equal names apart, also where both frames are of one source.
        aside = {name: f"right {i}" for i, name in enumerate(right.columns)}
        while set(aside.values()) & set(left.columns):
            aside = {name: f"{internal} " for name, internal in aside.items()}
        right = right.toDF(*aside.values())
        equal = (
            columns.at(one) == columns.at((aside[other[0]], *other[1:]))
            for one, other in zip(keys1, keys2)
        )
        taken = {name.lower() for name in left.columns}
        final = {name: f".{name}" if name.lower() in taken else name for name in aside}
        return self._with(
            left.join(right, reduce(operator.and_, equal), "inner").select(
                *(columns.at([name]) for name in left.columns),
                *(columns.at([aside[name]]).alias(final[name]) for name in aside),
            )
        )

    def split_rows(
        self,
        comparison_dict: Mapping[str, Mapping[str, Any]],
        name1: str,
        name2: str,
        **_: Any,
    ) -> "DynamicFrameCollection":
        """name1 has the records for which all comparisons hold ({"age": {">": 10, "<": 20}})."""
        holds: Column = F.lit(True)
        for path, comparisons in comparison_dict.items():
            parts = columns.require(self._frame.schema, path)
            for sign, value in comparisons.items():
                if sign not in _COMPARISONS:
                    raise ValueError(
                        f"SplitRows compares by {', '.join(_COMPARISONS)}, got {sign!r}"
                    )
                holds = holds & _COMPARISONS[sign](columns.at(parts), F.lit(value))
        holds = F.coalesce(holds, F.lit(False))
        return DynamicFrameCollection(
            {
                name1: self._with(self._frame.filter(holds), name1),
                name2: self._with(self._frame.filter(~holds), name2),
            },
            self.glue_ctx,
        )

    def union(self, frame2: "DynamicFrame", **_: Any) -> "DynamicFrame":
        """The records of both, columns by name; those that one frame lacks are null there."""
        return self._with(self._frame.unionByName(frame2._frame, allowMissingColumns=True))

    def repartition(self, num_partitions: int, *_: Any, **__: Any) -> "DynamicFrame":
        return self._with(self._frame.repartition(num_partitions))

    def coalesce(
        self, num_partitions: int, shuffle: bool = False, *_: Any, **__: Any
    ) -> "DynamicFrame":
        if shuffle:
            return self.repartition(num_partitions)
        return self._with(self._frame.coalesce(num_partitions))

    # Nested data

    def unnest(self, **_: Any) -> "DynamicFrame":
        """Fields of structs as columns with dots in their names: relational.py."""
        return self._with(relational.unnest(self._frame))

    def relationalize(
        self, root_table_name: str, staging_path: str | None = None, *_: Any, **__: Any
    ) -> "DynamicFrameCollection":
        """Flat tables, one more for each array: relational.py. Nothing is put at staging_path."""
        tables = relational.relationalize(self._frame, root_table_name)
        return DynamicFrameCollection(
            {name: self._with(table, name) for name, table in tables.items()}, self.glue_ctx
        )

    # Out

    def write(
        self,
        connection_type: str,
        connection_options: Mapping[str, Any] | None = None,
        format: str | None = None,
        format_options: Mapping[str, Any] | None = None,
        *_: Any,
        **__: Any,
    ) -> "DynamicFrame":
        """Writes to S3: sinks.py and formats.py."""
        sinks.write(
            [self._frame], connection_type, connection_options or {}, format, format_options or {}
        )
        return self

    def spigot(
        self, path: str, options: Mapping[str, Any] | None = None, **_: Any
    ) -> "DynamicFrame":
        """Writes a sample as JSON: the first `topk` records (10), or each with chance `prob`."""
        options = options or {}
        require_known(options, {"topk", "prob"}, (), "Spigot")
        sample = self._frame
        if "prob" in options:
            sample = sample.sample(False, float(options["prob"]))
        if "topk" in options or "prob" not in options:
            sample = sample.limit(int(options.get("topk", 10)))
        self._with(sample).write("s3", {"path": path}, "json")
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise NotSupported(f"DynamicFrame.{name} is not there in Usher; toDF() gives a DataFrame")

    def _with_name(self, name: str) -> "DynamicFrame":
        return self._with(self._frame, name)

    def _type_at(self, parts: columns.Parts) -> StructType:
        found = columns.type_at(self._frame.schema, parts)
        assert isinstance(found, StructType)
        return found

    def _find_all(self, what: str, paths: Sequence[str]) -> list[columns.Parts]:
        if isinstance(paths, str):
            raise ValueError(f"{what} takes a list of paths, got {paths!r}")
        found = []
        for path in paths:
            parts = columns.find(self._frame.schema, path)
            if parts is None:
                log.warning(
                    "%s: there is no column %r; there are %s", what, path, self._frame.columns
                )
            elif parts not in found:
                found.append(parts)
        return found


def _choice_type(action: str) -> DataType | None:
    """The type that an action of ResolveChoice converts to, None when it converts nothing."""
    if action in ("make_cols", "make_struct"):
        return None
    if match := re.fullmatch(r"(?:cast|project):(.+)", action):
        return parse_type(match.group(1))
    if action == "match_catalog":
        raise NotSupported("ResolveChoice's match_catalog is not there in Usher: it has no catalog")
    raise ValueError(
        f"ResolveChoice does cast:TYPE, project:TYPE, make_cols, make_struct; got {action!r}"
    )


def _schema_lines(kind: DataType, indent: str) -> Iterator[str]:
    if isinstance(kind, StructType):
        for field in kind.fields:
            yield f"{indent}|-- {field.name}: {_type_word(field.dataType)}"
            yield from _schema_lines(field.dataType, f"{indent}|    ")
    elif isinstance(kind, ArrayType):
        yield f"{indent}|-- element: {_type_word(kind.elementType)}"
        yield from _schema_lines(kind.elementType, f"{indent}|    ")


def _type_word(kind: DataType) -> str:
    if isinstance(kind, (StructType, ArrayType)):
        return kind.typeName()
    if isinstance(kind, NullType):
        return "null"
    return {"bigint": "long", "smallint": "short", "tinyint": "byte"}.get(
        kind.simpleString(), kind.simpleString()
    )


class DynamicFrameCollection:
    """Frames by name, in the order in which they were given; reads like a dict."""

    def __init__(
        self,
        dynamic_frames: Mapping[str, DynamicFrame] | Iterable[DynamicFrame],
        glue_ctx: "GlueContext",
    ) -> None:
        if not isinstance(dynamic_frames, Mapping):
            dynamic_frames = {frame.name: frame for frame in dynamic_frames}
        self._frames = dict(dynamic_frames)
        self.glue_ctx = glue_ctx
        for name, frame in self._frames.items():
            if not isinstance(frame, DynamicFrame):
                raise TypeError(f"{name!r} is a {type(frame).__name__}, not a DynamicFrame")

    def select(self, key: str, transformation_ctx: str = "") -> DynamicFrame:
        """KeyError with the names that there are for one that is not."""
        if key not in self._frames:
            raise KeyError(f"there is no frame {key!r}; there are {list(self._frames)}")
        return self._frames[key]

    __getitem__ = select

    def keys(self) -> Iterable[str]:
        return self._frames.keys()

    def values(self) -> Iterable[DynamicFrame]:
        return self._frames.values()

    def items(self) -> Iterable[tuple[str, DynamicFrame]]:
        return self._frames.items()

    def __iter__(self) -> Iterator[str]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)

    def __contains__(self, key: object) -> bool:
        return key in self._frames

    def map(
        self, callable: Callable[..., DynamicFrame], transformation_ctx: str = ""
    ) -> "DynamicFrameCollection":
        """A collection of callable(frame, transformation_ctx) of each, under the same names."""
        return DynamicFrameCollection(
            {name: callable(frame, transformation_ctx) for name, frame in self._frames.items()},
            self.glue_ctx,
        )
