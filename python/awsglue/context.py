"""GlueContext: a Spark session with AWS Glue's readers and writers.

Sources and sinks are S3 alone (sources.py, sinks.py, formats.py). There is no Data Catalog, no JDBC
and no stream: what needs one is refused by its name.
"""

import logging
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

from pyspark.context import SparkContext
from pyspark.sql import DataFrame, DataFrameReader, SparkSession

from awsglue import sinks, sources
from awsglue.dynamicframe import DynamicFrame, DynamicFrameCollection
from awsglue.options import NotSupported, require_known

Options = Mapping[str, Any] | None


class GlueContext:
    def __init__(self, sparkContext: SparkContext, **_options: Any) -> None:
        """`minPartitions` and `targetPartitions`, which AWS Glue takes, have no effect."""
        self._session = SparkSession.builder.getOrCreate()
        self.sc = self._sc = sparkContext
        self.create_dynamic_frame = DynamicFrameReader(self)
        self.write_dynamic_frame = DynamicFrameWriter(self)

    @property
    def spark_session(self) -> SparkSession:
        return self._session

    def getSparkSession(self) -> SparkSession:
        return self._session

    @property
    def read(self) -> DataFrameReader:
        return self._session.read

    def sql(self, query: str) -> DataFrame:
        return self._session.sql(query)

    def createDataFrame(self, *args: Any, **kwargs: Any) -> DataFrame:
        return self._session.createDataFrame(*args, **kwargs)

    def get_logger(self) -> logging.Logger:
        """A logger with info, warn and error, which writes to standard error."""
        logger = logging.getLogger("GlueLogger")
        if not logger.handlers:
            handler = logging.StreamHandler(sys.stderr)
            handler.setFormatter(
                logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
            )
            logger.addHandler(handler)
            logger.setLevel(logging.INFO)
            logger.propagate = False
        return logger

    def create_dynamic_frame_from_options(
        self,
        connection_type: str,
        connection_options: Options = None,
        format: str | None = None,
        format_options: Options = None,
        transformation_ctx: str = "",
        push_down_predicate: str = "",
        **kwargs: Any,
    ) -> DynamicFrame:
        if push_down_predicate:
            raise NotSupported("push_down_predicate is about catalog tables, which Usher has not")
        require_known(kwargs, (), (), "create_dynamic_frame.from_options")
        frame = sources.read(
            self._session, connection_type, connection_options or {}, format, format_options or {}
        )
        return DynamicFrame(frame, self, transformation_ctx)

    def write_dynamic_frame_from_options(
        self,
        frame: DynamicFrame | DynamicFrameCollection,
        connection_type: str,
        connection_options: Options = None,
        format: str | None = None,
        format_options: Options = None,
        transformation_ctx: str = "",
    ) -> DynamicFrame | DynamicFrameCollection:
        """Writes the frame, or each of a collection, directly under the path; gives it back."""
        if isinstance(frame, DynamicFrameCollection):
            frames = [one.toDF() for one in frame.values()]
        elif isinstance(frame, DynamicFrame):
            frames = [frame.toDF()]
        else:
            raise TypeError(
                f"a DynamicFrame or a collection of them is written, got a {type(frame).__name__}:"
                " DynamicFrame.fromDF makes one of a DataFrame"
            )
        sinks.write(frames, connection_type, connection_options or {}, format, format_options or {})
        return frame

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise NotSupported(
            f"GlueContext.{name} is not there in Usher: frames come from S3 by"
            " create_dynamic_frame.from_options and go there by write_dynamic_frame.from_options"
        )


class DynamicFrameReader:
    """glueContext.create_dynamic_frame"""

    def __init__(self, glue_context: GlueContext) -> None:
        self._glue_context = glue_context

    def from_options(
        self,
        connection_type: str,
        connection_options: Options = None,
        format: str | None = None,
        format_options: Options = None,
        transformation_ctx: str = "",
        push_down_predicate: str = "",
        **kwargs: Any,
    ) -> DynamicFrame:
        return self._glue_context.create_dynamic_frame_from_options(
            connection_type,
            connection_options,
            format,
            format_options,
            transformation_ctx,
            push_down_predicate,
            **kwargs,
        )

    def from_rdd(
        self, data: Any, name: str, schema: Any = None, sample_ratio: float | None = None
    ) -> DynamicFrame:
        session = self._glue_context.spark_session
        frame = session.createDataFrame(data, schema, samplingRatio=sample_ratio)
        return DynamicFrame(frame, self._glue_context, name)

    def from_catalog(self, *_: Any, **__: Any) -> NoReturn:
        _no_catalog("create_dynamic_frame.from_catalog", "create_dynamic_frame.from_options")


class DynamicFrameWriter:
    """glueContext.write_dynamic_frame"""

    def __init__(self, glue_context: GlueContext) -> None:
        self._glue_context = glue_context

    def from_options(
        self,
        frame: DynamicFrame | DynamicFrameCollection,
        connection_type: str,
        connection_options: Options = None,
        format: str | None = None,
        format_options: Options = None,
        transformation_ctx: str = "",
    ) -> DynamicFrame | DynamicFrameCollection:
        return self._glue_context.write_dynamic_frame_from_options(
            frame, connection_type, connection_options, format, format_options, transformation_ctx
        )

    def from_catalog(self, *_: Any, **__: Any) -> NoReturn:
        _no_catalog("write_dynamic_frame.from_catalog", "write_dynamic_frame.from_options")

    def from_jdbc_conf(self, *_: Any, **__: Any) -> NoReturn:
        raise NotSupported("write_dynamic_frame.from_jdbc_conf is not there in Usher; s3 is")


def _no_catalog(what: str, instead: str) -> NoReturn:
    raise NotSupported(
        f'{what} is not there: Usher has no Data Catalog; use {instead} with connection_type="s3"'
    )
