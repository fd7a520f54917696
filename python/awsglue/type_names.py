"""The names that AWS Glue and Spark give to types, made comparable.

`bigint` and `long` are one type, as are `int` and `integer`, `short` and `smallint`, `byte` and
`tinyint`. A nested type is written as in Spark's DDL: `array<bigint>`, `struct<a:string>`.
"""

from pyspark.errors import ParseException
from pyspark.sql.types import (
    ArrayType,
    DataType,
    DecimalType,
    MapType,
    NullType,
    StructType,
    _parse_datatype_string,
)

_ALIASES = {"long": "bigint", "integer": "int", "short": "smallint", "byte": "tinyint"}
_KINDS: dict[str, type[DataType]] = {
    "array": ArrayType,
    "map": MapType,
    "struct": StructType,
    "decimal": DecimalType,
    "null": NullType,
}
# The precision and scale of a decimal type whose name has none.
_PLAIN_DECIMAL = DecimalType(10, 2)


def parse_type(name: str) -> DataType:
    """The type to cast to. ValueError when there is no such type."""
    cleaned = name.strip().lower()
    if cleaned == "decimal":
        return _PLAIN_DECIMAL
    if cleaned in ("null", "choice", "array", "map", "struct"):
        raise ValueError(f"nothing can be cast to the type {name!r}")
    try:
        return _parse_datatype_string(_ALIASES.get(cleaned, cleaned))
    except ParseException as error:
        raise ValueError(f"there is no type {name!r}") from error


def is_type(actual: DataType, name: str) -> bool:
    """Whether a column of type `actual` is what a mapping declares as `name`."""
    cleaned = name.strip().lower()
    if cleaned == "choice":  # a Spark column has one type
        return False
    if cleaned in _KINDS:
        return isinstance(actual, _KINDS[cleaned])
    return actual == parse_type(name)
