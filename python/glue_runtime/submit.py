"""Starts a script on Apache Spark, with all that makes s3:// paths work against one endpoint.

    python -m glue_runtime.submit --master MASTER --endpoint URL --region REGION --script FILE
        [--conf KEY=VALUE]... [--py-files F,F] [--jars F,F] [--files F,F] -- ARGUMENT...

The interpreter must be that of `./setup --spark`: Spark is the pyspark it can import, S3's jars lie
in `jars/` beside its `bin/`. This process becomes spark-submit, in client mode, so that whoever
started it holds the driver itself; its exit status is the script's.

Environment:
    AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN   Spark takes them from here into
                      Hadoop's settings, by which executors get them; no command line has them
    TMPDIR            where the driver puts everything temporary
    GLUE_RUN_REASON   file for the reason when nothing could be started

A `--conf` of the job wins over what stands here. With a master on this machine (`local…`) all
stays on loopback. With any other the executors must reach the driver, so Spark chooses the driver's
address (`--conf spark.driver.host=…` where that is not the right one), and they must reach the
endpoint; their Python is `python3` of their own machine (`--conf spark.pyspark.python=…`).
"""

import argparse
import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
S3A = "org.apache.hadoop.fs.s3a"
LOOPBACK = "127.0.0.1"


class CannotStart(Exception):
    """Something that a run needs is not there; the text says what and what to do."""


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="glue_runtime.submit", allow_abbrev=False)
    parser.add_argument("--master", required=True)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--script", required=True)
    parser.add_argument("--conf", action="append", default=[], metavar="KEY=VALUE")
    for of_spark in ("--py-files", "--jars", "--files"):
        parser.add_argument(of_spark, default="", metavar="FILE,...")
    parser.add_argument("arguments", nargs="*", metavar="-- ARGUMENT")
    own, separator, script_arguments = _split_at_separator(argv)
    options = parser.parse_args(own)
    if not separator and options.arguments:
        parser.error(f"arguments of the script come after --, got {options.arguments}")
    options.arguments = script_arguments
    for pair in options.conf:
        if "=" not in pair:
            parser.error(f"--conf takes KEY=VALUE, got {pair!r}")
    return options


def _split_at_separator(argv: Sequence[str]) -> tuple[list[str], bool, list[str]]:
    words = list(argv)
    if "--" not in words:
        return words, False, []
    at = words.index("--")
    return words[:at], True, words[at + 1 :]


def is_local(master: str) -> bool:
    """Whether driver and executors are on this machine: local, local[N], local-cluster[…]."""
    return master.startswith("local")


def temp_dir_argument(arguments: Sequence[str]) -> str | None:
    """The value of the job's --TempDir, in either form of an option."""
    for word, following in zip(arguments, [*arguments[1:], ""]):
        if word == "--TempDir":
            return following
        if word.startswith("--TempDir="):
            return word.partition("=")[2]
    return None


def spark_settings(options: argparse.Namespace, scratch: str) -> dict[str, str]:
    """Spark's settings, without secrets. `scratch` is a folder of the driver's machine."""
    settings = {
        "spark.submit.deployMode": "client",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": "2g",
        "spark.hadoop.fs.s3a.endpoint": options.endpoint,
        "spark.hadoop.fs.s3a.endpoint.region": options.region,
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.connection.ssl.enabled": str(
            urlsplit(options.endpoint).scheme == "https"
        ).lower(),
        "spark.hadoop.fs.s3a.aws.credentials.provider": (
            f"{S3A}.TemporaryAWSCredentialsProvider,{S3A}.SimpleAWSCredentialsProvider"
        ),
        # Tables live in files; a metastore is not needed, --enable-glue-datacatalog or not.
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": f"file://{scratch}/warehouse",
        # What cannot be cast becomes null, as in Glue; times are in UTC there.
        "spark.sql.ansi.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
    }
    for scheme in ("s3", "s3a", "s3n"):
        settings[f"spark.hadoop.fs.{scheme}.impl"] = f"{S3A}.S3AFileSystem"
    if is_local(options.master):
        settings["spark.driver.host"] = settings["spark.driver.bindAddress"] = LOOPBACK
        settings["spark.hadoop.hadoop.tmp.dir"] = f"{scratch}/hadoop"
    elif staging := temp_dir_argument(options.arguments):
        settings["spark.usher.staging"] = staging  # awsglue/sinks.py says what for
    settings.update(pair.split("=", 1) for pair in options.conf)
    return settings


def driver_environment(
    environment: Mapping[str, str], options: argparse.Namespace, spark_home: Path, scratch: str
) -> dict[str, str]:
    """The driver's environment: Spark finds itself and its scratch, boto3 finds the endpoint."""
    java_options = [
        f'"-Djava.io.tmpdir={scratch}"',
        f'"-Dlog4j2.configurationFile=file:{HERE / "log4j2.properties"}"',
        environment.get("SPARK_SUBMIT_OPTS", ""),
    ]
    made = {
        **environment,
        "AWS_ENDPOINT_URL": options.endpoint,
        "AWS_REGION": options.region,
        "AWS_DEFAULT_REGION": options.region,
        "GLUE_STDERR": f"/proc/{os.getpid()}/fd/2",  # spark_driver.py says what for
        "SPARK_HOME": str(spark_home),
        "SPARK_LOCAL_DIRS": scratch,
        "SPARK_SUBMIT_OPTS": " ".join(java_options).strip(),
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join(
            filter(None, [str(HERE.parent), environment.get("PYTHONPATH")])
        ),
    }
    if is_local(options.master):
        made["PYSPARK_PYTHON"] = sys.executable
        made["SPARK_LOCAL_IP"] = LOOPBACK
    return made


def find_spark() -> tuple[Path, list[Path]]:
    """Spark's home and the jars for S3, as `./setup --spark` lays them out."""
    pyspark = importlib.util.find_spec("pyspark")
    if pyspark is None or pyspark.origin is None:
        raise CannotStart(f"Spark is not installed for {sys.executable}: run ./setup --spark")
    jars = sorted((Path(sys.prefix) / "jars").glob("*.jar"))
    if not jars:
        raise CannotStart(f"the jars for S3 are not in {sys.prefix}/jars: run ./setup --spark")
    return Path(pyspark.origin).parent, jars


def find_java(environment: Mapping[str, str]) -> None:
    home = environment.get("JAVA_HOME")
    java = (
        Path(home) / "bin" / "java" if home else shutil.which("java", path=environment.get("PATH"))
    )
    if not java or not os.access(java, os.X_OK):
        where = f"JAVA_HOME={home}" if home else "PATH"
        raise CannotStart(f"Spark needs Java and {where} has none: run ./setup --spark")


def command_line(
    options: argparse.Namespace, spark_home: Path, jars: Sequence[Path], scratch: str
) -> list[str]:
    """spark-submit, its options, the script that runs the user's, and that one's arguments."""
    all_jars = [*map(str, jars), *filter(None, options.jars.split(","))]
    words = [str(spark_home / "bin" / "spark-submit"), "--master", options.master]
    for key, value in spark_settings(options, scratch).items():
        words += ["--conf", f"{key}={value}"]
    words += ["--jars", ",".join(all_jars)]
    if options.py_files:
        words += ["--py-files", options.py_files]
    if options.files:
        words += ["--files", options.files]
    return [*words, str(HERE / "spark_driver.py"), options.script, *options.arguments]


def warn_of_loopback(options: argparse.Namespace) -> None:
    host = urlsplit(options.endpoint).hostname or ""
    if not is_local(options.master) and (host == "localhost" or host.startswith("127.")):
        print(
            f"glue: the endpoint {options.endpoint} is this machine's alone; executors of"
            f" {options.master} on other machines cannot reach it (usher serve --listen)",
            file=sys.stderr,
        )


def give_up(reason: str) -> NoReturn:
    if leave_at := os.environ.get("GLUE_RUN_REASON"):
        Path(leave_at).write_text(reason, encoding="utf-8")
    print(reason, file=sys.stderr)
    sys.exit(1)


def main() -> NoReturn:
    options = parse_arguments(sys.argv[1:])
    try:
        spark_home, jars = find_spark()
        find_java(os.environ)
    except CannotStart as error:
        give_up(str(error))
    warn_of_loopback(options)
    scratch = os.path.abspath(tempfile.gettempdir())
    command = command_line(options, spark_home, jars, scratch)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(command[0], command, driver_environment(os.environ, options, spark_home, scratch))


if __name__ == "__main__":
    main()
