"""The movie workflow as one stack: one create-stack and one upload end in a model, an API, a Parquet file and a mail."""

import io
import json
import re
import time

import pyarrow.parquet
import pytest

import batch_workflow as batch
import movie_stack as stack
from movie_stack import BUCKET, ask
from lambda_code import zip_of
from usher_server import UsherServer

FUNCTIONS = stack.EXAMPLE / "functions"
PYTHON = ("batch_trigger", "batch_transform", "realtime_api")
USERS = 120  # whose ratings are used: enough for an import and a model, and quick under a sanitizer


class Story:
    def __init__(self, server, movielens):
        self.server = server
        self.movielens = movielens
        self.s3 = server.client("s3")
        self.personalize = server.client("personalize")
        self.states = server.client("stepfunctions")
        self.ratings = stack.ratings_of(movielens, USERS)
        stack.put_assets(server)
        stack.create_all(server)
        self.outputs = stack.outputs_of(stack.wait_for_stack(server, "movies"))
        stack.confirm_subscription(server)

        # The ratings come first, as they may in an upload of a folder: their execution waits for the movies.
        self.put("raw/ratings.csv", self.ratings)
        self.put("raw/users.json", stack.users_file(["1", "2", "15"]))
        self.s3.upload_file(str(movielens.movies), BUCKET, "raw/movies.csv")
        self.execution = stack.execution_of_upload(server, self.outputs["MachineArn"])
        self.ended = stack.wait_for_execution(server, self.execution)
        self.output = json.loads(self.ended["output"])

    def put(self, key, text):
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode())

    def get(self, key):
        return self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()

    def upload_ratings(self, text, wanted):
        """Another upload; the execution that it starts, at its end."""
        listed = self.states.list_executions(stateMachineArn=self.outputs["MachineArn"])
        known = [e["executionArn"] for e in listed["executions"]]
        self.put("raw/ratings.csv", text)
        execution = stack.execution_of_upload(self.server, self.outputs["MachineArn"], known)
        return stack.wait_for_execution(self.server, execution, wanted)

    def run_from(self, state, end, given, wanted):
        """A part of the machine, as an execution comes to `state` with what is given, up to before `end`; its end."""
        machine = self.states.describe_state_machine(stateMachineArn=self.outputs["MachineArn"])
        states = {**json.loads(machine["definition"])["States"], end: {"Type": "Succeed"}}
        reached, next_ones = {}, [state]
        while next_ones:
            if (name := next_ones.pop()) in states and name not in reached:
                reached[name] = states[name]
                next_ones += re.findall(r'"(?:Next|Default)": "([^"]+)"', json.dumps(states[name]))
        part = self.states.create_state_machine(
            name="movies-part",
            definition=json.dumps({"StartAt": state, "States": reached}),
            roleArn=machine["roleArn"],
        )["stateMachineArn"]
        execution = self.states.start_execution(
            stateMachineArn=part, input=json.dumps({"PollSeconds": 1, **given})
        )["executionArn"]
        ended = stack.wait_for_execution(self.server, execution, wanted)
        self.states.delete_state_machine(stateMachineArn=part)
        return ended

    def variables(self, function):
        configuration = self.server.client("lambda").get_function_configuration(FunctionName=function)
        return configuration["Environment"]["Variables"]


@pytest.fixture(scope="module")
def story(tmp_path_factory, movielens):
    server = UsherServer(tmp_path_factory.mktemp("usher") / "data", "--time-scale", "10").start()
    yield Story(server, movielens)
    assert server.stop() == 0, server.log_end()


def rows(text):
    return [line.split(",") for line in text.splitlines()[1:]]


def test_ratings_become_interactions(story):
    folder = "prepared/" + story.execution.rsplit(":", 1)[1]
    prepared = story.get(f"{folder}/model_input/interactions.csv").decode()
    assert prepared.splitlines()[0] == "ITEM_ID,USER_ID,TIMESTAMP"
    assert rows(prepared) == [[movie, user, at] for user, movie, _, at in rows(story.ratings)]
    metadata = story.get(f"{folder}/metadata/metadata.csv").decode()
    assert metadata.splitlines()[0] == "TITLE,GENRES,ITEM_ID"
    assert {row[-1] for row in rows(metadata)} == {row[0] for row in rows(prepared)}


def test_the_model_serves_and_its_metrics_are_told(story):
    campaign = story.personalize.describe_campaign(campaignArn=story.output["CampaignArn"])["campaign"]
    assert campaign["status"] == "ACTIVE"
    assert campaign["solutionVersionArn"] == story.output["SolutionVersionArn"]
    assert campaign["campaignConfig"]["itemExplorationConfig"] == {
        "explorationWeight": "0.3",
        "explorationItemAgeCutOff": "30",
    }
    metrics = story.personalize.get_solution_metrics(
        solutionVersionArn=story.output["SolutionVersionArn"]
    )["metrics"]
    assert story.output["Metrics"] == pytest.approx(metrics)
    assert story.variables("movies-batch-trigger")["SOLUTION_ARN"] == story.output["SolutionVersionArn"]
    # The other variables are as the template gives them.
    assert story.variables("movies-recommend") == {
        "CAMPAIGN_ARN": story.output["CampaignArn"],
        "BUCKET": BUCKET,
        "METADATA_KEY": "raw/movies.csv",
        "NUM_RESULTS": "10",
    }


def test_the_api_answers_and_the_way_can_be_seen(story):
    status, answer = ask(story.outputs["ApiUrl"], "?user_id=5&num_results=3")
    assert status == 200
    assert answer["userId"] == "5"
    titles = story.movielens.titles()
    assert [movie["title"] for movie in answer["recommendations"]] == [
        titles[movie["itemId"]] for movie in answer["recommendations"]
    ]
    assert len(answer["recommendations"]) == 3
    assert ask(story.outputs["ApiUrl"], "") == (
        400,
        {"message": "Missing required request parameters: [user_id]"},
    )

    xray = story.server.client("xray")

    def origins(expression):
        now = time.time()
        found = xray.get_trace_summaries(
            StartTime=now - 600, EndTime=now + 5, FilterExpression=expression
        )["TraceSummaries"]
        if not found:
            return None
        traces = xray.batch_get_traces(TraceIds=[found[0]["Id"]])["Traces"]
        return {
            json.loads(segment["Document"]).get("origin")
            for trace in traces
            for segment in trace["Segments"]
        }

    # From the stage to the function, in one trace; an execution in another.
    api = batch.wait_until(lambda: origins('service("movies-recommender/dev") AND ok'), "the trace")
    assert {"AWS::ApiGateway::Stage", "AWS::Lambda", "AWS::Lambda::Function"} <= api
    machine = batch.wait_until(lambda: origins('service("movies-training")'), "the trace")
    assert "AWS::StepFunctions::StateMachine" in machine


def test_the_first_batch_ends_in_a_parquet_file_and_a_mail(story):
    def done():
        return [
            record
            for record in stack.notifications(story.server)
            if record["requestContext"]["functionArn"].endswith(":movies-batch-transform:$LATEST")
        ]

    (record,) = batch.wait_until(done, "the mail")
    assert record["requestContext"]["condition"] == "Success"
    table = pyarrow.parquet.read_table(
        io.BytesIO(story.get("batch/results/inference/transformed.parquet"))
    )
    assert table["userId"].to_pylist() == [1, 2, 15]
    for text in table["Recommendations"].to_pylist():
        assert len(text.split(" | ")) == 10


def test_an_update_changes_the_integration_type_and_back(story):
    client = story.server.client("cloudformation")
    keep = [
        {"ParameterKey": key, "UsePreviousValue": True} for key in ("Bucket", "Assets", "Email", "Endpoint")
    ]
    url, before = story.outputs["ApiUrl"], story.variables("movies-recommend")
    shapes = []
    for kind in ("AWS", "AWS_PROXY"):
        client.update_stack(
            StackName="movies",
            UsePreviousTemplate=True,
            Parameters=[*keep, *stack.parameters(IntegrationType=kind, PollSeconds="1")],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        updated = stack.wait_for_stack(story.server, "movies", "UPDATE_COMPLETE")
        assert stack.outputs_of(updated)["ApiUrl"] == url
        api = story.server.client("apigateway")
        (root,) = api.get_resources(restApiId=url.split("/")[-3])["items"]
        integration = api.get_integration(
            restApiId=url.split("/")[-3], resourceId=root["id"], httpMethod="GET"
        )
        assert integration["type"] == kind

        status, answer = ask(url, "?user_id=O%27Hara%20%22%5C&num_results=2")
        assert status == 200
        assert answer["userId"] == "O'Hara \"\\"
        shapes.append({**answer, "recommendations": [sorted(m) for m in answer["recommendations"]]})
        shapes[-1].pop("recommendationId")
        for query in ("", "?user_id=5&num_results=many", "?user_id=5&num_results=9999"):
            status, answer = ask(url, query)
            assert (status, list(answer)) == (400, ["message"])
        # A context that the model knows nothing of is the caller's fault, too, in either type.
        assert ask(url, "?user_id=5&context=%7B%22DEVICE%22%3A%22phone%22%7D")[0] == 400
    assert shapes[0] == shapes[1]
    assert story.variables("movies-recommend") == before


def test_a_second_upload_takes_the_campaign_over(story):
    ended = story.upload_ratings(stack.ratings_of(story.movielens, USERS + 10), "SUCCEEDED")
    output = json.loads(ended["output"])
    assert output["CampaignArn"] == story.output["CampaignArn"]
    assert output["SolutionVersionArn"] != story.output["SolutionVersionArn"]
    campaign = story.personalize.describe_campaign(campaignArn=output["CampaignArn"])["campaign"]
    assert campaign["solutionVersionArn"] == output["SolutionVersionArn"]
    assert story.variables("movies-batch-trigger")["SOLUTION_ARN"] == output["SolutionVersionArn"]
    assert ask(story.outputs["ApiUrl"], "?user_id=5")[0] == 200


def test_a_campaign_that_was_made_meanwhile_is_taken_over(story):
    """Two executions have found none: the one that is second to create it serves its own model, too."""
    version = story.output["SolutionVersionArn"]

    def serving():
        found = story.personalize.describe_campaign(campaignArn=story.output["CampaignArn"])
        return found["campaign"]["solutionVersionArn"]

    assert serving() != version
    given = {"Version": {"SolutionVersionArn": version}}
    story.run_from("Create the campaign", "What functions ask", given, "SUCCEEDED")
    assert serving() == version


def test_uploads_side_by_side_wait_for_each_other(story):
    """There is one job and one dataset for all of them: whoever comes second tries again."""
    listed = story.states.list_executions(stateMachineArn=story.outputs["MachineArn"])
    known = {e["executionArn"] for e in listed["executions"]}
    for users in (USERS, USERS + 5):
        story.put("raw/ratings.csv", stack.ratings_of(story.movielens, users))

    def both():
        found = story.states.list_executions(stateMachineArn=story.outputs["MachineArn"])
        new = {e["executionArn"] for e in found["executions"]} - known
        return new if len(new) == 2 else None

    versions = set()
    for execution in batch.wait_until(both, "two executions"):
        ended = stack.wait_for_execution(story.server, execution)
        versions.add(json.loads(ended["output"])["SolutionVersionArn"])
    assert len(versions) == 2
    campaign = story.personalize.describe_campaign(campaignArn=story.output["CampaignArn"])["campaign"]
    assert campaign["status"] == "ACTIVE"
    assert campaign["solutionVersionArn"] in versions
    assert story.variables("movies-batch-trigger")["SOLUTION_ARN"] in versions


def test_a_broken_upload_fails_with_words_and_leaves_the_campaign(story):
    before = story.variables("movies-batch-trigger")
    lines = story.ratings.splitlines()
    lines[7] = "7,1,4.0,yesterday"
    ended = story.upload_ratings("\n".join(lines), "FAILED")
    assert ended["error"] == "PrepareFailed"
    assert f"s3://{BUCKET}/raw/ratings.csv: line 8: " in ended["cause"]
    assert "yesterday" in ended["cause"]
    # Too few ratings are the import's to refuse.
    ended = story.upload_ratings("\n".join(story.ratings.splitlines()[:50]) + "\n", "FAILED")
    assert ended["error"] == "ImportFailed"
    assert "1000" in ended["cause"].replace(",", "")
    assert story.variables("movies-batch-trigger") == before
    assert ask(story.outputs["ApiUrl"], "?user_id=5")[0] == 200


def test_the_templates_work_singly(story):
    """train.yaml with an execution started by hand, then predict.yaml with what came of it."""
    server, s3 = story.server, story.s3
    s3.create_bucket(Bucket="solo-data")
    s3.put_object(Bucket="solo-data", Key="raw/ratings.csv", Body=story.ratings.encode())
    s3.upload_file(str(story.movielens.movies), "solo-data", "raw/movies.csv")
    stack.create(server, "solo-train", "train.yaml", Prefix="solo", Bucket="solo-data", ResampleFraction="0.9")
    outputs = stack.outputs_of(stack.wait_for_stack(server, "solo-train"))
    # Another stack has had an execution of this name, which is none that a job may have.
    name = "first." + 74 * "x"
    executions = [
        story.states.start_execution(
            stateMachineArn=machine, name=name, input=json.dumps({"Bucket": bucket, "Key": "raw/ratings.csv"})
        )["executionArn"]
        for machine, bucket in ((story.outputs["MachineArn"], BUCKET), (outputs["MachineArn"], "solo-data"))
    ]
    # The movies' own ratings are too few by now, which only their import says.
    assert stack.wait_for_execution(server, executions[0], "FAILED")["error"] == "ImportFailed"
    output = json.loads(stack.wait_for_execution(server, executions[1])["output"])
    jobs = story.personalize.list_dataset_import_jobs()["datasetImportJobs"]
    (job,) = [one["jobName"] for one in jobs if one["jobName"].startswith("solo-")]
    ended = story.run_from("Look at the import", "Train", {"ImportJob": job}, "FAILED")
    assert ended["error"] == "ImportFailed"
    assert f"The import job {job} is there already" in ended["cause"]

    stack.create(
        server,
        "solo-predict",
        "predict.yaml",
        Prefix="solo",
        Bucket="solo-data",
        Email="solo@example.com",
        SolutionVersionArn=output["SolutionVersionArn"],
        CampaignArn=output["CampaignArn"],
        IntegrationType="AWS",
        NumResults="4",
        Endpoint=server.endpoint,
    )
    url = stack.outputs_of(stack.wait_for_stack(server, "solo-predict"))["ApiUrl"]
    status, answer = ask(url, "?user_id=5")
    assert status == 200
    assert len(answer["recommendations"]) == 4

    # The same functions in Python, on the same campaign.
    zips = {name: zip_of({f"{name}.py": (FUNCTIONS / f"{name}.py").read_text()}) for name in PYTHON}
    for name, content in zips.items():
        s3.put_object(Bucket=stack.ASSETS, Key=f"functions/{name}.zip", Body=content)
    stack.create(
        server,
        "solo-python",
        "predict.yaml",
        Prefix="python",
        Bucket="solo-data",
        Email="solo@example.com",
        SolutionVersionArn=output["SolutionVersionArn"],
        CampaignArn=output["CampaignArn"],
        Endpoint=server.endpoint,
        Runtime="python",
        Assets=stack.ASSETS,
    )
    url = stack.outputs_of(stack.wait_for_stack(server, "solo-python"))["ApiUrl"]
    status, in_python = ask(url, "?user_id=5&num_results=4")
    assert status == 200
    assert in_python.keys() == answer.keys()
    assert in_python["recommendations"][0].keys() == answer["recommendations"][0].keys()

    for name in ("solo-predict", "solo-python", "solo-train"):
        if name == "solo-train":
            stack.tear_down(server, outputs["TearDownArn"])
        stack_id = server.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        server.client("cloudformation").delete_stack(StackName=name)
        stack.wait_for_stack(server, stack_id, "DELETE_COMPLETE")
    s3.delete_bucket(Bucket="solo-data")


def everything(server):
    """Names of what there is, by service, beside logs that services write of their own accord."""

    def names(service, operation, member, name):
        client = server.client(service)
        pages = (
            client.get_paginator(operation).paginate()
            if client.can_paginate(operation)
            else [getattr(client, operation)()]
        )
        return {name(one) for page in pages for one in page[member]}

    groups = names("logs", "describe_log_groups", "logGroups", lambda one: one["logGroupName"])
    return {
        "buckets": names("s3", "list_buckets", "Buckets", lambda one: one["Name"]),
        "functions": names("lambda", "list_functions", "Functions", lambda one: one["FunctionName"]),
        "roles": names("iam", "list_roles", "Roles", lambda one: one["RoleName"]),
        "topics": names("sns", "list_topics", "Topics", lambda one: one["TopicArn"]),
        "apis": names("apigateway", "get_rest_apis", "items", lambda one: one["name"]),
        "machines": names("stepfunctions", "list_state_machines", "stateMachines", lambda one: one["name"]),
        "jobs": names("glue", "get_jobs", "Jobs", lambda one: one["Name"]),
        "groups": names("personalize", "list_dataset_groups", "datasetGroups", lambda one: one["name"]),
        "schemas": names("personalize", "list_schemas", "schemas", lambda one: one["name"]),
        "datasets": names("personalize", "list_datasets", "datasets", lambda one: one["name"]),
        "solutions": names("personalize", "list_solutions", "solutions", lambda one: one["name"]),
        "campaigns": names("personalize", "list_campaigns", "campaigns", lambda one: one["name"]),
        "logs": {group for group in groups if not group.startswith("/aws-glue/")},
    }


def test_deleted_it_leaves_nothing_behind(story):
    """The last of this module: takes the stack of the others down."""
    client = story.server.client("cloudformation")
    stack_id = client.describe_stacks(StackName="movies")["Stacks"][0]["StackId"]
    stack.tear_down(story.server, story.outputs["TearDownArn"])
    client.delete_stack(StackName="movies")
    stack.wait_for_stack(story.server, stack_id, "DELETE_COMPLETE")
    left = {what: names for what, names in everything(story.server).items() if names}
    assert left == {"buckets": {stack.ASSETS}}  # ours, for the templates


def entered(server, execution):
    """Names of the states that it has been in."""
    history = server.client("stepfunctions").get_paginator("get_execution_history")
    return {
        event["stateEnteredEventDetails"]["name"]
        for page in history.paginate(executionArn=execution)
        for event in page["events"]
        if "stateEnteredEventDetails" in event
    }


def test_kills_in_the_middle_of_stack_and_execution_change_nothing(make_server, movielens):
    server = make_server("--time-scale", "10")
    cloudformation = server.client("cloudformation")
    stack.put_assets(server)

    stack.create_all(server)
    batch.wait_until(lambda: len(cloudformation.list_stacks()["StackSummaries"]) > 1, "a nested stack")
    server.kill()
    server.restart()
    outputs = stack.outputs_of(stack.wait_for_stack(server, "movies"))

    s3 = server.client("s3")
    s3.upload_file(str(movielens.movies), BUCKET, "raw/movies.csv")
    ratings = stack.ratings_of(movielens, USERS)
    s3.put_object(Bucket=BUCKET, Key="raw/ratings.csv", Body=ratings.encode())
    server.kill()  # what was acknowledged goes on
    server.restart()
    execution = stack.execution_of_upload(server, outputs["MachineArn"])

    def has_entered(state):
        found = server.client("stepfunctions").describe_execution(executionArn=execution)
        assert found["status"] != "FAILED", f"{found.get('error')}: {found.get('cause')}"
        return state in entered(server, execution)

    states = ("Prepare", "Import", "Train", "Is there a campaign?")
    for at, state in enumerate(states):
        batch.wait_until(lambda state=state: has_entered(state), state)
        if at + 1 < len(states) and has_entered(states[at + 1]):
            continue  # it was quicker: a training that is cut three times is given up
        server.kill()
        server.restart()
    output = json.loads(stack.wait_for_execution(server, execution)["output"])

    # One upload is one execution, and one import.
    listed = server.client("stepfunctions").list_executions(stateMachineArn=outputs["MachineArn"])
    assert [e["executionArn"] for e in listed["executions"]] == [execution]
    personalize = server.client("personalize")
    assert len(personalize.list_dataset_import_jobs()["datasetImportJobs"]) == 1
    campaign = personalize.describe_campaign(campaignArn=output["CampaignArn"])["campaign"]
    assert campaign["status"] == "ACTIVE"
    assert ask(outputs["ApiUrl"], "?user_id=5")[0] == 200
