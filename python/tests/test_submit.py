"""How a script is handed to Spark: what stands on the command line, and where secrets do not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from glue_runtime import submit

NEEDED = ["--master", "local[*]", "--endpoint", "http://127.0.0.1:4566", "--region", "eu-west-1"]
NEEDED += ["--script", "/run/script.py"]


def settings(*words, needed=NEEDED):
    return submit.spark_settings(submit.parse_arguments([*needed, *words]), "/scratch")


def on(master, endpoint="http://10.1.2.3:4566"):
    return ["--master", master, "--endpoint", endpoint, *NEEDED[4:]]


def test_the_scripts_arguments_come_last_and_unchanged():
    arguments = ["--JOB_NAME", "j", "--conf", "x", "--", "a b"]
    options = submit.parse_arguments([*NEEDED, "--conf", "k=v=w", "--", *arguments])
    words = submit.command_line(options, Path("/spark"), [Path("/j/a.jar")], "/scratch")
    assert words[:3] == ["/spark/bin/spark-submit", "--master", "local[*]"]
    runner = words.index(str(submit.HERE / "spark_driver.py"))
    assert words[runner + 1 :] == ["/run/script.py", *arguments]
    assert "k=v=w" in words[:runner]


def test_files_of_the_job_are_added_to_those_of_s3():
    options = submit.parse_arguments(
        [*NEEDED, "--jars", "/x.jar,/y.jar", "--py-files", "/a.py,/b.zip", "--files", "/f"]
    )
    words = submit.command_line(options, Path("/spark"), [Path("/j/a.jar")], "/scratch")
    assert words[words.index("--jars") + 1] == "/j/a.jar,/x.jar,/y.jar"
    assert words[words.index("--py-files") + 1] == "/a.py,/b.zip"
    assert words[words.index("--files") + 1] == "/f"


def test_all_schemes_of_s3_go_to_the_endpoint():
    made = settings()
    for scheme in ("s3", "s3a", "s3n"):
        assert made[f"spark.hadoop.fs.{scheme}.impl"].endswith(".S3AFileSystem")
    assert made["spark.hadoop.fs.s3a.endpoint"] == "http://127.0.0.1:4566"
    assert made["spark.hadoop.fs.s3a.endpoint.region"] == "eu-west-1"
    assert made["spark.hadoop.fs.s3a.path.style.access"] == "true"
    assert made["spark.hadoop.fs.s3a.connection.ssl.enabled"] == "false"


def test_an_https_endpoint_is_spoken_to_by_tls():
    made = settings(needed=on("local[1]", "https://usher.example:4566"))
    assert made["spark.hadoop.fs.s3a.connection.ssl.enabled"] == "true"


@pytest.mark.parametrize("master", ["local", "local[4]", "local-cluster[2,1,1024]"])
def test_a_master_on_this_machine_stays_on_loopback(master):
    made = settings(needed=on(master))
    assert made["spark.driver.host"] == made["spark.driver.bindAddress"] == "127.0.0.1"


@pytest.mark.parametrize("master", ["spark://cluster:7077", "yarn", "k8s://https://k:6443"])
def test_executors_elsewhere_can_reach_the_driver(master):
    options = submit.parse_arguments(on(master))
    made = submit.spark_settings(options, "/scratch")
    assert not [key for key in made if key.startswith("spark.driver.") and "127.0.0.1" in made[key]]
    assert not [value for value in made.values() if value == "/scratch/hadoop"]
    environment = submit.driver_environment({}, options, Path("/spark"), "/scratch")
    assert "SPARK_LOCAL_IP" not in environment
    assert "PYSPARK_PYTHON" not in environment


@pytest.mark.parametrize("form", [["--TempDir", "s3://b/t/"], ["--TempDir=s3://b/t/"]])
def test_the_jobs_temp_dir_is_where_executors_elsewhere_stage(form):
    assert settings("--", *form, needed=on("yarn"))["spark.usher.staging"] == "s3://b/t/"
    assert "spark.usher.staging" not in settings("--", *form)


def test_the_jobs_own_settings_win():
    made = settings("--conf", "spark.driver.memory=7g", "--conf", "spark.driver.host=10.0.0.7")
    assert made["spark.driver.memory"] == "7g"
    assert made["spark.driver.host"] == "10.0.0.7"


def test_no_secret_is_on_the_command_line(monkeypatch):
    secrets = {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI",
        "AWS_SESSION_TOKEN": "FwoGZXIvYXdz",
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    options = submit.parse_arguments(NEEDED)
    line = " ".join(submit.command_line(options, Path("/spark"), [], "/scratch"))
    made = submit.driver_environment(os.environ, options, Path("/spark"), "/scratch")
    assert not [value for value in secrets.values() if value in line]
    assert {name: made[name] for name in secrets} == secrets


def test_boto3_in_the_script_finds_the_endpoint_and_region():
    made = submit.driver_environment({}, submit.parse_arguments(NEEDED), Path("/spark"), "/s")
    assert made["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert made["AWS_REGION"] == made["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert str(submit.HERE.parent) in made["PYTHONPATH"].split(os.pathsep)


@pytest.mark.parametrize(
    "words, said",
    [
        (NEEDED[:-2], "--script"),
        ([*NEEDED, "--conf", "spark.x"], "KEY=VALUE"),
        ([*NEEDED, "stray"], "come after --"),
        ([*NEEDED, "--unknown", "x"], "--unknown"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(words, said, capsys):
    with pytest.raises(SystemExit) as ended:
        submit.parse_arguments(words)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_an_interpreter_without_spark_leaves_the_reason(tmp_path):
    reason = tmp_path / "reason"
    ended = subprocess.run(
        [sys.executable, "-S", "-m", "glue_runtime.submit", *NEEDED],
        env={"PYTHONPATH": str(submit.HERE.parent), "GLUE_RUN_REASON": str(reason)},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 1
    assert "./setup --spark" in reason.read_text()
    assert reason.read_text() in ended.stderr


def test_a_machine_without_java_is_told_of_it(tmp_path):
    with pytest.raises(submit.CannotStart, match=f"Java and JAVA_HOME={tmp_path} has none"):
        submit.find_java({"JAVA_HOME": str(tmp_path)})
    with pytest.raises(submit.CannotStart, match="Java and PATH has none"):
        submit.find_java({"PATH": str(tmp_path)})


def test_an_endpoint_on_loopback_is_doubted_with_executors_elsewhere(capsys):
    submit.warn_of_loopback(submit.parse_arguments(on("yarn", "http://127.0.0.1:4566")))
    assert "cannot reach it" in capsys.readouterr().err
    submit.warn_of_loopback(submit.parse_arguments(on("yarn")))
    submit.warn_of_loopback(submit.parse_arguments(NEEDED))
    assert capsys.readouterr().err == ""
