"""Writing to S3, so that nobody ever sees anything but whole objects under their own names.

Spark writes into a staging folder; then each file becomes one object

    <path>[<partition key>=<value>/…]run-<epoch ms>-part-r-<5 digits>[.gz|.bz2]
    <path>[<partition key>=<value>/…]run-<epoch ms>-part-block-0-r-<5 digits>-snappy.parquet

one for each partition of the frame that has rows. A frame without rows gives one object without
rows, and none at all with partitionKeys: there is no value that a folder could be called after.
All objects of a frame share their milliseconds, no two frames of a process do. No marker, no folder
object and nothing temporary appears under the path. When a step fails, the objects of that frame
that were already put are removed again. Their names are new to this process, but puts are without a
condition: of two processes that write under one path in the same millisecond, the later replaces
the other's objects, or removes them when it fails. Give runs at the same time a path each.

connection_options:
    path            s3://bucket/prefix[/], also s3a:// and file://
    partitionKeys   columns that become folders, in this order
    compression     gzip or bzip2; snappy for parquet

The staging folder is a local one when the executors are on this machine. Elsewhere it must be one
that all executors reach: the job's --TempDir, an s3:// prefix, from where objects are copied by S3.
"""

import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from pyspark.sql import DataFrame, SparkSession

from awsglue import formats
from awsglue.options import NotSupported, as_list, require_known
from awsglue.sources import require_s3, require_scheme

_KNOWN = {"path", "partitionKeys", "compression"}
_IGNORED = {"groupFiles", "groupSize"}
_PARALLEL_PUTS = 8
_PART = re.compile(r"part-(\d+)")

_last_run_ms = 0


def write(
    frames: Sequence[DataFrame],
    connection_type: str,
    connection_options: Mapping[str, Any],
    format_name: str | None,
    format_options: Mapping[str, Any],
) -> None:
    """Writes each frame directly under the path, one after the other."""
    require_s3(connection_type)
    require_known(connection_options, _KNOWN, _IGNORED, "the sink s3")
    if not isinstance(path := connection_options.get("path"), str):
        raise ValueError("the sink s3 needs the option 'path'")
    require_scheme(path)
    keys = as_list(connection_options.get("partitionKeys", []), "partitionKeys")
    output = formats.output(
        formats.require_format(format_name), format_options, connection_options.get("compression")
    )
    for frame in frames:
        with _staging(frame.sparkSession) as staging:
            output.write(frame.write.partitionBy(*keys), staging.uri)
            _publish(staging, path, output)


class _LocalStaging:
    """A folder of this machine."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="glue-sink-"))
        self.uri = (self.folder / "out").as_uri()

    def files(self) -> list[str]:
        """Paths of what Spark wrote, relative to the staging folder."""
        out = self.folder / "out"
        found = (file.relative_to(out) for file in out.rglob("part-*") if file.is_file())
        return sorted(map(str, found))

    def move(self, file: str, target: "_S3Target | _FileTarget", name: str) -> None:
        target.take_file(self.folder / "out" / file, name)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


class _S3Staging:
    """A prefix of a bucket, which nobody else uses."""

    def __init__(self, temp_dir: str) -> None:
        self.bucket, prefix = _bucket_and_key(temp_dir)
        self.prefix = f"{_folder(prefix)}glue-sink-{uuid.uuid4().hex}/"
        self.uri = f"s3://{self.bucket}/{self.prefix}"
        self.client = _s3_client()

    def files(self) -> list[str]:
        keys = (key[len(self.prefix) :] for key in self._keys())
        return sorted(key for key in keys if key.rpartition("/")[2].startswith("part-"))

    def move(self, file: str, target: "_S3Target | _FileTarget", name: str) -> None:
        target.take_object(self.bucket, self.prefix + file, name)

    def remove(self) -> None:
        for key in self._keys():
            self.client.delete_object(Bucket=self.bucket, Key=key)

    def _keys(self) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix
        )
        return [one["Key"] for page in pages for one in page.get("Contents", [])]


class _S3Target:
    def __init__(self, path: str) -> None:
        self.bucket, prefix = _bucket_and_key(path)
        self.prefix = _folder(prefix)
        self.client = _s3_client()

    def take_file(self, file: Path, name: str) -> None:
        self.client.upload_file(str(file), self.bucket, self.prefix + name, Config=_ONE_THREAD)

    def take_object(self, bucket: str, key: str, name: str) -> None:
        source = {"Bucket": bucket, "Key": key}
        self.client.copy(source, self.bucket, self.prefix + name, Config=_ONE_THREAD)

    def remove(self, name: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=self.prefix + name)


class _FileTarget:
    def __init__(self, path: str) -> None:
        self.folder = Path(unquote(urlsplit(path).path))

    def take_file(self, file: Path, name: str) -> None:
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, hidden := target.with_name(f".{target.name}"))
        hidden.rename(target)

    def take_object(self, bucket: str, key: str, name: str) -> None:
        raise NotSupported("executors of other machines write to s3:// paths only")

    def remove(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)


_ONE_THREAD = TransferConfig(use_threads=False)  # _publish has threads of its own


@contextmanager
def _staging(session: SparkSession) -> Iterator[_LocalStaging | _S3Staging]:
    if session.sparkContext.master.startswith("local"):
        staging: _LocalStaging | _S3Staging = _LocalStaging()
    elif temp_dir := session.conf.get("spark.usher.staging", None):
        staging = _S3Staging(temp_dir)
    else:
        raise NotSupported(
            f"executors of {session.sparkContext.master} write by way of a temporary folder"
            " that they all reach: give the job --TempDir s3://bucket/prefix/"
        )
    try:
        yield staging
    finally:
        staging.remove()


def _publish(staging: _LocalStaging | _S3Staging, path: str, output: formats.Output) -> None:
    target = _FileTarget(path) if path.startswith("file://") else _S3Target(path)
    run_ms = _next_run_ms()
    names: dict[str, str] = {}
    for file in staging.files():
        folder, _, written = file.rpartition("/")
        number = _PART.match(written)
        assert number, f"Spark wrote a file of an unknown name: {file}"
        name = output.object_name(run_ms, int(number.group(1)))
        names[file] = f"{folder}/{name}" if folder else name
    assert len(set(names.values())) == len(names), "two files of one number in a folder"
    try:
        _in_parallel(lambda file: staging.move(file, target, names[file]), names)
    except BaseException:
        _in_parallel(target.remove, names.values())
        raise


def _in_parallel(do: Callable[[str], None], what: Any) -> None:
    with ThreadPoolExecutor(_PARALLEL_PUTS) as threads:
        for _ in threads.map(do, what):
            pass


def _next_run_ms() -> int:
    """Milliseconds since 1970, later than any that this process has used."""
    global _last_run_ms
    _last_run_ms = max(_last_run_ms + 1, time.time_ns() // 1_000_000)
    return _last_run_ms


def _bucket_and_key(path: str) -> tuple[str, str]:
    bucket, _, key = path.partition("://")[2].partition("/")
    if not bucket:
        raise ValueError(f"{path!r} names no bucket")
    return bucket, key


def _folder(prefix: str) -> str:
    return prefix if not prefix or prefix.endswith("/") else prefix + "/"


def _s3_client() -> Any:
    """The environment says which endpoint, region and keys; path style, as Spark uses it too."""
    return boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
