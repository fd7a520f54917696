"""CSV, JSON and Parquet as AWS Glue reads and writes them, in terms of Spark's readers and writers.

CSV, reading:  every column is a string and nothing is inferred; an empty field is the empty string.
               `withHeader` (default False) takes names from the first line of each file, which must
               be the same in all of them; without, columns are col0, col1, and so on. A quote within
               quotes is doubled (RFC 4180) unless `escaper` says otherwise. `quoteChar` -1: no
               quoting. A quoted field may hold line ends only with `multiLine`.
CSV, writing:  names in the first line of each file unless `writeHeader` is False; quotes where a
               value needs them; null and the empty string are empty fields; values are not trimmed.
JSON:          one value a line; reading, types are Spark's, and `multiLine` takes whole documents.
Parquet:       `compression` of format_options is snappy, gzip or uncompressed.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame, DataFrameReader, DataFrameWriter

from awsglue.options import NotSupported, as_bool, require_known

# Only make reading or writing faster in AWS Glue.
_IGNORED = {"optimizePerformance", "useGlueParquetWriter", "blockSize", "pageSize"}
_CSV_READ = {"separator", "quoteChar", "escaper", "withHeader", "multiLine", "skipFirst"}
_CSV_WRITE = {"separator", "quoteChar", "escaper", "writeHeader"}
_NAMES = ("csv", "json", "parquet", "glueparquet")

# By the value of `compression`, what the name of an object tells of it.
_TEXT_CODECS = {"none": "", "uncompressed": "", "gzip": ".gz", "bzip2": ".bz2"}
_PARQUET_CODECS = {"none": "", "uncompressed": "", "snappy": "-snappy", "gzip": "-gzip"}


def require_format(name: str | None) -> str:
    if name not in _NAMES:
        raise NotSupported(
            f"the format {name!r} is not there in Usher; there are {', '.join(_NAMES)}"
        )
    return "parquet" if name == "glueparquet" else name


def read(
    reader: DataFrameReader, name: str, options: Mapping[str, Any], paths: list[str]
) -> DataFrame:
    """The files at `paths` as one frame; `name` is one that require_format has given."""
    if name == "csv":
        return _read_csv(reader, options, paths)
    if name == "json":
        require_known(options, {"multiLine"}, _IGNORED, "the format json, reading,")
        multi_line = as_bool(options.get("multiLine", False), "multiLine")
        return reader.option("multiLine", multi_line).json(paths)
    require_known(options, set(), _IGNORED, "the format parquet, reading,")
    return reader.parquet(*paths)


def _read_csv(reader: DataFrameReader, options: Mapping[str, Any], paths: list[str]) -> DataFrame:
    require_known(options, _CSV_READ, _IGNORED, "the format csv, reading,")
    with_header = as_bool(options.get("withHeader", False), "withHeader")
    if as_bool(options.get("skipFirst", False), "skipFirst") and not with_header:
        raise NotSupported("skipFirst without withHeader is not there in Usher")
    frame = (
        reader.option("header", with_header)
        .option("enforceSchema", not with_header)  # with names, files of other names are refused
        .option("sep", options.get("separator", ","))
        .option("quote", _quote(options) or "")
        .option("escape", options.get("escaper") or _quote(options) or "\\")
        .option("multiLine", as_bool(options.get("multiLine", False), "multiLine"))
        .csv(paths)
    )
    if not with_header:
        frame = frame.toDF(*(f"col{i}" for i in range(len(frame.columns))))
    return frame.na.fill("")


def _quote(options: Mapping[str, Any]) -> str | None:
    quote = options.get("quoteChar", '"')
    if quote in (-1, "-1"):
        return None
    if not isinstance(quote, str) or len(quote) != 1:
        raise ValueError(f"quoteChar is one character or -1, got {quote!r}")
    return quote


@dataclasses.dataclass(frozen=True)
class Output:
    """How to write a format, and how its objects are called after their number."""

    name: str
    options: Mapping[str, Any]  # of Spark's writer
    before_number: str
    after_number: str

    def write(self, writer: DataFrameWriter, path: str) -> None:
        writer.format(self.name).options(**self.options).save(path)

    def object_name(self, run_ms: int, number: int) -> str:
        return f"run-{run_ms}-part-{self.before_number}r-{number:05d}{self.after_number}"


def output(name: str, options: Mapping[str, Any], compression: str | None) -> Output:
    """`compression` is that of the connection's options: gzip, bzip2, for parquet also snappy."""
    if name == "parquet":
        require_known(options, {"compression"}, _IGNORED, "the format parquet, writing,")
        codec = compression or options.get("compression", "snappy")
        mark = _codec(_PARQUET_CODECS, codec, name)
        return Output(name, {"compression": codec}, "block-0-", f"{mark}.parquet")
    codec = compression or "none"
    extension = _codec(_TEXT_CODECS, codec, name)
    if name == "json":
        require_known(options, set(), _IGNORED, "the format json, writing,")
        return Output(name, {"compression": codec}, "", extension)
    require_known(options, _CSV_WRITE, _IGNORED, "the format csv, writing,")
    quote = _quote(options)
    if quote is None:
        raise NotSupported("CSV without quotes (quoteChar -1) can be read in Usher, not written")
    return Output(
        name,
        {
            "compression": codec,
            "header": as_bool(options.get("writeHeader", True), "writeHeader"),
            "sep": options.get("separator", ","),
            "quote": quote,
            "escape": options.get("escaper") or quote,
            "emptyValue": "",
            "ignoreLeadingWhiteSpace": False,
            "ignoreTrailingWhiteSpace": False,
        },
        "",
        extension,
    )


def _codec(known: Mapping[str, str], codec: str, name: str) -> str:
    if codec not in known:
        raise NotSupported(
            f"the compression {codec!r} of {name} is not there in Usher;"
            f" there are {', '.join(known)}"
        )
    return known[codec]
