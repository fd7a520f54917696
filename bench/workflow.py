#!/usr/bin/env python3
"""From the upload of a file of 15 users to the mail that says that its Parquet file is there.

  bench/workflow.py --movielens FOLDER              the built-in functions
  bench/workflow.py --movielens FOLDER --python     also those of examples/movies/functions/; wants ./setup --layer awswrangler

FOLDER holds MovieLens' ratings.csv and movies.csv. Starts a server of its own on a fresh data folder, trains, then drops the file
seven times with a name of its own each; the first time warms up and is not counted.
"""
import argparse
import json
import pathlib
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "clients"))

import batch_workflow as batch  # noqa: E402  (found by the line above)
import lambda_code  # noqa: E402
import movies_workflow as movies  # noqa: E402
from usher_server import UsherServer, wait_for  # noqa: E402

ROUNDS = 7
LAYER = "arn:aws:lambda:us-east-1:336392948345:layer:AWSSDKPandas-Python311:9"


def train(server, folder):
    """A solution version, trained on the ratings. Gives its ARN."""
    s3, personalize = server.client("s3"), server.client("personalize")
    s3.create_bucket(Bucket=movies.BUCKET)
    rows = (folder / "ratings.csv").read_text(encoding="utf-8").split("\n", 1)
    header = rows[0].replace("userId", "USER_ID").replace("movieId", "ITEM_ID").replace("timestamp", "TIMESTAMP")
    s3.put_object(Bucket=movies.BUCKET, Key="interactions.csv", Body=f"{header}\n{rows[1]}".encode())
    s3.upload_file(str(folder / "movies.csv"), movies.BUCKET, "raw/movies.csv")
    role = movies.create_role(server, "PersonalizeRole")
    group = movies.create_group(personalize, "bench")
    dataset = movies.create_dataset(personalize, group, movies.create_schema(personalize, "bench"))
    job = movies.start_import(personalize, dataset, role, "interactions.csv", "bench")
    wait_for(movies.describe_import(personalize, job))
    solution = personalize.create_solution(name="bench", datasetGroupArn=group, recipeArn=movies.recipe_arn("aws-user-personalization"))
    version = personalize.create_solution_version(solutionArn=solution["solutionArn"])["solutionVersionArn"]
    wait_for(lambda: personalize.describe_solution_version(solutionVersionArn=version)["solutionVersion"])
    return version


def create_python(server, name, variables, on_success=None):
    """One of the functions of the example, under this name. Gives its ARN."""
    functions = server.client("lambda")
    file = "batch_transform" if "METADATA_KEY" in variables else "batch_trigger"
    source = (ROOT / "examples" / "movies" / "functions" / f"{file}.py").read_text(encoding="utf-8")
    arn = lambda_code.create(
        functions,
        name,
        Runtime="python3.11",
        Handler=f"{file}.lambda_handler",
        Code={"ZipFile": lambda_code.zip_of({f"{file}.py": source})},
        Timeout=60,
        Layers=[LAYER],
        Environment={"Variables": variables},
    )["FunctionArn"]
    if on_success:
        functions.put_function_event_invoke_config(FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": on_success}})
    return arn


def measure(server, kind, version, create):
    """Prints the median time from the upload to the mail."""
    topic = batch.mailing_topic(server, kind, f"{kind}@example.com")
    results = f"{kind}/results"
    trigger = create(f"{kind}Trigger", "batch_trigger", {"SOLUTION_ARN": version, "BATCH_RESULTS_KEY": results, "JOB_NAME": kind}, None)
    transform = create(f"{kind}Transform", "batch_transform", {"BATCH_RESULTS_KEY": results, "METADATA_KEY": "raw/movies.csv"}, topic)
    batch.set_rules(
        server,
        movies.BUCKET,
        batch.rule("in", trigger, f"{kind}/input/", ".json"),
        batch.rule("out", transform, f"{results}/", ".out"),
    )
    s3 = server.client("s3")
    lines = "".join(json.dumps({"userId": str(user)}) + "\n" for user in range(1, 16)).encode()
    times = []
    for turn in range(ROUNDS):
        known = len(batch.mails(server))
        begin = time.perf_counter()
        s3.put_object(Bucket=movies.BUCKET, Key=f"{kind}/input/{turn}/users.json", Body=lines)
        batch.wait_until(lambda known=known: len(batch.mails(server)) > known, "the mail")
        times.append(time.perf_counter() - begin)
        time.sleep(1.1)  # the jobs are called by the second
    print(f"{kind:8} functions: {statistics.median(times[1:]):.2f} s from the upload to the mail (first time {times[0]:.2f} s)", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--movielens", type=pathlib.Path, required=True)
    arguments.add_argument("--python", action="store_true", help="also the functions in Python")
    arguments = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = UsherServer(pathlib.Path(folder) / "data").start()
        try:
            version = train(server, arguments.movielens)
            measure(server, "builtin", version, lambda name, handler, variables, topic: batch.create_builtin(server, name, handler, variables, topic))
            if arguments.python:
                measure(server, "python", version, lambda name, _, variables, topic: create_python(server, name, variables, topic))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
