"""The console: its link, what it refuses, and its pages in a browser."""

import http.client
import json
import os
import shutil
import subprocess
import time
import urllib.parse

import pytest

import movies_workflow as workflow
from lambda_code import create, eventually
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

    def call(self, name, **request):
        answer, text = self.ask(
            "POST",
            f"/api/{name}",
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
    states = console_server.client("stepfunctions")
    machine = states.create_state_machine(
        name="Pass",
        roleArn=role,
        definition=json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}),
    )["stateMachineArn"]
    states.start_execution(stateMachineArn=machine)
    logs = console_server.client("logs")
    eventually(
        lambda: logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/LambdaRealTimeAPI")["logGroups"]
    )
    return campaign


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
def test_the_pages_work_in_a_browser(console_server, programme, tmp_path):
    browser = Browser(link_of(console_server))
    browser.enter()
    # X-Ray's own answers where it is built; a fixture of the same shapes where it is not.
    now = int(time.time())
    status, traces = browser.call("xray/GetTraceSummaries", StartTime=now - 3600, EndTime=now + 60)
    assert status == 404 or traces["TraceSummaries"], traces
    flags = ["--movies", "--logs", *(["--real-traces"] if status == 200 else [])]
    kept = os.environ.get("USHER_BINARY")
    folder = os.path.join(os.path.dirname(os.path.dirname(kept)), SCREENSHOTS) if kept else str(tmp_path)
    ran = subprocess.run(
        [NODE, ROOT / "tests" / "browser" / "console.mjs", link_of(console_server), folder, *flags],
        env={**clean_environment(), "CHROMIUM": BROWSER},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    with open(os.path.join(folder, "figures.json"), encoding="utf-8") as file:
        figures = json.load(file)
    assert 0 < figures["scriptBytes"] < MAX_SCRIPT_BYTES
    assert figures["firstPaintMs"] > 0
