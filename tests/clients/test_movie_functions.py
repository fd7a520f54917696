"""The functions of the movie workflow: those that are built in, and their Python twins of examples/movies/functions."""

import io
import json
import subprocess
import sys

import pyarrow.parquet
import pytest

import movies_workflow as workflow
from lambda_code import create, eventually, zip_of
from usher_server import ROOT, clean_environment

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


def event_of(key):
    return {"Records": [{"s3": {"bucket": {"name": BUCKET}, "object": {"key": key}}}]}


def run_twin(server, name, key, environment, prelude=""):
    """The twin's answer, and what it printed before, in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-c", prelude + RUN_TWIN.format(name=name), json.dumps(event_of(key))],
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

    def invoke(self, name, key):
        answer = self.functions.invoke(FunctionName=name, Payload=json.dumps(event_of(key)))
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
        lambda: logs.filter_log_events(
            logGroupName="/aws/lambda/transform", filterPattern='"segments list users"'
        )["events"]
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
