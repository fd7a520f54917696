"""Python functions over records: Map and Filter.

A function gets a record as a dict, structs within it as dicts too, and for Map gives one back. An
exception in it ends the job; nothing is dropped silently.

Filter keeps the columns as they are. Map makes them anew from all records that came out:

* columns of before come first, in their old order, new ones after them by name;
* a column keeps its type of before where the new values are of its kind (a Python int does not turn
  an `int` into a `long`; a value too large for it is an error), else it gets that of the values;
* a column that no record has any more goes; one that only some records have is null in the others.

Cost: the function runs once for each record, on the executors, in Python; Map also keeps its
records (memory, then disk) while their types are found.
"""

from collections.abc import Callable
from typing import Any

from pyspark import StorageLevel
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql.types import (
    ArrayType,
    DataType,
    FractionalType,
    DecimalType,
    IntegralType,
    MapType,
    NullType,
    StringType,
    StructField,
    StructType,
)

Record = dict[str, Any]

_NESTED_DICTS = "spark.sql.pyspark.inferNestedDictAsStruct.enabled"


def filter_records(frame: DataFrame, keep: Callable[[Record], bool]) -> DataFrame:
    kept = frame.rdd.filter(lambda row: bool(keep(row.asDict(recursive=True))))
    return frame.sparkSession.createDataFrame(kept, frame.schema, verifySchema=False)


def map_records(frame: DataFrame, change: Callable[[Record], Record]) -> DataFrame:
    """TypeError, from the executor, when the function gives no dict."""

    def changed(row: Row) -> Record:
        record = change(row.asDict(recursive=True))
        if not isinstance(record, dict):
            raise TypeError(f"the function of Map gives a record back, got {type(record).__name__}")
        return record

    records = frame.rdd.map(changed).persist(StorageLevel.MEMORY_AND_DISK)
    if records.isEmpty():
        return frame.sparkSession.createDataFrame([], frame.schema)
    inferred = _inferred_schema(frame.sparkSession, records)
    schema = _with_types_of_before(frame.schema, inferred)
    return frame.sparkSession.createDataFrame(records, schema)


def _inferred_schema(session: SparkSession, records: Any) -> StructType:
    before = session.conf.get(_NESTED_DICTS)
    session.conf.set(_NESTED_DICTS, "true")
    try:
        return session.createDataFrame(records, samplingRatio=1.0).schema
    finally:
        session.conf.set(_NESTED_DICTS, before)


def _with_types_of_before(before: StructType, inferred: StructType) -> StructType:
    old = [name for name in before.names if name in inferred.names]
    new = sorted(name for name in inferred.names if name not in before.names)
    return StructType(
        [StructField(n, _fitting(before[n].dataType, inferred[n].dataType)) for n in old]
        + [StructField(n, _fitting(NullType(), inferred[n].dataType)) for n in new]
    )


def _fitting(before: DataType, inferred: DataType) -> DataType:
    """The type of before if values of the inferred type are of its kind, else the inferred one."""
    if isinstance(inferred, NullType):
        return StringType() if isinstance(before, NullType) else before
    if isinstance(inferred, IntegralType) and isinstance(before, IntegralType):
        return before
    if _is_floating(inferred) and _is_floating(before):
        return before
    if isinstance(inferred, StructType):
        if isinstance(before, MapType):
            return before
        known = before if isinstance(before, StructType) else StructType([])
        return _with_types_of_before(known, inferred)
    if isinstance(inferred, ArrayType):
        element = before.elementType if isinstance(before, ArrayType) else NullType()
        return ArrayType(_fitting(element, inferred.elementType))
    return inferred


def _is_floating(kind: DataType) -> bool:
    return isinstance(kind, FractionalType) and not isinstance(kind, DecimalType)
