"""The same job on another master: a Spark master and worker of their own, as processes of this machine."""

import os
import socket
import subprocess
import time

import pyspark
import pytest

from spark_home import ROOT, SPARK_HOME
from usher_server import free_port

GIVE_UP_SECONDS = 60
POLL_SECONDS = 0.05

# Executors read, run a Python function that they have no module for, shuffle and write.
SCRIPT = """
from awsglue.context import GlueContext
from awsglue.transforms import ApplyMapping, Filter
from pyspark.context import SparkContext

glue = GlueContext(SparkContext.getOrCreate())
print("master", glue.spark_session.sparkContext.master)
rows = glue.create_dynamic_frame.from_options(
    "s3", {"paths": ["s3://films/cluster/in.csv"]}, "csv", {"withHeader": True}
)
rows = Filter.apply(rows, lambda row: row["title"] != "no")
rows = ApplyMapping.apply(rows, [("id", "string", "ID", "long"), ("title", "string", "T", "string")])
glue.write_dynamic_frame.from_options(
    rows.repartition(1), "s3", {"path": "s3://films/cluster/out/"}, "csv"
)
"""


@pytest.fixture(scope="module")
def master(tmp_path_factory):
    """A standalone cluster of one worker; gives its URL."""
    folder = tmp_path_factory.mktemp("cluster")
    home = os.path.dirname(pyspark.__file__)
    port = free_port()
    url = f"spark://127.0.0.1:{port}"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "SPARK_HOME": home,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_WORKER_DIR": str(folder / "work"),
        "SPARK_LOCAL_DIRS": str(folder / "local"),
    }
    deploy = [f"{home}/bin/spark-class", "org.apache.spark.deploy"]
    of_master = ["master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0"]
    of_worker = ["worker.Worker", "--host", "127.0.0.1", "--webui-port", "0", "-c", "1", "-m", "1g"]
    running = []
    with open(folder / "log", "ab") as log:
        for words in (of_master, [*of_worker, url]):
            command = [deploy[0], f"{deploy[1]}.{words[0]}", *words[1:]]
            running.append(
                subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
            )
            wait_for_port(port)
        yield url
        for process in reversed(running):
            process.terminate()
            process.wait()


def wait_for_port(port):
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < give_up, "the master does not listen"
            time.sleep(POLL_SECONDS)


@pytest.fixture
def submit(master, server, tmp_path):
    """Runs SCRIPT with these arguments as the server would."""

    def run(*arguments):
        (tmp_path / "script.py").write_text(SCRIPT)
        words = ["--master", master, "--endpoint", server.endpoint, "--region", server.region]
        words += ["--script", str(tmp_path / "script.py"), "--conf", "spark.cores.max=1"]
        words += ["--conf", "spark.driver.host=127.0.0.1", "--conf", "spark.executor.memory=512m"]
        return subprocess.run(
            [SPARK_HOME / "bin" / "python", "-m", "glue_runtime.submit", *words, "--", *arguments],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "TMPDIR": str(tmp_path),
                "PYTHONPATH": str(ROOT / "python"),
                **server.exports,
            },
            capture_output=True,
            text=True,
            timeout=240,
        )

    return run


def test_executors_elsewhere_read_compute_and_write(master, submit, s3, keys):
    s3.put_object(Bucket="films", Key="cluster/in.csv", Body=b'id,title\n1,"a, b"\n2,no\n')
    ended = submit("--JOB_NAME", "j", "--TempDir", "s3://films/cluster-tmp/")
    assert ended.returncode == 0, ended.stderr
    assert f"master {master}" in ended.stdout
    (written,) = keys("cluster/out/")
    body = s3.get_object(Bucket="films", Key=written)["Body"].read()
    assert body == b'ID,T\n1,"a, b"\n'
    assert keys("cluster-tmp/") == []
