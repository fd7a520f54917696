"""Reading from S3.

connection_options:
    paths       objects or prefixes: s3://bucket/key, also s3a:// and file://
    recurse     also what lies in folders below the prefixes; default False
    exclusions  a JSON list of glob patterns as a string; objects whose whole path matches one are
                left out. `*` stays within a folder, `**` does not

Compressed objects are known by their extension (.gz, .bz2). Objects whose name begins with `_` or
`.` are not read, as Spark does it.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from awsglue import formats
from awsglue.options import NotSupported, as_bool, as_list, require_known

_KNOWN = {"paths", "recurse", "exclusions"}
# How AWS Glue groups and lists files: the same rows come out.
_IGNORED = {
    "groupFiles",
    "groupSize",
    "useS3ListImplementation",
    "maxBand",
    "maxFilesInBand",
    "excludeStorageClasses",
}
_SCHEMES = ("s3://", "s3a://", "s3n://", "file://")


def read(
    session: SparkSession,
    connection_type: str,
    connection_options: Mapping[str, Any],
    format_name: str | None,
    format_options: Mapping[str, Any],
) -> DataFrame:
    require_s3(connection_type)
    require_known(connection_options, _KNOWN, _IGNORED, "the source s3")
    paths = as_list(connection_options.get("paths"), "paths")
    if not paths:
        raise ValueError("the option 'paths' names no path")
    for path in paths:
        require_scheme(path)
    recurse = as_bool(connection_options.get("recurse", False), "recurse")
    if excluded := _patterns(connection_options.get("exclusions", "[]")):
        paths = [
            file
            for path in paths
            for file in _files(session, path, recurse)
            if not any(pattern.fullmatch(file) for pattern in excluded)
        ]
        if not paths:
            raise ValueError("the exclusions leave nothing to read")
    reader = session.read.option("recursiveFileLookup", recurse)
    return formats.read(reader, formats.require_format(format_name), format_options, paths)


def require_s3(connection_type: str) -> None:
    if connection_type != "s3":
        raise NotSupported(f"the connection_type {connection_type!r} is not there in Usher; s3 is")


def require_scheme(path: str) -> None:
    if not path.startswith(_SCHEMES):
        raise ValueError(f"a path begins with {', '.join(_SCHEMES)}; got {path!r}")


def _patterns(exclusions: str) -> list[re.Pattern[str]]:
    try:
        globs = as_list(json.loads(exclusions), "exclusions")
    except (TypeError, json.JSONDecodeError) as error:
        raise ValueError(
            f"exclusions are a string with a JSON list of patterns, got {exclusions!r}"
        ) from error
    return [re.compile(_regex(glob)) for glob in globs]


def _regex(glob: str) -> str:
    """`**` any characters, `*` any but a slash, `?` one of these, `[…]` and `{a,b}`."""
    made, groups = "", 0
    for token in re.findall(r"\*\*|\[[^\]]+\]|.", glob, re.DOTALL):
        if token == "**":
            made += ".*"
        elif token == "*":
            made += "[^/]*"
        elif token == "?":
            made += "[^/]"
        elif token.startswith("[") and len(token) > 1:
            made += token.replace("[!", "[^")
        elif token == "{":
            made, groups = made + "(?:", groups + 1
        elif token == "}" and groups:
            made, groups = made + ")", groups - 1
        elif token == "," and groups:
            made += "|"
        else:
            made += re.escape(token)
    if groups:
        raise ValueError(f"the pattern {glob!r} has an open brace")
    return made


def _files(session: SparkSession, path: str, recurse: bool) -> list[str]:
    """Every object under the path, by Hadoop's file systems, which know all schemes."""
    hadoop = session._jvm.org.apache.hadoop.fs
    at = hadoop.Path(path)
    found = at.getFileSystem(session._jsc.hadoopConfiguration()).listFiles(at, recurse)
    files = []
    while found.hasNext():
        files.append(found.next().getPath().toString())
    return files
