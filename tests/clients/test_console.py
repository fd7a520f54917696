"""The console: its link, what it refuses, and its pages in a browser."""

import http.client
import json
import os
import shutil
import subprocess
import urllib.parse

import pytest

import movies_workflow as workflow
from api_stage import ROLE, Api
from lambda_code import eventually
from usher_server import ROOT, UsherServer, clean_environment, free_port, run_usher

BROWSER = shutil.which(os.environ.get("CHROMIUM", "chromium"))
NODE = shutil.which("node")
PLAYWRIGHT = ROOT / "console" / "node_modules" / "playwright-core"
# Where screenshots are kept: beside the binary that is tested.
SCREENSHOTS = "console-screenshots"
MAX_SCRIPT_BYTES = 250_000


class Browser:
    """What a browser does with the console, without one."""

    def __init__(self, link):
        self.address = urllib.parse.urlsplit(link)
        self.cookie = self.token = None

    def ask(self, method, target, body=None, **headers):
        connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=30)
        if self.cookie:
            headers.setdefault("Cookie", self.cookie)
        connection.request(method, target, body, {k.replace("_", "-"): v for k, v in headers.items()})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer, text

    def enter(self):
        answer, _ = self.ask("GET", f"{self.address.path}?{self.address.query}")
        if answer.status == 303:
            self.cookie = answer.getheader("Set-Cookie").split(";")[0]
            self.token = json.loads(self.ask("GET", "/api/session")[1])["csrf"]
        return answer.status

    def call(self, operation, /, **request):
        answer, text = self.ask(
            "POST",
            f"/api/{operation}",
            json.dumps(request),
            Content_Type="application/json",
            X_Usher_Csrf=self.token,
        )
        return answer.status, json.loads(text)


def link_of(server):
    ran = run_usher("console", "--data", server.data)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


@pytest.fixture(scope="module")
def console_server(tmp_path_factory):
    server = UsherServer(
        tmp_path_factory.mktemp("console") / "data", "--console", f"127.0.0.1:{free_port()}"
    ).start()
    yield server
    assert server.stop() == 0, server.log_end()
    gone = run_usher("console", "--data", server.data)
    assert gone.returncode == 1 and "usher serve" in gone.stderr


def test_the_link_that_serve_prints_opens_the_console_once(make_server):
    server = make_server("--console", f"127.0.0.1:{free_port()}")
    first = link_of(server)
    assert f"console        {first}\n" in server.log.read_text()
    assert (server.data / "console-link").stat().st_mode & 0o777 == 0o600

    assert Browser(first).enter() == 303
    assert Browser(first).enter() == 401
    second = link_of(server)
    assert second != first
    browser = Browser(second)
    assert browser.enter() == 303
    answer, text = browser.ask("GET", "/", Accept_Encoding="gzip")
    assert answer.status == 200 and answer.getheader("Content-Encoding") == "gzip"
    assert text[:2] == b"\x1f\x8b"


def test_the_pages_call_operations(console_server):
    browser = Browser(link_of(console_server))
    browser.enter()
    console_server.client("s3").create_bucket(Bucket="seen-by-the-console")
    status, answer = browser.call("s3/ListBuckets")
    assert status == 200
    assert "seen-by-the-console" in [bucket["Name"] for bucket in answer["Buckets"]]
    status, answer = browser.call("console/Server")
    assert status == 200 and answer["endpoint"] == console_server.endpoint
    status, answer = browser.call("s3/CreateBucket", Bucket="not-by-the-console")
    assert status == 404
    status, answer = browser.call("personalize/DescribeCampaign", campaignArn="arn:none")
    assert status == 400 and answer["message"]


def test_nothing_of_the_console_is_served_without_its_session(console_server):
    stranger = Browser(link_of(console_server))
    for method, target in (("GET", "/"), ("GET", "/api/session"), ("POST", "/api/s3/ListBuckets")):
        assert stranger.ask(method, target)[0].status == 401, target
    browser = Browser(link_of(console_server))
    browser.enter()
    assert browser.ask("GET", "/", Host="evil.example")[0].status == 421
    assert browser.ask("GET", "/../data/credentials.json")[0].status in (400, 404)
    assert browser.ask("POST", "/api/s3/ListBuckets", "{}", Content_Type="application/json")[0].status == 403
    refused = browser.ask(
        "POST",
        "/api/s3/ListBuckets",
        "{}",
        Content_Type="application/json",
        X_Usher_Csrf=browser.token,
        Origin=console_server.endpoint,
    )
    assert refused[0].status == 403
    big = browser.ask(
        "POST",
        "/api/s3/ListBuckets",
        "x" * 300_000,
        Content_Type="application/json",
        X_Usher_Csrf=browser.token,
    )
    assert big[0].status == 413


def test_the_console_shares_nothing_with_the_main_address(console_server):
    browser = Browser(link_of(console_server))
    browser.enter()
    main = Browser(console_server.endpoint)
    main.cookie = browser.cookie
    assert main.ask("GET", "/api/session")[0].status != 200
    console_server.client("s3").create_bucket(Bucket="assets")
    console_server.client("s3").put_object(Bucket="assets", Key="page.html", Body=b"<script>1</script>")
    assert browser.ask("GET", "/assets/page.html")[0].status == 404


def test_a_taken_port_is_said_and_off_is_off(console_server, make_server, tmp_path):
    taken = link_of(console_server).split("/")[2]
    ran = run_usher(
        "serve", "--data", tmp_path / "other", "--listen", f"127.0.0.1:{free_port()}", "--console", taken
    )
    assert ran.returncode == 1 and "--console" in ran.stderr and taken.split(":")[1] in ran.stderr
    server = make_server("--console", "off")
    assert "console" not in server.log.read_text()
    assert run_usher("console", "--data", server.data).returncode == 1
    wrong = run_usher("serve", "--data", tmp_path / "other", "--console", "here")
    assert wrong.returncode == 2 and "--console" in wrong.stderr


@pytest.fixture(scope="module")
def programme(console_server, interactions_csv, movielens):
    """A campaign on real ratings, the movies' names, and a function that has written a log."""
    s3 = console_server.client("s3")
    personalize = console_server.client("personalize")
    s3.create_bucket(Bucket=workflow.BUCKET)
    s3.put_object(Bucket=workflow.BUCKET, Key="interactions.csv", Body=interactions_csv)
    with open(movielens.movies, "rb") as file:
        s3.put_object(Bucket=workflow.BUCKET, Key="raw/movies.csv", Body=file)
    role = workflow.create_role(console_server)
    group = workflow.create_group(personalize, "movies")
    schema = workflow.create_schema(personalize, "movies")
    dataset = workflow.create_dataset(personalize, group, schema)
    job = workflow.start_import(personalize, dataset, role, "interactions.csv", "ratings")
    workflow.wait_for(workflow.describe_import(personalize, job))
    version = workflow.train(personalize, group, "MoviesModel")
    campaign = workflow.create_campaign(personalize, version, "MoviesCampaign")
    unseen = personalize.create_filter(
        name="unseen",
        datasetGroupArn=group,
        filterExpression='EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
    )["filterArn"]
    eventually(lambda: personalize.describe_filter(filterArn=unseen)["filter"]["status"] == "ACTIVE")
    functions = console_server.client("lambda")
    functions.create_function(
        FunctionName="LambdaRealTimeAPI",
        Runtime="usher",
        Handler="realtime_api",
        Role=role,
        Code={},
        TracingConfig={"Mode": "Active"},
        Environment={
            "Variables": {
                "CAMPAIGN_ARN": campaign,
                "BUCKET": workflow.BUCKET,
                "METADATA_KEY": "raw/movies.csv",
            }
        },
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="LambdaRealTimeAPI")
    for payload in ({"user_id": "3"}, {"queryStringParameters": {"user_id": "7"}}, {}):
        functions.invoke(FunctionName="LambdaRealTimeAPI", Payload=json.dumps(payload))
    logs = console_server.client("logs")
    eventually(
        lambda: logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/LambdaRealTimeAPI")["logGroups"]
    )
    return campaign


LARGE = 200  # states
# Three calls, of which the last one fails until nobody tries again; what comes of it is caught.
FAILING = {
    "StartAt": "Prepare",
    "States": {
        "Prepare": {"Type": "Pass", "Next": "Each film"},
        "Each film": {
            "Type": "Map",
            "ItemsPath": "$.films",
            "ItemProcessor": {
                "StartAt": "Film",
                "States": {
                    "Film": {
                        "Type": "Task",
                        "Resource": "arn:aws:states:::aws-sdk:s3:listObjectsV2",
                        "Parameters": {"Bucket.$": "$"},
                        "ResultPath": None,
                        "End": True,
                    }
                },
            },
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Tell"}],
            "End": True,
        },
        "Tell": {"Type": "Fail", "Error": "Programme.Failed", "Cause": "a film is missing"},
    },
}
ODD = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def executions(console_server, programme):
    """Executions that failed, that run, that did very much, of large machines and with odd names."""
    states = console_server.client("stepfunctions")

    def machine(name, definition):
        return states.create_state_machine(
            name=name,
            roleArn=ROLE,
            definition=json.dumps(definition),
            tracingConfiguration={"enabled": name == "Programme"},
        )["stateMachineArn"]

    def start(arn, name, **given):
        return states.start_execution(stateMachineArn=arn, name=name, input=json.dumps(given))[
            "executionArn"
        ]

    one = {"Type": "Pass", "End": True}
    programme_arn = machine("Programme", FAILING)
    failed = start(programme_arn, "premiere", films=[workflow.BUCKET, "no-such-bucket"])
    wait = {"Type": "Wait", "Seconds": 86400, "End": True}
    start(machine("Sleeper", {"StartAt": "Sleep", "States": {"Sleep": wait}}), "night")
    chain = {f"S{i}": {"Type": "Pass", "Next": f"S{i + 1}"} for i in range(LARGE - 1)}
    machine("Large", {"StartAt": "S0", "States": {**chain, f"S{LARGE - 1}": one}})
    odd = {**one, "Result": {"text": ODD}}
    start(machine("Odd", {"Comment": ODD, "StartAt": ODD, "States": {ODD: odd}}), "markup")
    circle = {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}
    long = start(machine("Circle", {"StartAt": "A", "States": circle}), "endless")
    states.create_state_machine(
        name="Express",
        type="EXPRESS",
        roleArn=ROLE,
        definition=json.dumps({"StartAt": "P", "States": {"P": one}}),
    )
    for arn in (failed, long):
        eventually(lambda arn=arn: states.describe_execution(executionArn=arn)["status"] == "FAILED", 120)
    return {
        "machine": {
            "arn": programme_arn,
            "name": "Programme",
            "execution": "premiere",
            "first": "Prepare",
            "second": "Each film",
            "failing": "Film",
            "error": "NoSuchBucket",
        },
        "running": {"execution": "night", "state": "Sleep"},
        "long": {"execution": "endless"},
        "large": {"name": "Large", "states": LARGE},
        "odd": {"execution": "markup", "state": ODD, "text": ODD},
    }


@pytest.fixture(scope="module")
def api(console_server, programme):
    """A deployed API in front of the function, with tracing on: its URL and the name of its stage."""
    made = Api(console_server, "Programme")
    made.method(made.function("LambdaRealTimeAPI"))
    made.deploy()
    made.patch_stage(("/tracingEnabled", "true"))
    console_server.client("lambda").add_permission(
        FunctionName="LambdaRealTimeAPI",
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    url = f"{console_server.endpoint}/restapis/{made.id}/dev/_user_request_/?user_id=5"
    return {"apiUrl": url, "stage": "Programme/dev"}


STACK = """Description: A premiere and what it needs
Parameters:
  Title: {Type: String, Default: Heat}
Resources:
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: FromTheStack
      RoleArn: arn:aws:iam::000000000000:role/states
      DefinitionString: '{"StartAt":"Only","States":{"Only":{"Type":"Pass","End":true}}}'
  Store:
    Type: AWS::S3::Bucket
    Properties: {BucketName: premiere-store}
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: Premiere
      Subscription: [{Endpoint: somebody@example.com, Protocol: email}]
Outputs:
  TheTitle: {Value: !Ref Title, Description: what is shown}
"""


@pytest.fixture(scope="module")
def stacks(console_server, programme):
    """A stack that was made, one that could not be, and the mail that the first one sends."""
    cloudformation = console_server.client("cloudformation")
    cloudformation.create_stack(StackName="premiere", TemplateBody=STACK)
    taken = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": workflow.BUCKET}}
    cloudformation.create_stack(
        StackName="unlucky", TemplateBody=json.dumps({"Resources": {"Taken": taken}})
    )

    def status(name):
        return cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]

    assert eventually(lambda: status("premiere") == "CREATE_COMPLETE")
    assert eventually(lambda: status("unlucky") == "ROLLBACK_COMPLETE")
    return {"stack": {"name": "premiere", "machine": "FromTheStack", "bucket": "premiere-store"}}


@pytest.fixture(scope="module")
def objects(console_server, programme):
    """Objects that say that they are pages, in folders, with odd names; a bucket that tells a queue."""
    s3 = console_server.client("s3")
    html = "<script>alert(2)</script><b>bold</b>"
    s3.put_object(
        Bucket=workflow.BUCKET,
        Key="pages/premiere night.html",
        Body=html.encode(),
        ContentType="text/html",
        Metadata={"made-by": "hand"},
    )
    s3.put_object(Bucket=workflow.BUCKET, Key=f"pages/{ODD}", Body=b"\0\1")
    for number in range(205):
        s3.put_object(Bucket=workflow.BUCKET, Key=f"many/{number:03}.txt", Body=b"x")
    sqs = console_server.client("sqs")
    url = sqs.create_queue(QueueName="arrivals")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rule = {
        "QueueArn": arn,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "arrivals/"}]}},
    }
    s3.put_bucket_notification_configuration(
        Bucket=workflow.BUCKET, NotificationConfiguration={"QueueConfigurations": [rule]}
    )
    return {
        "bucket": {"name": workflow.BUCKET, "folder": "pages/", "odd": ODD, "queue": "arrivals"},
        "object": {"name": "premiere night.html", "text": html},
    }


@pytest.fixture(scope="module")
def failed_import(console_server, programme):
    personalize = console_server.client("personalize")
    dataset = personalize.list_datasets()["datasets"][0]["datasetArn"]
    s3 = console_server.client("s3")
    s3.put_object(Bucket=workflow.BUCKET, Key="broken.csv", Body=b"A,B\n1,2\n")
    role = "arn:aws:iam::000000000000:role/personalize"
    arn = workflow.start_import(personalize, dataset, role, "broken.csv", "broken")
    describe = workflow.describe_import(personalize, arn)
    assert eventually(lambda: describe()["status"] == "CREATE FAILED")
    return {"failedImport": {"name": "broken", "reason": describe()["failureReason"]}}


@pytest.fixture(scope="module")
def failed_script(console_server, programme):
    """A run of Glue whose script prints a line, then raises."""
    s3 = console_server.client("s3")
    script = b"print('the curtain rises')\nraise ValueError('no film')\n"
    s3.put_object(Bucket=workflow.BUCKET, Key="scripts/premiere.py", Body=script)
    glue = console_server.client("glue")
    command = {
        "Name": "pythonshell",
        "ScriptLocation": f"s3://{workflow.BUCKET}/scripts/premiere.py",
        "PythonVersion": "3",
    }
    glue.create_job(Name="Prepare", Role=ROLE, Command=command)
    run = glue.start_job_run(JobName="Prepare", Arguments={"--FILM": "Heat"})["JobRunId"]
    ended = eventually(
        lambda: (one := glue.get_job_run(JobName="Prepare", RunId=run)["JobRun"])["JobRunState"] == "FAILED"
        and one
    )
    return {
        "script": {"name": "Prepare", "reason": ended["ErrorMessage"], "line": "the curtain rises"}
    }


def test_runs_of_glue_are_seen_and_not_started(console_server, failed_script):
    browser = Browser(link_of(console_server))
    browser.enter()
    status, runs = browser.call("glue/GetJobRuns", JobName="Prepare")
    assert status == 200 and runs["JobRuns"][0]["JobRunState"] == "FAILED"
    assert "no film" in runs["JobRuns"][0]["ErrorMessage"]
    for operation in ("StartJobRun", "BatchStopJobRun", "CreateJob", "DeleteJob"):
        assert browser.call(f"glue/{operation}", JobName="Prepare")[0] == 404


def test_mails_are_listed_and_read(console_server, stacks):
    browser = Browser(link_of(console_server))
    browser.enter()

    def mails():
        return browser.call("console/Mails")[1]

    found = eventually(lambda: [one for one in mails()["mails"] if one["to"] == "somebody@example.com"])
    assert not mails()["relay"] and mails()["files"] == len(mails()["mails"])
    status, mail = browser.call("console/Mail", name=found[0]["name"])
    assert status == 200 and "Action=ConfirmSubscription" in mail["body"]
    assert mail["subject"] == found[0]["subject"] and mail["messageId"].startswith("<")
    for name in ("../../credentials.json", "/etc/passwd", "none", ""):
        assert browser.call("console/Mail", name=name)[0] == 404, name
    assert browser.call("console/Mail")[0] == 400


def test_a_training_has_a_curve(console_server, programme):
    browser = Browser(link_of(console_server))
    browser.enter()
    versions = browser.call("personalize/ListSolutionVersions")[1]["solutionVersions"]
    status, curve = browser.call(
        "console/TrainingCurve", solutionVersionArn=versions[0]["solutionVersionArn"]
    )
    assert status == 200 and curve["people"] > 0
    assert [point["sweep"] for point in curve["points"]] == list(range(1, len(curve["points"]) + 1))
    assert all(0 < point["ndcgAt10"] < 1 for point in curve["points"])


def test_the_pages_see_what_an_execution_did(console_server, executions):
    browser = Browser(link_of(console_server))
    browser.enter()
    arn = executions["machine"]["arn"].replace(":stateMachine:", ":execution:") + ":premiere"
    status, history = browser.call(
        "stepfunctions/GetExecutionHistory", executionArn=arn, includeExecutionData=False
    )
    assert status == 200 and "input" not in json.dumps(history)
    first = history["events"][0]
    status, asked = browser.call("console/ExecutionEvents", executionArn=arn, ids=[first["id"]])
    given = json.loads(asked["events"][0]["executionStartedEventDetails"]["input"])
    assert status == 200 and given["films"] == [workflow.BUCKET, "no-such-bucket"]
    status, trace = browser.call("console/ExecutionTrace", executionArn=arn)
    assert status == 200
    status, found = browser.call("xray/BatchGetTraces", TraceIds=[trace["traceId"]])
    assert status == 200 and arn in json.dumps(found)
    for operation in ("StartExecution", "StopExecution", "SendTaskSuccess", "DeleteStateMachine"):
        assert browser.call(f"stepfunctions/{operation}", executionArn=arn)[0] == 404
    assert browser.call("console/ExecutionEvents", executionArn=arn + "x", ids=[1])[0] == 400
    assert browser.call("console/ExecutionEvents", executionArn=arn, ids=["1"])[0] == 400


def test_an_object_is_previewed_as_text_and_saved_as_a_file(console_server, programme):
    browser = Browser(link_of(console_server))
    browser.enter()
    s3 = console_server.client("s3")
    page = b"<script>alert(1)</script>"
    s3.put_object(Bucket=workflow.BUCKET, Key="pages/a b.html", Body=page, ContentType="text/html")
    s3.put_object(Bucket=workflow.BUCKET, Key="picture.png", Body=bytes(range(256)))
    status, seen = browser.call("console/Preview", bucket=workflow.BUCKET, key="pages/a b.html")
    assert (status, seen) == (200, {"size": len(page), "whole": True, "text": page.decode()})
    status, seen = browser.call("console/Preview", bucket=workflow.BUCKET, key="interactions.csv")
    assert status == 200 and not seen["whole"] and len(seen["text"]) == 65536
    status, seen = browser.call("console/Preview", bucket=workflow.BUCKET, key="picture.png")
    assert status == 200 and "text" not in seen
    assert browser.call("console/Preview", bucket=workflow.BUCKET, key="none")[0] == 404
    assert browser.call("s3/GetObject", Bucket=workflow.BUCKET, Key="picture.png")[0] == 404

    target = f"/download?bucket={workflow.BUCKET}&key=pages%2Fa%20b.html"
    answer, body = browser.ask("GET", target)
    assert answer.status == 200 and body == page
    assert answer.getheader("Content-Type") == "application/octet-stream"
    assert answer.getheader("Content-Disposition") == "attachment; filename*=UTF-8''a%20b.html"
    assert answer.getheader("Content-Security-Policy") == "sandbox; default-src 'none'"
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert browser.ask("GET", target, Sec_Fetch_Site="same-site")[0].status == 403
    stranger = Browser(link_of(console_server))
    assert stranger.ask("GET", target)[0].status == 401
    whole, body = browser.ask("GET", f"/download?bucket={workflow.BUCKET}&key=interactions.csv")
    assert int(whole.getheader("Content-Length")) == len(body) > 1_000_000


def test_the_movies_page_has_what_it_shows(console_server, programme):
    browser = Browser(link_of(console_server))
    browser.enter()
    status, model = browser.call("console/Campaign", campaignArn=programme)
    assert status == 200 and model["users"] > 0 and model["recipe"] == "aws-user-personalization"
    user = model["sampleUsers"][0]
    status, history = browser.call("console/History", campaignArn=programme, userId=user)
    assert status == 200 and history["known"] and history["items"]
    times = [item["time"] for item in history["items"]]
    assert times == sorted(times, reverse=True)
    ids = [item["itemId"] for item in history["items"]]
    status, titles = browser.call("console/Titles", bucket=workflow.BUCKET, key="raw/movies.csv", itemIds=ids)
    assert status == 200 and set(titles["movies"]) == set(ids)
    status, listed = browser.call(
        "personalize-runtime/GetRecommendations", campaignArn=programme, userId=user, numResults=3
    )
    assert status == 200
    status, why = browser.call(
        "console/Explain", campaignArn=programme, userId=user, itemId=listed["itemList"][0]["itemId"]
    )
    assert status == 200 and set(one["itemId"] for one in why["because"]) <= set(ids)


@pytest.mark.skipif(
    not (BROWSER and NODE and PLAYWRIGHT.is_dir()),
    reason="needs chromium, node and console/node_modules: ./setup --browser installs them",
)
def test_the_pages_work_in_a_browser(
    console_server, api, executions, stacks, objects, failed_import, failed_script, tmp_path
):
    kept = os.environ.get("USHER_BINARY")
    folder = os.path.join(os.path.dirname(os.path.dirname(kept)), SCREENSHOTS) if kept else str(tmp_path)
    facts = json.dumps(
        {**api, **executions, **stacks, **objects, **failed_import, **failed_script}
    )
    ran = subprocess.run(
        [NODE, ROOT / "tests" / "browser" / "console.mjs", link_of(console_server), folder, facts],
        env={**clean_environment(), "CHROMIUM": BROWSER},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    with open(os.path.join(folder, "figures.json"), encoding="utf-8") as file:
        figures = json.load(file)
    assert 0 < figures["scriptBytes"] < MAX_SCRIPT_BYTES
    assert figures["firstPaintMs"] > 0
