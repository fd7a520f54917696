"""Glue as boto3 and the aws command see it: jobs, and runs that are real processes."""

import json
import os
import re
import time
import uuid

import botocore.exceptions
import pytest

from log_groups import events_of

GIVE_UP_SECONDS = 60
POLL_SECONDS = 0.02
BUCKET = "jobs"
ROLE = "arn:aws:iam::000000000000:role/GlueRole"
ENDED = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT")


@pytest.fixture(scope="module")
def glue(server):
    server.client("s3").create_bucket(Bucket=BUCKET)
    return server.client("glue")


def put_script(server, script):
    key = f"scripts/{uuid.uuid4()}.py"
    server.client("s3").put_object(Bucket=BUCKET, Key=key, Body=script.encode())
    return f"s3://{BUCKET}/{key}"


def create_job(server, script, kind="pythonshell", **members):
    """A job that runs this script; its name."""
    name = f"job-{uuid.uuid4()}"
    command = {"Name": kind, "ScriptLocation": put_script(server, script), "PythonVersion": "3"}
    server.client("glue").create_job(Name=name, Role=ROLE, Command=command, **members)
    return name


def create_builtin(server, builtin, **members):
    name = f"job-{uuid.uuid4()}"
    command = {"Name": "usher", "ScriptLocation": f"usher:{builtin}"}
    server.client("glue").create_job(Name=name, Role=ROLE, Command=command, **members)
    return name


def wait_until(holds, what):
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while not (result := holds()):
        assert time.monotonic() < give_up, f"gave up waiting for {what}"
        time.sleep(POLL_SECONDS)
    return result


def run_of(server, job, run):
    return server.client("glue").get_job_run(JobName=job, RunId=run)["JobRun"]


def wait_for_end(server, job, run):
    def ended():
        found = run_of(server, job, run)
        return found if found["JobRunState"] in ENDED else None

    return wait_until(ended, f"the end of {run}")


def run(server, job, **members):
    """Starts a run and waits for its end."""
    started = server.client("glue").start_job_run(JobName=job, **members)["JobRunId"]
    return wait_for_end(server, job, started)


def lines(server, group, stream):
    logs = server.client("logs")
    return [event["message"] for event in events_of(logs, group, logStreamNames=[stream])]


def wait_for_line(server, group, stream, text):
    return wait_until(
        lambda: next((line for line in lines(server, group, stream) if text in line), None),
        f"'{text}' in {group}",
    )


def error_of(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        call(**arguments)
    return raised.value.response["Error"]


def processes_with(text):
    """Pids of the processes that have this text in their command line."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if text.encode() in file.read():
                    found.append(int(pid))
        except OSError:
            pass  # it has ended meanwhile
    return found


# A script that never ends, and has started a process that has left its group.
ENDLESS = """
import subprocess, sys, time
mark = sys.argv[sys.argv.index("--MARK") + 1]
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)", mark], start_new_session=True)
print("endless", flush=True)
while True:
    time.sleep(1)
"""


# ---- jobs ----


def test_a_job_is_given_back_as_it_was_sent(server, glue):
    sent = {
        "Name": "Everything",
        "Description": "all that a template may say",
        "LogUri": "s3://logs/",
        "Role": "GlueRole",
        "ExecutionProperty": {"MaxConcurrentRuns": 3},
        "Command": {"Name": "glueetl", "ScriptLocation": "s3://b/s.py", "PythonVersion": "3"},
        "DefaultArguments": {"--job-bookmark-option": "job-bookmark-disable", "--TempDir": "s3://b/t/"},
        "NonOverridableArguments": {"--fixed": "1"},
        "Connections": {"Connections": ["network"]},
        "MaxRetries": 2,
        "Timeout": 15,
        "WorkerType": "G.1X",
        "NumberOfWorkers": 4,
        "SecurityConfiguration": "none",
        "NotificationProperty": {"NotifyDelayAfter": 5},
        "GlueVersion": "3.0",
        "ExecutionClass": "STANDARD",
    }
    assert glue.create_job(**sent, Tags={"stage": "test"})["Name"] == "Everything"

    job = glue.get_job(JobName="Everything")["Job"]
    assert {name: job[name] for name in sent} == sent
    assert job["CreatedOn"] == job["LastModifiedOn"]
    arn = f"arn:aws:glue:{server.region}:000000000000:job/Everything"
    assert glue.get_tags(ResourceArn=arn)["Tags"] == {"stage": "test"}

    assert error_of(glue.create_job, **sent)["Code"] == "AlreadyExistsException"
    update = {"Role": "Other", "Command": sent["Command"], "Description": "less"}
    assert glue.update_job(JobName="Everything", JobUpdate=update)["JobName"] == "Everything"
    job = glue.get_job(JobName="Everything")["Job"]
    assert job["Description"] == "less" and "WorkerType" not in job and job["MaxRetries"] == 0
    assert glue.get_tags(ResourceArn=arn)["Tags"] == {"stage": "test"}

    glue.delete_job(JobName="Everything")
    assert error_of(glue.get_job, JobName="Everything")["Code"] == "EntityNotFoundException"
    glue.delete_job(JobName="Everything")  # no error, as with AWS


def test_jobs_are_listed_by_pages_and_by_tags(server, glue):
    script = put_script(server, "")
    names = [f"paged-{number}" for number in range(5)]
    for number, name in enumerate(names):
        glue.create_job(
            Name=name,
            Role=ROLE,
            Command={"Name": "pythonshell", "ScriptLocation": script},
            Tags={"parity": str(number % 2)},
        )
    pages = glue.get_paginator("get_jobs").paginate(PaginationConfig={"PageSize": 2})
    found = [job["Name"] for page in pages for job in page["Jobs"]]
    assert [name for name in found if name.startswith("paged-")] == names

    listed, token = [], {}
    while True:
        page = glue.list_jobs(MaxResults=2, Tags={"parity": "1"}, **token)
        listed += page["JobNames"]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert listed == ["paged-1", "paged-3"]
    assert error_of(glue.list_jobs, NextToken="nonsense")["Code"] == "InvalidInputException"

    batch = glue.batch_get_jobs(JobNames=["paged-0", "nobody"])
    assert [job["Name"] for job in batch["Jobs"]] == ["paged-0"]
    assert batch["JobsNotFound"] == ["nobody"]


def test_tags_come_and_go(server, glue):
    name = create_job(server, "")
    arn = f"arn:aws:glue:{server.region}:000000000000:job/{name}"
    glue.tag_resource(ResourceArn=arn, TagsToAdd={"a": "1", "b": "2"})
    glue.untag_resource(ResourceArn=arn, TagsToRemove=["a"])
    assert glue.get_tags(ResourceArn=arn)["Tags"] == {"b": "2"}
    missing = arn.replace(name, "nobody")
    assert error_of(glue.get_tags, ResourceArn=missing)["Code"] == "EntityNotFoundException"
    crawler = arn.replace("job/", "crawler/")
    assert error_of(glue.get_tags, ResourceArn=crawler)["Code"] == "InvalidInputException"
    many = {f"t{number}": "" for number in range(50)}
    error = error_of(glue.tag_resource, ResourceArn=arn, TagsToAdd=many)
    assert error["Code"] == "ResourceNumberLimitExceededException"
    # Limits count characters.
    glue.tag_resource(ResourceArn=arn, TagsToAdd={"ж" * 128: "ж" * 256})
    assert glue.get_tags(ResourceArn=arn)["Tags"]["ж" * 128] == "ж" * 256
    error_of(glue.tag_resource, ResourceArn=arn, TagsToAdd={"ж" * 129: ""})
    error_of(glue.tag_resource, ResourceArn=arn, TagsToAdd={"key": "ж" * 257})


@pytest.mark.parametrize(
    ("command", "members", "told"),
    [
        ({"Name": "gluestreaming", "ScriptLocation": "s3://b/k"}, {}, "glueetl, pythonshell or usher"),
        ({"Name": "pythonshell", "ScriptLocation": "b/k.py"}, {}, "s3://bucket/key"),
        ({"Name": "pythonshell", "ScriptLocation": "s3://bucket"}, {}, "s3://bucket/key"),
        ({"Name": "pythonshell"}, {}, "ScriptLocation"),
        ({"Name": "pythonshell", "ScriptLocation": "s3://b/k", "PythonVersion": "2"}, {}, "3 or 3.9"),
        ({"Name": "usher", "ScriptLocation": "usher:nonsense"}, {}, "copy_objects"),
        ({"Name": "usher", "ScriptLocation": "s3://b/k"}, {}, "usher:NAME"),
        ({"Name": "pythonshell", "ScriptLocation": "s3://b/k"}, {"MaxRetries": 11}, "MaxRetries is 11"),
        ({"Name": "pythonshell", "ScriptLocation": "s3://b/k"}, {"Timeout": 99999}, "from 1 to 10080"),
        (
            {"Name": "pythonshell", "ScriptLocation": "s3://b/k"},
            {"ExecutionProperty": {"MaxConcurrentRuns": 0}},
            "MaxConcurrentRuns is 0",
        ),
        (
            {"Name": "pythonshell", "ScriptLocation": "s3://b/k"},
            {"DefaultArguments": {"--long": "x" * 100_000}},
            "at most 98304",
        ),
    ],
)
def test_a_job_that_cannot_be_is_refused(glue, command, members, told):
    error = error_of(glue.create_job, Name="bad", Role=ROLE, Command=command, **members)
    assert error["Code"] == "InvalidInputException"
    assert told in error["Message"]


def test_bookmarks_are_accepted_and_empty(server, glue):
    name = create_job(server, "", DefaultArguments={"--job-bookmark-option": "job-bookmark-enable"})
    assert error_of(glue.get_job_bookmark, JobName=name)["Code"] == "EntityNotFoundException"
    assert error_of(glue.reset_job_bookmark, JobName=name)["Code"] == "EntityNotFoundException"


# ---- runs of Python ----


def test_a_script_runs_with_its_arguments_and_the_server(server, glue):
    job = create_job(
        server,
        """
import boto3, json, sys
print("to the output")
print("to the errors", file=sys.stderr)
boto3.client("s3").put_object(Bucket="jobs", Key="seen.json", Body=json.dumps(sys.argv))
boto3.client("s3").put_object(
    Bucket="jobs", Key="caller", Body=boto3.client("sts").get_caller_identity()["Arn"]
)
""",
        DefaultArguments={"--dashed-name": "default", "--under_score": "kept", "--enable-metrics": ""},
        NonOverridableArguments={"--fixed": "always"},
        WorkerType="G.1X",
        NumberOfWorkers=2,
    )
    ended = run(server, job, Arguments={"--dashed-name": "given", "--fixed": "never"}, MaxCapacity=4.0)
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert re.fullmatch("jr_[0-9a-f]{64}", ended["Id"])
    assert ended["Attempt"] == 0 and ended["JobName"] == job and ended["LogGroupName"] == "/aws-glue/jobs"
    # A mix that the documents forbid and that works.
    assert (ended["MaxCapacity"], ended["WorkerType"], ended["NumberOfWorkers"]) == (4.0, "G.1X", 2)
    assert ended["StartedOn"] <= ended["CompletedOn"] and ended["ExecutionTime"] >= 0
    assert ended["Arguments"] == {"--dashed-name": "given", "--fixed": "never"}

    s3 = server.client("s3")
    argv = json.loads(s3.get_object(Bucket=BUCKET, Key="seen.json")["Body"].read())
    assert argv[0].endswith(".py") and os.path.isabs(argv[0])
    pairs = dict(zip(argv[1::2], argv[2::2]))
    job_id = pairs.pop("--JOB_ID")
    assert re.fullmatch("j_[0-9a-f]{64}", job_id)
    assert pairs == {
        "--JOB_NAME": job,
        "--JOB_RUN_ID": ended["Id"],
        "--dashed-name": "given",
        "--under_score": "kept",
        "--enable-metrics": "",
        "--fixed": "always",
    }
    caller = s3.get_object(Bucket=BUCKET, Key="caller")["Body"].read().decode()
    assert caller == "arn:aws:sts::000000000000:assumed-role/GlueRole/GlueJobRunnerSession"
    assert wait_for_line(server, "/aws-glue/jobs/output", ended["Id"], "to the output")
    assert wait_for_line(server, "/aws-glue/jobs/error", ended["Id"], "to the errors")
    assert lines(server, "/aws-glue/jobs/logs-v2", ended["Id"]) == []


def test_a_script_that_raises_fails_its_run_with_the_exception(server, glue):
    job = create_job(server, "def read(answer):\n    return answer['Contents'][0]\n\nread({})\n")
    ended = run(server, job)
    assert (ended["JobRunState"], ended["ErrorMessage"]) == ("FAILED", "KeyError: 'Contents'")
    assert wait_for_line(server, "/aws-glue/jobs/error", ended["Id"], "Traceback (most recent call last)")
    assert wait_for_line(server, "/aws-glue/jobs/error", ended["Id"], "in read")
    assert not [line for line in lines(server, "/aws-glue/jobs/error", ended["Id"]) if "runpy" in line]


@pytest.mark.parametrize(
    ("script", "state", "message"),
    [
        ("import sys; sys.exit(0)", "SUCCEEDED", None),
        ("import sys; sys.exit(3)", "FAILED", "SystemExit: 3"),
        ("import sys; sys.exit('not today')", "FAILED", "SystemExit: not today"),
        (
            "import os, sys; print('last words', file=sys.stderr, flush=True); os._exit(7)",
            "FAILED",
            "Command failed with exit code 7: last words",
        ),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "FAILED", "The process was killed by signal 11"),
        ("def f(:", "FAILED", "SyntaxError: invalid syntax"),
        ("import no_such_module", "FAILED", "ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
def test_the_end_of_a_script_is_the_end_of_its_run(server, glue, script, state, message):
    ended = run(server, create_job(server, script))
    assert (ended["JobRunState"], ended.get("ErrorMessage")) == (state, message)


def test_a_script_that_is_not_there_fails_its_run(server, glue):
    job = create_job(server, "")
    location = glue.get_job(JobName=job)["Job"]["Command"]["ScriptLocation"]
    server.client("s3").delete_object(Bucket=BUCKET, Key=location.removeprefix(f"s3://{BUCKET}/"))
    ended = run(server, job)
    assert ended["JobRunState"] == "FAILED"
    assert ended["ErrorMessage"].startswith(f"cannot read the script {location}: ")


def test_the_script_is_read_anew_at_each_run(server, glue):
    job = create_job(server, "raise ValueError('first')")
    assert run(server, job)["ErrorMessage"] == "ValueError: first"
    location = glue.get_job(JobName=job)["Job"]["Command"]["ScriptLocation"]
    key = location.removeprefix(f"s3://{BUCKET}/")
    server.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"raise ValueError('second')")
    assert run(server, job)["ErrorMessage"] == "ValueError: second"


def test_modules_come_with_the_script(server, glue):
    s3 = server.client("s3")
    s3.put_object(Bucket=BUCKET, Key="lib/helper.py", Body=b"WORD = 'helped'")
    job = create_job(
        server,
        "import helper\nprint(helper.WORD)",
        DefaultArguments={
            "--extra-py-files": f"s3://{BUCKET}/lib/helper.py",
            "--additional-python-modules": "left-out==1.0",
            "--enable-continuous-cloudwatch-log": "true",
        },
    )
    ended = run(server, job)
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert wait_for_line(server, "/aws-glue/jobs/output", ended["Id"], "helped")
    assert wait_for_line(server, "/aws-glue/jobs/logs-v2", ended["Id"], "helped")
    assert wait_for_line(server, "/aws-glue/jobs/error", ended["Id"], "pip install left-out==1.0")


def test_output_can_be_read_while_the_run_goes_on(server, glue):
    job = create_job(server, ENDLESS)
    started = glue.start_job_run(JobName=job, Arguments={"--MARK": "reading"})["JobRunId"]
    assert wait_for_line(server, "/aws-glue/jobs/output", started, "endless")
    assert run_of(server, job, started)["JobRunState"] == "RUNNING"
    glue.batch_stop_job_run(JobName=job, JobRunIds=[started])
    wait_for_end(server, job, started)


def test_stopping_a_run_ends_all_that_it_has_started(server, glue):
    mark = f"mark-{uuid.uuid4()}"
    job = create_job(server, ENDLESS)
    started = glue.start_job_run(JobName=job, Arguments={"--MARK": mark})["JobRunId"]
    wait_until(lambda: len(processes_with(mark)) == 2, "the script and its child")

    answer = glue.batch_stop_job_run(JobName=job, JobRunIds=[started, "jr_nobody"])
    assert answer["SuccessfulSubmissions"] == [{"JobName": job, "JobRunId": started}]
    assert answer["Errors"][0]["JobRunId"] == "jr_nobody"
    assert answer["Errors"][0]["ErrorDetail"]["ErrorCode"] == "EntityNotFoundException"

    ended = wait_for_end(server, job, started)
    assert ended["JobRunState"] == "STOPPED" and "ErrorMessage" not in ended
    assert processes_with(mark) == []
    again = glue.batch_stop_job_run(JobName=job, JobRunIds=[started])
    assert "STOPPED" in again["Errors"][0]["ErrorDetail"]["ErrorMessage"]


def test_a_deleted_job_takes_its_runs_along(server, glue):
    mark = f"mark-{uuid.uuid4()}"
    job = create_job(server, ENDLESS)
    started = glue.start_job_run(JobName=job, Arguments={"--MARK": mark})["JobRunId"]
    wait_until(lambda: len(processes_with(mark)) == 2, "the script and its child")
    glue.delete_job(JobName=job)
    assert error_of(glue.get_job_run, JobName=job, RunId=started)["Code"] == "EntityNotFoundException"
    wait_until(lambda: not processes_with(mark), "the end of the processes")


def test_runs_of_a_job_at_once_are_limited(server, glue):
    job = create_job(server, ENDLESS, ExecutionProperty={"MaxConcurrentRuns": 2})
    arguments = {"--MARK": "limited"}
    first = glue.start_job_run(JobName=job, Arguments=arguments)["JobRunId"]
    second = glue.start_job_run(JobName=job, Arguments=arguments)["JobRunId"]
    error = error_of(glue.start_job_run, JobName=job, Arguments=arguments)
    assert error["Code"] == "ConcurrentRunsExceededException" and job in error["Message"]

    # A run that may queue waits for its turn, and can be stopped while it does.
    queued = [
        glue.start_job_run(JobName=job, Arguments=arguments, JobRunQueuingEnabled=True)["JobRunId"] for _ in range(2)
    ]
    assert {run_of(server, job, one)["JobRunState"] for one in queued} == {"WAITING"}
    glue.batch_stop_job_run(JobName=job, JobRunIds=[queued[0]])
    assert run_of(server, job, queued[0])["JobRunState"] == "STOPPED"
    glue.batch_stop_job_run(JobName=job, JobRunIds=[first])
    wait_until(lambda: run_of(server, job, queued[1])["JobRunState"] == "RUNNING", "the queued run")

    newest_first = [one["Id"] for one in glue.get_job_runs(JobName=job)["JobRuns"]]
    assert newest_first == [queued[1], queued[0], second, first]
    page = glue.get_job_runs(JobName=job, MaxResults=3)
    rest = glue.get_job_runs(JobName=job, MaxResults=3, NextToken=page["NextToken"])
    assert [one["Id"] for one in page["JobRuns"] + rest["JobRuns"]] == newest_first
    glue.batch_stop_job_run(JobName=job, JobRunIds=[second, queued[1]])
    for one in (second, queued[1]):
        wait_for_end(server, job, one)


def test_a_run_that_fails_is_tried_again(server, glue):
    job = create_job(
        server,
        """
import boto3
s3 = boto3.client("s3")
key = "tries/" + __import__("sys").argv[2]
tries = s3.list_objects_v2(Bucket="jobs", Prefix=key).get("KeyCount", 0)
s3.put_object(Bucket="jobs", Key=f"{key}/{tries}", Body=b"")
if tries < 2:
    raise RuntimeError(f"try {tries}")
""",
        MaxRetries=2,
    )
    # --JOB_ID comes first, and is the same for all attempts.
    first = run(server, job)
    assert first["ErrorMessage"] == "RuntimeError: try 0"
    second = wait_for_end(server, job, f"{first['Id']}_attempt_1")
    assert (second["Attempt"], second["ErrorMessage"]) == (1, "RuntimeError: try 1")
    assert second["PreviousRunId"] == first["Id"]
    third = wait_for_end(server, job, f"{first['Id']}_attempt_2")
    assert (third["Attempt"], third["JobRunState"]) == (2, "SUCCEEDED")
    runs = glue.get_job_runs(JobName=job)["JobRuns"]
    assert [one["Attempt"] for one in runs] == [2, 1, 0]


def test_unknown_jobs_and_runs(server, glue):
    assert error_of(glue.start_job_run, JobName="nobody")["Code"] == "EntityNotFoundException"
    assert error_of(glue.get_job_runs, JobName="nobody")["Code"] == "EntityNotFoundException"
    job = create_job(server, "")
    error = error_of(glue.get_job_run, JobName=job, RunId="jr_nobody")
    assert error["Code"] == "EntityNotFoundException" and "jr_nobody" in error["Message"]


# ---- runs of the program's own jobs ----


def test_a_built_in_job_reads_and_writes_objects(server, glue):
    s3 = server.client("s3")
    bodies = {"one.csv": b"a,b\n1,2\n", "deep/ü ?&+.txt": os.urandom(5_000_000), "empty": b""}
    for key, body in bodies.items():
        s3.put_object(Bucket=BUCKET, Key=f"from/{key}", Body=body)
    described = {"ContentType": "text/x-told", "Metadata": {"made-by": "me"}}
    s3.put_object(Bucket=BUCKET, Key="from/told", Body=b"x", Tagging="kind=small", **described)
    job = create_builtin(server, "copy_objects", DefaultArguments={"--SOURCE": f"s3://{BUCKET}/from/"})
    ended = run(server, job, Arguments={"--TARGET": f"s3://{BUCKET}/to/"})
    assert ended["JobRunState"] == "SUCCEEDED", ended
    for key, body in bodies.items():
        assert s3.get_object(Bucket=BUCKET, Key=f"to/{key}")["Body"].read() == body
    copied = s3.head_object(Bucket=BUCKET, Key="to/told")
    assert {name: copied[name] for name in described} == described
    tags = s3.get_object_tagging(Bucket=BUCKET, Key="to/told")["TagSet"]
    assert tags == [{"Key": "kind", "Value": "small"}]
    assert wait_for_line(server, "/aws-glue/jobs/output", ended["Id"], "one.csv")
    assert "copying" in lines(server, "/aws-glue/jobs/output", ended["Id"])  # a stage that it reported


def test_a_built_in_job_fails_with_its_reason(server, glue):
    job = create_builtin(server, "copy_objects")
    assert "--SOURCE, --TARGET" in run(server, job)["ErrorMessage"]
    places = {"--SOURCE": "s3://no-such-bucket/", "--TARGET": f"s3://{BUCKET}/to/"}
    ended = run(server, job, Arguments=places)
    assert ended["JobRunState"] == "FAILED" and "no-such-bucket" in ended["ErrorMessage"]
    assert wait_for_line(server, "/aws-glue/jobs/error", ended["Id"], "no-such-bucket")


# ---- Spark ----


def test_spark_that_is_not_installed_is_named(make_server, tmp_path):
    server = make_server("--spark-home", str(tmp_path / "nothing"))
    server.client("s3").create_bucket(Bucket=BUCKET)
    ended = run(server, create_job(server, "import pyspark", kind="glueetl", GlueVersion="3.0"))
    assert ended["JobRunState"] == "FAILED"
    assert "./setup --spark" in ended["ErrorMessage"] and ended["GlueVersion"] == "3.0"


# ---- a server that ends ----


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_a_run_that_the_servers_end_cuts_begins_again(make_server, end):
    server = make_server()
    server.client("s3").create_bucket(Bucket=BUCKET)
    mark = f"mark-{uuid.uuid4()}"
    job = create_job(
        server,
        """
import boto3, sys, time
s3 = boto3.client("s3")
if s3.list_objects_v2(Bucket="jobs", Prefix="go").get("KeyCount", 0) == 0:
    s3.put_object(Bucket="jobs", Key="begun", Body=b"")
    import subprocess
    mark = sys.argv[sys.argv.index("--MARK") + 1]
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)", mark], start_new_session=True)
    time.sleep(3600)
print("second time")
""",
    )
    glue = server.client("glue")
    started = glue.start_job_run(JobName=job, Arguments={"--MARK": mark})["JobRunId"]
    wait_until(lambda: len(processes_with(mark)) == 2, "the script and its child")
    server.client("s3").put_object(Bucket=BUCKET, Key="go", Body=b"")
    getattr(server, end)()
    server.restart()

    ended = wait_for_end(server, job, started)
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert processes_with(mark) == []
    assert wait_for_line(server, "/aws-glue/jobs/output", started, "second time")
    assert [one["Id"] for one in glue.get_job_runs(JobName=job)["JobRuns"]] == [started]


def test_a_run_that_always_takes_the_server_along_fails(make_server):
    server = make_server()
    server.client("s3").create_bucket(Bucket=BUCKET)
    job = create_job(server, ENDLESS)
    glue = server.client("glue")
    started = glue.start_job_run(JobName=job, Arguments={"--MARK": "m"})["JobRunId"]
    for _ in range(3):
        wait_until(lambda: run_of(server, job, started)["JobRunState"] == "RUNNING", "the run")
        server.kill()
        server.restart()
    ended = wait_for_end(server, job, started)
    assert ended["JobRunState"] == "FAILED" and "ended 3 times" in ended["ErrorMessage"]


# ---- with the services around it ----


def story(job):
    """The shape of machines that start a job, wait, and ask for its state until it has succeeded."""
    return {
        "StartAt": "Glue StartJobRun",
        "States": {
            "Glue StartJobRun": {
                "Type": "Task",
                "Resource": "arn:aws:states:::glue:startJobRun",
                "Parameters": {"JobName": job, "MaxCapacity": 4, "Arguments": {"--word.$": "$.word"}},
                "ResultSelector": {"Id.$": "$.JobRunId"},
                "ResultPath": "$.Results",
                "Next": "Wait",
            },
            "Wait": {"Type": "Wait", "Seconds": 30, "Next": "PollGlueJobStatus"},
            "PollGlueJobStatus": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:glue:getJobRun",
                "Parameters": {"JobName": job, "RunId.$": "$.Results.Id"},
                "ResultSelector": {"Id.$": "$.JobRun.Id", "JobRunState.$": "$.JobRun.JobRunState"},
                "ResultPath": "$.Results",
                "Next": "Check Glue Job Status Succeeded",
            },
            "Check Glue Job Status Succeeded": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.Results.JobRunState", "StringEquals": "SUCCEEDED", "Next": "Done"}],
                "Default": "Wait",
            },
            "Done": {"Type": "Pass", "End": True},
        },
    }


def execute(server, definition, given=None):
    states = server.client("stepfunctions")
    arn = states.create_state_machine(name=f"m-{uuid.uuid4()}", definition=json.dumps(definition), roleArn=ROLE)
    return states.start_execution(stateMachineArn=arn["stateMachineArn"], input=json.dumps(given or {}))["executionArn"]


def wait_for_execution(server, execution):
    def ended():
        described = server.client("stepfunctions").describe_execution(executionArn=execution)
        return described if described["status"] != "RUNNING" else None

    return wait_until(ended, f"the end of {execution}")


def sync_task(job):
    return {
        "StartAt": "Run",
        "States": {
            "Run": {
                "Type": "Task",
                "Resource": "arn:aws:states:::glue:startJobRun.sync",
                "Parameters": {"JobName": job},
                "End": True,
            }
        },
    }


@pytest.fixture(scope="module")
def fast(tmp_path_factory):
    """A server whose Wait states are a hundred times faster."""
    from usher_server import UsherServer

    running = UsherServer(tmp_path_factory.mktemp("fast") / "data", "--time-scale", "100").start()
    running.client("s3").create_bucket(Bucket=BUCKET)
    yield running
    assert running.stop() == 0, running.log_end()


def test_a_state_machine_starts_a_job_and_waits_for_it(fast):
    job = create_job(fast, "import sys\nprint(sys.argv[sys.argv.index('--word') + 1])")
    ended = wait_for_execution(fast, execute(fast, story(job), {"word": "spoken"}))
    assert ended["status"] == "SUCCEEDED", ended
    results = json.loads(ended["output"])["Results"]
    assert results["JobRunState"] == "SUCCEEDED"
    assert run_of(fast, job, results["Id"])["MaxCapacity"] == 4.0
    assert wait_for_line(fast, "/aws-glue/jobs/output", results["Id"], "spoken")


def test_a_state_machine_that_polls_a_failed_run_is_told_of(fast):
    job = create_job(fast, "raise KeyError('Contents')")
    execution = execute(fast, story(job), {"word": "w"})
    wait_until(
        lambda: [
            line
            for line in fast.log.read_text().splitlines()
            if execution in line and "FAILED" in line and "KeyError: 'Contents'" in line
        ],
        "a line of the log",
    )
    fast.client("stepfunctions").stop_execution(executionArn=execution)


def test_sync_waits_for_the_run(fast):
    ended = wait_for_execution(fast, execute(fast, sync_task(create_job(fast, "print('done')"))))
    assert ended["status"] == "SUCCEEDED", ended
    assert json.loads(ended["output"])["JobRunState"] == "SUCCEEDED"
    history = fast.client("stepfunctions").get_execution_history(executionArn=ended["executionArn"])
    assert "TaskSubmitted" in [event["type"] for event in history["events"]]

    failed = wait_for_execution(fast, execute(fast, sync_task(create_job(fast, "raise KeyError('Contents')"))))
    assert (failed["status"], failed["error"]) == ("FAILED", "States.TaskFailed")
    assert json.loads(failed["cause"])["ErrorMessage"] == "KeyError: 'Contents'"


def test_errors_of_a_start_have_the_names_of_the_service(fast):
    job = create_job(fast, ENDLESS)
    fast.client("glue").start_job_run(JobName=job, Arguments={"--MARK": "busy"})
    ended = wait_for_execution(fast, execute(fast, sync_task(job)))
    assert (ended["status"], ended["error"]) == ("FAILED", "Glue.ConcurrentRunsExceededException")
    ended = wait_for_execution(fast, execute(fast, sync_task("nobody")))
    assert (ended["status"], ended["error"]) == ("FAILED", "Glue.EntityNotFoundException")
    fast.client("glue").delete_job(JobName=job)


TEMPLATE = """
Parameters:
  Fraction: {Type: String, Default: 0.05}
Resources:
  Job:
    Type: AWS::Glue::Job
    Properties:
      Name: FromTemplate
      Role: GlueRole
      Command: {Name: glueetl, PythonVersion: "3", ScriptLocation: s3://jobs/s.py}
      DefaultArguments:
        --RatingsFraction: !Ref Fraction
        --partitions: 100
        --enable-metrics: ""
      ExecutionProperty: {MaxConcurrentRuns: 2}
      GlueVersion: 3.0
      WorkerType: G.1X
      NumberOfWorkers: 4
      Timeout: 60
      Tags: {owner: me}
Outputs:
  Name: {Value: !Ref Job}
"""


def test_a_template_makes_changes_and_removes_a_job(server, glue):
    formation = server.client("cloudformation")
    formation.create_stack(StackName="glue", TemplateBody=TEMPLATE)
    formation.get_waiter("stack_create_complete").wait(StackName="glue", WaiterConfig={"Delay": 1})
    stack = formation.describe_stacks(StackName="glue")["Stacks"][0]
    assert stack["Outputs"][0]["OutputValue"] == "FromTemplate"
    job = glue.get_job(JobName="FromTemplate")["Job"]
    assert job["GlueVersion"] == "3.0" and job["NumberOfWorkers"] == 4
    assert job["DefaultArguments"] == {"--RatingsFraction": "0.05", "--partitions": "100", "--enable-metrics": ""}

    changed = TEMPLATE.replace("Timeout: 60", "Timeout: 5").replace("owner: me", "stage: x")
    formation.update_stack(StackName="glue", TemplateBody=changed)
    formation.get_waiter("stack_update_complete").wait(StackName="glue", WaiterConfig={"Delay": 1})
    updated = glue.get_job(JobName="FromTemplate")["Job"]
    assert updated["Timeout"] == 5 and updated["CreatedOn"] == job["CreatedOn"]
    arn = f"arn:aws:glue:{server.region}:000000000000:job/FromTemplate"
    assert glue.get_tags(ResourceArn=arn)["Tags"] == {"stage": "x"}

    renamed = changed.replace("Name: FromTemplate", "Name: Renamed")
    formation.update_stack(StackName="glue", TemplateBody=renamed)
    formation.get_waiter("stack_update_complete").wait(StackName="glue", WaiterConfig={"Delay": 1})
    assert glue.get_job(JobName="Renamed")["Job"]["Timeout"] == 5
    assert error_of(glue.get_job, JobName="FromTemplate")["Code"] == "EntityNotFoundException"

    formation.delete_stack(StackName="glue")
    formation.get_waiter("stack_delete_complete").wait(StackName="glue", WaiterConfig={"Delay": 1})
    assert error_of(glue.get_job, JobName="Renamed")["Code"] == "EntityNotFoundException"


def test_the_aws_command_runs_a_job(server, glue):
    job = create_job(server, "print('by the command line')")
    run_id = json.loads(server.aws("glue", "start-job-run", "--job-name", job).stdout)["JobRunId"]
    wait_for_end(server, job, run_id)
    shown = server.aws("glue", "get-job-run", "--job-name", job, "--run-id", run_id, "--query", "JobRun.JobRunState")
    assert json.loads(shown.stdout) == "SUCCEEDED"
