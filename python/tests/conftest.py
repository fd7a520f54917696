"""One Spark session and one server for all tests of awsglue, which are skipped without Spark."""

import os
import site
import sys
from pathlib import Path

import pytest

from spark_home import IS_INSTALLED, ROOT, SPARK_HOME

sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests" / "clients")]

if IS_INSTALLED:
    for packages in SPARK_HOME.glob("lib/python3*/site-packages"):
        site.addsitedir(str(packages))  # pyspark; pytest and boto3 are found in .venv before
else:
    collect_ignore = ["with_spark"]


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    from usher_server import UsherServer

    running = UsherServer(tmp_path_factory.mktemp("usher") / "data").start()
    running.client("s3").create_bucket(Bucket="films")
    yield running
    assert running.stop() == 0, running.log_end()


@pytest.fixture(scope="session")
def glue(server, tmp_path_factory):
    """A GlueContext on a session with the settings that a job gets, on two threads."""
    from glue_runtime import submit

    options = submit.parse_arguments(
        ["--master", "local[2]", "--endpoint", server.endpoint, "--region", server.region]
        + ["--script", "none", "--conf", "spark.sql.shuffle.partitions=2"]
    )
    scratch = str(tmp_path_factory.mktemp("scratch"))
    jars = ",".join(map(str, sorted((SPARK_HOME / "jars").glob("*.jar"))))
    with pytest.MonkeyPatch.context() as patch:
        made = submit.driver_environment({**os.environ, **server.exports}, options, Path(), scratch)
        for name, value in made.items():
            if os.environ.get(name) != value and name != "SPARK_HOME":
                patch.setenv(name, value)
        patch.setenv("PYSPARK_PYTHON", str(SPARK_HOME / "bin" / "python"))
        patch.setenv("PYSPARK_DRIVER_PYTHON", sys.executable)
        patch.setenv("TMPDIR", scratch)

        from awsglue.context import GlueContext
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master("local[2]").config("spark.jars", jars)
        for key, value in submit.spark_settings(options, scratch).items():
            builder = builder.config(key, value)
        session = builder.getOrCreate()
        yield GlueContext(session.sparkContext)
        session.stop()


@pytest.fixture
def frame(glue):
    """Makes a DynamicFrame: frame([(1, "a")], "id long, title string")."""
    from awsglue.dynamicframe import DynamicFrame

    def make(rows, schema, partitions=1):
        made = glue.spark_session.createDataFrame(rows, schema)
        return DynamicFrame.fromDF(made.coalesce(partitions), glue, "made")

    return make


@pytest.fixture(scope="session")
def s3(server):
    return server.client("s3")


@pytest.fixture
def keys(s3):
    """Lists the bucket's keys under a prefix."""

    def under(prefix):
        listed = s3.list_objects_v2(Bucket="films", Prefix=prefix)
        return [one["Key"] for one in listed.get("Contents", [])]

    return under
