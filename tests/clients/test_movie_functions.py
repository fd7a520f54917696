"""The functions of the movie workflow: those that are built in, and their Python twins of examples/movies/functions."""

import io
import json
import subprocess
import sys

import pyarrow.parquet
import pytest

import movies_workflow as workflow
from lambda_code import create, eventually, zip_of
from log_groups import events_of
from usher_server import ROOT, UsherServer, clean_environment

FUNCTIONS = ROOT / "examples" / "movies" / "functions"
LAYER = ROOT / ".layers" / "awswrangler"
BUCKET = "workflow"
CATALOGUE = "input/movies.csv"

MOVIES = """movieId,title,genres\r
1,Toy Story (1995),Adventure|Animation|Children\r
11,"American President, The (1995)",Comedy|Drama|Romance\r
47,Seven (a.k.a. Se7en) (1995),Mystery|Thriller\r
99,"The ""Best"" One (2000)",Drama\r
100,No Year,Horror\r
101,Nothing Listed (2001),(no genres listed)"""

# Stands in for awswrangler where the layer is not installed: writes the frame as it would, one snappy object.
WRANGLER_DOUBLE = """
import io, sys, types
import boto3, pyarrow, pyarrow.parquet
def to_parquet(df, path, compression):
    bucket, key = path.removeprefix("s3://").split("/", 1)
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pandas(df, preserve_index=False), out, compression=compression)
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=out.getvalue())
sys.modules["awswrangler"] = types.SimpleNamespace(s3=types.SimpleNamespace(to_parquet=to_parquet))
"""

RUN_TWIN = "import json, sys; import {name}; print(json.dumps({name}.lambda_handler(json.loads(sys.argv[1]), None)))"


def event_of(key, **object_members):
    return {"Records": [{"s3": {"bucket": {"name": BUCKET}, "object": {"key": key, **object_members}}}]}


def run_twin(server, name, key, environment, prelude="", **object_members):
    """The twin's answer, and what it printed before, in a process of its own."""
    event = event_of(key, **object_members)
    ran = subprocess.run(
        [sys.executable, "-c", prelude + RUN_TWIN.format(name=name), json.dumps(event)],
        env={
            **clean_environment(),
            **server.exports,
            **environment,
            "PYTHONPATH": str(FUNCTIONS),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    *printed, answer = ran.stdout.splitlines()
    return json.loads(answer), printed


def line(user, *items):
    return json.dumps(
        {
            "input": {"userId": user},
            "output": {"recommendedItems": list(items), "scores": [0.1] * len(items)},
            "error": None,
        }
    )


class Functions:
    """The built-in functions on a live server."""

    def __init__(self, server):
        self.server = server
        self.s3 = server.client("s3")
        self.functions = server.client("lambda")
        self.s3.create_bucket(Bucket=BUCKET)
        self.s3.put_object(Bucket=BUCKET, Key=CATALOGUE, Body=MOVIES.encode())
        iam = server.client("iam")
        try:
            self.role = iam.get_role(RoleName="PersonalizeRole")["Role"]["Arn"]
        except iam.exceptions.NoSuchEntityException:
            self.role = workflow.create_role(server, "PersonalizeRole")

    def create(self, name, handler, environment, timeout=60):
        self.functions.create_function(
            FunctionName=name,
            Runtime="usher",
            Handler=handler,
            Role=self.role,
            Code={},
            Timeout=timeout,
            Environment={"Variables": environment},
        )
        self.functions.get_waiter("function_active_v2").wait(FunctionName=name)

    def invoke(self, name, key, **object_members):
        event = json.dumps(event_of(key, **object_members))
        answer = self.functions.invoke(FunctionName=name, Payload=event)
        return json.loads(answer["Payload"].read()), answer.get("FunctionError")

    def put(self, key, text):
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode())

    def table(self, key):
        body = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        file = pyarrow.parquet.ParquetFile(io.BytesIO(body))
        group = file.metadata.row_group(0)
        assert {group.column(i).compression for i in range(group.num_columns)} == {"SNAPPY"}
        return file.read()


@pytest.fixture(scope="module")
def functions(server):
    made = Functions(server)
    made.create("transform", "batch_transform", {"METADATA_KEY": CATALOGUE})
    made.create("no-movies", "batch_transform", {"METADATA_KEY": "none.csv"})
    return made


# --- batch_transform -------------------------------------------------------------------------------


def test_recommendations_become_a_snappy_table_of_titles(functions):
    functions.put("r/inference/users.json.out", line("15000", "1", "11") + "\n" + line("7", "47"))

    assert functions.invoke("transform", "r/inference/users.json.out") == (None, None)

    table = functions.table("r/inference/transformed.parquet")
    assert [(field.name, str(field.type)) for field in table.schema] == [
        ("userId", "int64"),
        ("Recommendations", "string"),
    ]
    assert table.to_pylist() == [
        {
            "userId": 15000,
            "Recommendations": "Toy Story (1995) (Adventure) | American President, The (1995) (Comedy)",
        },
        {"userId": 7, "Recommendations": "Seven (a.k.a. Se7en) (1995) (Mystery)"},
    ]


def test_what_the_transform_could_not_do_is_in_its_payload_and_log(functions):
    functions.put("bad/users.json.out", "{broken\n")
    payload, error = functions.invoke("transform", "bad/users.json.out")
    assert error == "Unhandled" and "bad/users.json.out" in payload["errorMessage"]

    functions.put("no/users.json.out", line("1", "1"))
    payload, error = functions.invoke("no-movies", "no/users.json.out")
    assert error == "Unhandled" and "s3://workflow/none.csv" in payload["errorMessage"]

    assert functions.invoke("transform", "r/segment/items.json.out") == (None, None)
    logs = functions.server.client("logs")
    events = eventually(
        lambda: events_of(logs, "/aws/lambda/transform", filterPattern='"segments list users"')
    )
    assert len(events) == 1 and "r/segment/items.json.out" in events[0]["message"]


@pytest.mark.parametrize("wrangler", ["layer", "double"])
def test_the_python_twin_makes_the_same_table(functions, wrangler):
    if wrangler == "layer":
        if not LAYER.is_dir():
            pytest.skip("the layer awswrangler is not installed: ./setup --layer awswrangler")
        create(
            functions.functions,
            "twin",
            Handler="batch_transform.lambda_handler",
            Code={"ZipFile": zip_of({path.name: path.read_text() for path in FUNCTIONS.glob("*.py")})},
            Layers=["arn:aws:lambda:us-east-1:336392948345:layer:AWSSDKPandas-Python39:9"],
            Environment={"Variables": {"METADATA_KEY": CATALOGUE}},
            Timeout=60,
        )
    else:
        pytest.importorskip("pandas", reason="pandas, which the twin needs, comes with the layer awswrangler")
    movies = ["1", "11", "47", "99", "100", "101"]
    texts = {
        "numbers": [line(str(user), *movies[user % 6 :]) for user in range(1, 40)],
        "names": [line("7", "1"), line("anna", "99", "100"), line("007", "101")],
        "holes": [line("1", "1"), "{broken", '{"input":{"userId":"2"},"error":"no"}', line("3")],
    }
    for name, lines in texts.items():
        for end in ("", "\n", "\n\n"):
            key = f"{wrangler}//{name}/users.json.out"
            functions.put(key, "\r\n".join(lines) + end)
            result = f"{wrangler}//{name}/transformed.parquet"

            assert functions.invoke("transform", key) == (None, None)
            native = functions.table(result)
            if wrangler == "layer":
                assert functions.invoke("twin", key) == (None, None)
            else:
                environment = {"METADATA_KEY": CATALOGUE}
                run_twin(functions.server, "batch_transform", key, environment, WRANGLER_DOUBLE)
            twin = functions.table(result)

            assert twin.to_pylist() == native.to_pylist()
            kinds = [str(table.schema.field("userId").type) for table in (twin, native)]
            assert kinds[0].removeprefix("large_") == kinds[1]


# --- batch_trigger ---------------------------------------------------------------------------------


def test_other_files_start_nothing_in_either(functions):
    environment = {"SOLUTION_ARN": "none", "BATCH_RESULTS_KEY": "results"}
    functions.create("idle", "batch_trigger", environment)
    assert functions.invoke("idle", "input/movies.csv") == (None, None)
    answer, printed = run_twin(functions.server, "batch_trigger", "input/movies.csv", environment)
    assert answer is None and "movies.csv" in printed[0]


def test_users_start_batch_inference_in_both(prepared):
    version = workflow.train(prepared.personalize, prepared.group_arn, "movies")
    functions = Functions(prepared.server)
    functions.put("input/users.json", '{"userId":"1"}\n{"userId":"2"}')
    environment = {
        "SOLUTION_ARN": version,
        "BATCH_RESULTS_KEY": "results/",
        "NUM_RESULTS": "7",
        "CONFIG": '{"itemExplorationConfig":{"explorationWeight":"0.3","explorationItemAgeCutOff":"30"}}',
    }
    environment["ROLE_NAME"] = workflow.create_role(prepared.server, "my-batches").rsplit("/", 1)[1]
    native_environment = {**environment, "JOB_NAME": "native"}
    functions.create("trigger", "batch_trigger", native_environment)

    native, error = functions.invoke("trigger", "input/users.json")
    assert error is None, native
    twin, _ = run_twin(
        prepared.server, "batch_trigger", "input/users.json", {**environment, "JOB_NAME": "twin"}
    )

    described = [
        prepared.personalize.describe_batch_inference_job(**answer)["batchInferenceJob"]
        for answer in (native, twin)
    ]
    names = [job["jobName"].rsplit("_", 1) for job in described]
    assert [name for name, _ in names] == ["native", "twin"]
    assert abs(int(names[0][1]) - int(names[1][1])) < 300
    for member in (
        "solutionVersionArn",
        "numResults",
        "jobInput",
        "jobOutput",
        "roleArn",
        "batchInferenceJobConfig",
    ):
        assert described[0][member] == described[1][member], member
    assert described[0]["jobOutput"]["s3DataDestination"]["path"] == f"s3://{BUCKET}/results//inference/"
    assert described[0]["roleArn"].endswith(":role/my-batches")

    # items.json needs a solution version of another recipe, and says so.
    functions.put("input/items.json", '{"itemId":"1"}\n\n')
    payload, error = functions.invoke("trigger", "input/items.json")
    assert error == "Unhandled" and payload["errorType"] == "InvalidInputException"
    assert "aws-item-affinity" in payload["errorMessage"]


def test_a_file_that_is_dropped_ends_in_a_table(prepared, movielens):
    version = workflow.train(prepared.personalize, prepared.group_arn, "dropped")
    functions = Functions(prepared.server)
    with open(movielens.movies, "rb") as file:
        functions.s3.put_object(Bucket=BUCKET, Key="input/all-movies.csv", Body=file)
    functions.create(
        "drop-trigger", "batch_trigger", {"SOLUTION_ARN": version, "BATCH_RESULTS_KEY": "drop/results/"}
    )
    functions.create("drop-transform", "batch_transform", {"METADATA_KEY": "input/all-movies.csv"})
    functions.s3.put_bucket_notification_configuration(
        Bucket=BUCKET,
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [
                rule(name, prefix, suffix)
                for name, prefix, suffix in (
                    ("drop-trigger", "drop/input/", ".json"),
                    ("drop-transform", "drop/results/", ".out"),
                )
            ]
        },
    )
    users = [str(user) for user in range(1, 16)]
    functions.put("drop/input/users.json", "\n".join(json.dumps({"userId": user}) for user in users))

    rows = eventually(lambda: find_rows(functions, "drop/results//inference/transformed.parquet"))
    assert sorted(row["userId"] for row in rows) == list(range(1, 16))
    for row in rows:
        titles = row["Recommendations"].split(" | ")
        assert len(titles) == 25
        # Every item is in the catalogue: a title, and a genre in brackets.
        assert all(title.endswith(")") for title in titles)


def rule(function, prefix, suffix):
    return {
        "Id": function,
        "LambdaFunctionArn": f"arn:aws:lambda:us-east-1:000000000000:function:{function}",
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {
            "Key": {
                "FilterRules": [
                    {"Name": "prefix", "Value": prefix},
                    {"Name": "suffix", "Value": suffix},
                ]
            }
        },
    }


def find_rows(functions, key):
    try:
        return functions.table(key).to_pylist()
    except functions.s3.exceptions.NoSuchKey:
        return None


# --- training_trigger ------------------------------------------------------------------------------


def test_ratings_start_the_machine_once_for_an_event_in_both(functions):
    states = functions.server.client("stepfunctions")
    definition = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
    machine = states.create_state_machine(
        name="trains", definition=json.dumps(definition), roleArn=functions.role
    )["stateMachineArn"]
    environment = {"STATE_MACHINE_ARN": machine}
    functions.create("train-trigger", "training_trigger", environment)
    key = "raw+data/ratings.csv"  # form-encoded: there is a space in it

    def native(key, **members):
        payload, error = functions.invoke("train-trigger", key, **members)
        assert error is None, payload
        return payload

    def twin(key, **members):
        return run_twin(functions.server, "training_trigger", key, environment, **members)[0]

    for number, run in enumerate((native, twin)):
        sequencer = f"00A{number}"
        arn = run(key, sequencer=sequencer)["executionArn"]
        assert arn.endswith(f":trains:ratings-{sequencer}")
        described = eventually(
            lambda arn=arn: (found := states.describe_execution(executionArn=arn))["status"] == "SUCCEEDED"
            and found
        )
        assert json.loads(described["input"]) == {"Bucket": BUCKET, "Key": "raw data/ratings.csv"}
        assert run(key, sequencer=sequencer) is None
        assert run("raw/movies.csv", sequencer="1") is None
        # An event made by hand has no sequencer: it starts one each time.
        assert run(key)["executionArn"] != run(key)["executionArn"]


# --- realtime_api ----------------------------------------------------------------------------------

DEVICE_SCHEMA = {
    **workflow.INTERACTIONS_SCHEMA,
    "fields": [
        *workflow.INTERACTIONS_SCHEMA["fields"],
        {"name": "DEVICE", "type": "string", "categorical": True},
    ],
}


def device_ratings():
    """200 users who watch even movies on tv and odd ones on the phone."""
    rows = ["USER_ID,ITEM_ID,TIMESTAMP,DEVICE"]
    for user in range(200):
        for k in range(12):
            movie = (user * 7 + k * k * 3) % 40
            device = "phone" if movie % 2 else "tv"
            rows.append(f"{user},{movie},{1_600_000_000 + user * 1000 + k * 60},{device}")
    return "\n".join(rows) + "\n"


@pytest.fixture(scope="module")
def situations(tmp_path_factory):
    """A campaign whose answer depends on the device, and the function in front of it."""
    server = UsherServer(tmp_path_factory.mktemp("devices") / "data").start()
    yield make_situations(server)
    assert server.stop() == 0, server.log_end()


def make_situations(server):
    functions = Functions(server)
    personalize = functions.server.client("personalize")
    functions.s3.create_bucket(Bucket=workflow.BUCKET)
    functions.s3.put_object(Bucket=workflow.BUCKET, Key="devices.csv", Body=device_ratings().encode())
    movies = "".join(f"{movie},Movie {movie},Genre {movie % 3}|All\n" for movie in range(40))
    functions.put("movies.csv", "movieId,title,genres\n" + movies)
    group = workflow.create_group(personalize, "devices")
    schema = workflow.create_schema(personalize, "devices", DEVICE_SCHEMA)
    dataset = workflow.create_dataset(personalize, group, schema)
    job = workflow.start_import(personalize, dataset, functions.role, "devices.csv", "devices")
    workflow.wait_for(workflow.describe_import(personalize, job))
    version = workflow.train(personalize, group, "devices")
    campaign = workflow.create_campaign(
        personalize,
        version,
        "devices",
        campaignConfig={"itemExplorationConfig": {"explorationWeight": "0"}},
    )
    functions.variables = {
        "CAMPAIGN_ARN": campaign,
        "BUCKET": BUCKET,
        "METADATA_KEY": "movies.csv",
        "NUM_RESULTS": "5",
    }
    functions.create("realtime", "realtime_api", functions.variables)
    return functions


def ask(functions, event):
    answer = functions.functions.invoke(FunctionName="realtime", Payload=json.dumps(event))
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    return payload


def proxy_event(**query):
    return {
        "resource": "/",
        "httpMethod": "GET",
        "queryStringParameters": query or None,
        "multiValueQueryStringParameters": {k: [v] for k, v in query.items()} or None,
        "requestContext": {"stage": "dev"},
        "body": None,
    }


def ask_twin(functions, event):
    ran = subprocess.run(
        [sys.executable, "-c", RUN_TWIN.format(name="realtime_api"), json.dumps(event)],
        env={
            **clean_environment(),
            **functions.server.exports,
            **functions.variables,
            "PYTHONPATH": str(FUNCTIONS),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


def without_id(answer):
    assert answer.pop("recommendationId").startswith("RID-")
    return answer


def test_context_changes_what_a_proxy_event_is_answered(situations):
    for device, oddness in (("tv", 0), ("phone", 1)):
        answer = ask(situations, proxy_event(user_id="3", DEVICE=device))
        assert answer["statusCode"] == 200 and set(answer) <= {
            "statusCode",
            "headers",
            "multiValueHeaders",
            "body",
            "isBase64Encoded",
        }
        movies = json.loads(answer["body"])["recommendations"]
        assert len(movies) == 5
        assert [int(movie["itemId"]) % 2 for movie in movies] == [oddness] * 5
        scores = [movie["score"] for movie in movies]
        assert scores == sorted(scores, reverse=True) and 0 < scores[-1] <= scores[0] <= 1
        for movie in movies:
            number = int(movie["itemId"])
            assert movie["title"] == f"Movie {number}"
            assert movie["genres"] == [f"Genre {number % 3}", "All"]


def test_both_kinds_of_event_and_the_twin_agree(situations):
    mapped = {"user_id": "3", "context": '{"DEVICE":"phone"}'}
    proxy = proxy_event(user_id="3", DEVICE="phone")
    answers = [
        ask(situations, mapped),
        json.loads(ask(situations, proxy)["body"]),
        ask_twin(situations, mapped),
        json.loads(ask_twin(situations, proxy)["body"]),
    ]
    answers = [without_id(answer) for answer in answers]
    assert all(answer == answers[0] for answer in answers[1:])


def test_what_the_caller_can_put_right_is_a_400_in_both(situations):
    for query, part in (({}, "user_id"), ({"user_id": "3", "COLOUR": "red"}, "COLOUR")):
        for answer in (ask(situations, proxy_event(**query)), ask_twin(situations, proxy_event(**query))):
            assert answer["statusCode"] == 400, answer
            assert part in json.loads(answer["body"])["message"]
    answer = situations.functions.invoke(FunctionName="realtime", Payload="{}")
    assert answer["FunctionError"] == "Unhandled"
    assert "user_id is missing" in json.loads(answer["Payload"].read())["errorMessage"]


def test_a_new_catalogue_is_seen_soon(situations):
    def titles():
        return {movie["title"].split()[0] for movie in ask(situations, {"user_id": "3"})["recommendations"]}

    for name in ("Renamed", "Movie"):  # the second one puts back what other tests expect
        movies = "".join(f"{movie},{name} {movie},Genre {movie % 3}|All\n" for movie in range(40))
        situations.put("movies.csv", "movieId,title,genres\n" + movies)
        eventually(lambda name=name: titles() == {name})


def test_a_missing_campaign_is_the_functions_error(situations):
    arn = situations.variables["CAMPAIGN_ARN"] + "-gone"
    situations.create("gone", "realtime_api", {**situations.variables, "CAMPAIGN_ARN": arn})
    answer = situations.functions.invoke(FunctionName="gone", Payload=json.dumps(proxy_event(user_id="3")))
    payload = json.loads(answer["Payload"].read())
    assert answer["FunctionError"] == "Unhandled"
    assert payload["errorType"] == "ResourceNotFoundException" and "CAMPAIGN_ARN" in payload["errorMessage"]
