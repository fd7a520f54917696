"""Step Functions as boto3 and the aws command see it: machines, executions, tasks, histories, and what survives a kill."""

import json
import time
import uuid

import botocore.exceptions
import pytest

import lambda_code
import movies_workflow as workflow

GIVE_UP_SECONDS = 60
POLL_SECONDS = 0.02
ROLE = "arn:aws:iam::000000000000:role/states"
SDK = "arn:aws:states:::aws-sdk:"


@pytest.fixture(scope="module")
def states(server):
    return server.client("stepfunctions")


def machine(**states):
    """A definition that starts at the first state given; an underscore in a name stands for a blank."""
    named = {name.replace("_", " "): state for name, state in states.items()}
    return {"StartAt": next(iter(named)), "States": named}


def create(states, definition, name=None, **options):
    return states.create_state_machine(
        name=name or f"m-{uuid.uuid4()}", definition=json.dumps(definition), roleArn=ROLE, **options
    )["stateMachineArn"]


def wait_until(holds, what):
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while not (result := holds()):
        assert time.monotonic() < give_up, f"gave up waiting for {what}"
        time.sleep(POLL_SECONDS)
    return result


def wait_for_end(states, execution):
    def ended():
        described = states.describe_execution(executionArn=execution)
        return described if described["status"] != "RUNNING" else None

    return wait_until(ended, f"the end of {execution}")


def run(states, definition, given=None, **options):
    arn = create(states, definition, **options)
    execution = states.start_execution(stateMachineArn=arn, input=json.dumps(given or {}))["executionArn"]
    return wait_for_end(states, execution)


def output_of(states, definition, given=None):
    ended = run(states, definition, given)
    assert ended["status"] == "SUCCEEDED", ended
    return json.loads(ended["output"])


def history(states, execution, **options):
    pages = states.get_paginator("get_execution_history").paginate(executionArn=execution, **options)
    return [event for page in pages for event in page["events"]]


def error_of(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        call(**arguments)
    return raised.value.response["Error"]["Code"]


def task(resource, parameters=None, **members):
    state = {"Type": "Task", "Resource": resource, "End": True, **members}
    if parameters is not None:
        state["Parameters"] = parameters
    if "Next" in members:
        del state["End"]
    return state


# ---- machines ----


def test_machine_is_made_described_changed_and_deleted(states):
    first = json.dumps(machine(A={"Type": "Pass", "End": True}))
    arn = states.create_state_machine(
        name="life", definition=first, roleArn=ROLE, tags=[{"key": "k", "value": "v"}]
    )["stateMachineArn"]
    assert arn == "arn:aws:states:us-east-1:000000000000:stateMachine:life"
    described = states.describe_state_machine(stateMachineArn=arn)
    assert described["definition"] == first
    assert described["status"] == "ACTIVE" and described["type"] == "STANDARD"
    assert described["loggingConfiguration"] == {"level": "OFF", "includeExecutionData": False}
    assert states.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "k", "value": "v"}]

    # The same once more is the same machine; another one of its name is refused.
    again = states.create_state_machine(name="life", definition=first, roleArn=ROLE)
    assert again["stateMachineArn"] == arn
    second = json.dumps(machine(B={"Type": "Succeed"}))
    assert error_of(states.create_state_machine, name="life", definition=second, roleArn=ROLE) == (
        "StateMachineAlreadyExists"
    )
    changed = states.update_state_machine(stateMachineArn=arn, definition=second)
    described = states.describe_state_machine(stateMachineArn=arn)
    assert described["definition"] == second
    assert described["revisionId"] == changed["revisionId"]
    assert error_of(states.update_state_machine, stateMachineArn=arn) == "MissingRequiredParameter"

    states.tag_resource(resourceArn=arn, tags=[{"key": "k", "value": "w"}])
    states.untag_resource(resourceArn=arn, tagKeys=["none"])
    assert states.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "k", "value": "w"}]
    states.delete_state_machine(stateMachineArn=arn)
    assert error_of(states.describe_state_machine, stateMachineArn=arn) == "StateMachineDoesNotExist"
    states.delete_state_machine(stateMachineArn=arn)


def test_machines_are_listed_in_pages(states):
    made = {create(states, machine(A={"Type": "Succeed"})) for _ in range(5)}
    pages = states.get_paginator("list_state_machines").paginate(PaginationConfig={"PageSize": 2})
    assert made <= {one["stateMachineArn"] for page in pages for one in page["stateMachines"]}
    assert error_of(states.list_state_machines, nextToken="nonsense") == "InvalidToken"


@pytest.mark.parametrize(
    "definition, message",
    [
        ("{", "INVALID_JSON_DESCRIPTION"),
        (machine(A={"Type": "Pass", "Next": "Gone"}), "'A' leads to the state 'Gone'"),
        (machine(A={"Type": "Succeed"}, B={"Type": "Succeed"}), "'B' is not reachable"),
        (machine(A={"Type": "Pass"}), "state 'A': either Next"),
        (machine(A={"Type": "Pass", "InputPath": "a", "End": True}), "state 'A': InputPath"),
        (machine(A={"Type": "Pass", "QueryLanguage": "JSONata", "End": True}), "JSONata is not supported"),
        (machine(A=task("arn:aws:states:::dynamodb:putItem", {})), "dynamodb:putItem' is not supported by Usher"),
        (machine(A=task(SDK + "personalize:makeSolution", {})), "has no operation 'makeSolution'"),
        (
            machine(A=task(SDK + "personalize:createSolution", {"solutionName": "x"})),
            'field "solutionName" is not supported by Step Functions',
        ),
        (machine(A=task("arn:aws:states:::sns:publish.sync", {})), "cannot be waited for"),
    ],
)
def test_bad_definitions_are_refused_with_the_state_and_the_reason(states, definition, message):
    text = definition if isinstance(definition, str) else json.dumps(definition)
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        states.create_state_machine(name="bad", definition=text, roleArn=ROLE)
    assert raised.value.response["Error"]["Code"] == "InvalidDefinition"
    assert message in raised.value.response["Error"]["Message"]
    checked = states.validate_state_machine_definition(definition=text)
    assert checked["result"] == "FAIL"
    assert any(one["severity"] == "ERROR" for one in checked["diagnostics"])


def test_good_definition_is_found_valid(states):
    checked = states.validate_state_machine_definition(definition=json.dumps(machine(A={"Type": "Succeed"})))
    assert (checked["result"], checked["diagnostics"]) == ("OK", [])


def test_names_and_inputs_are_checked(states):
    definition = json.dumps(machine(A={"Type": "Succeed"}))
    assert error_of(states.create_state_machine, name="a b", definition=definition, roleArn=ROLE) == "InvalidName"
    arn = create(states, machine(A={"Type": "Succeed"}))
    assert error_of(states.start_execution, stateMachineArn=arn, input="{") == "InvalidExecutionInput"
    assert error_of(states.start_execution, stateMachineArn=arn, name="a/b") == "InvalidName"
    assert error_of(states.start_execution, stateMachineArn=arn + "x") == "StateMachineDoesNotExist"
    assert error_of(states.describe_execution, executionArn=arn) == "InvalidArn"
    missing = arn.replace("stateMachine", "execution") + ":none"
    assert error_of(states.describe_execution, executionArn=missing) == "ExecutionDoesNotExist"
    assert error_of(states.get_execution_history, executionArn=missing) == "ExecutionDoesNotExist"
    assert error_of(states.stop_execution, executionArn=missing) == "ExecutionDoesNotExist"


# ---- executions ----


def test_names_of_executions_are_used_once(states):
    arn = create(states, machine(W={"Type": "Wait", "Seconds": 3600, "End": True}))
    first = states.start_execution(stateMachineArn=arn, name="one", input="{}")
    again = states.start_execution(stateMachineArn=arn, name="one", input="{}")
    assert again == {**first, "ResponseMetadata": again["ResponseMetadata"]}
    assert error_of(states.start_execution, stateMachineArn=arn, name="one", input="[]") == "ExecutionAlreadyExists"
    states.stop_execution(executionArn=first["executionArn"], error="Mine", cause="enough")
    stopped = states.describe_execution(executionArn=first["executionArn"])
    assert (stopped["status"], stopped["error"], stopped["cause"]) == ("ABORTED", "Mine", "enough")
    assert error_of(states.start_execution, stateMachineArn=arn, name="one", input="{}") == "ExecutionAlreadyExists"
    last = history(states, first["executionArn"])[-1]
    assert last["type"] == "ExecutionAborted"
    assert last["executionAbortedEventDetails"] == {"error": "Mine", "cause": "enough"}


def test_executions_are_listed_newest_first_by_status_and_page(states):
    arn = create(
        states,
        machine(
            C={
                "Type": "Choice",
                "Choices": [{"Variable": "$.fail", "BooleanEquals": True, "Next": "F"}],
                "Default": "S",
            },
            F={"Type": "Fail", "Error": "E"},
            S={"Type": "Succeed"},
        ),
    )
    made = []
    for i in range(6):
        one = states.start_execution(stateMachineArn=arn, input=json.dumps({"fail": i % 2 == 0}))["executionArn"]
        wait_for_end(states, one)
        made.append(one)
        time.sleep(0.002)  # so that no two share a millisecond
    pages = list(
        states.get_paginator("list_executions").paginate(stateMachineArn=arn, PaginationConfig={"PageSize": 4})
    )
    assert len(pages) == 2
    assert [one["executionArn"] for page in pages for one in page["executions"]] == made[::-1]
    failed = states.list_executions(stateMachineArn=arn, statusFilter="FAILED")["executions"]
    assert [one["executionArn"] for one in failed] == made[::2][::-1]


def test_history_has_the_events_in_both_directions_and_in_pages(states):
    definition = machine(A={"Type": "Pass", "Next": "B"}, B={"Type": "Succeed"})
    arn = run(states, definition, {"x": 1})["executionArn"]
    events = history(states, arn)
    assert [event["type"] for event in events] == [
        "ExecutionStarted", "PassStateEntered", "PassStateExited",
        "SucceedStateEntered", "SucceedStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    assert [event["id"] for event in events] == [1, 2, 3, 4, 5, 6]
    assert [event["previousEventId"] for event in events] == [0, 1, 2, 3, 4, 5]
    assert json.loads(events[0]["executionStartedEventDetails"]["input"]) == {"x": 1}
    assert events[1]["stateEnteredEventDetails"]["name"] == "A"
    for size in (1, 4, 6, 100):
        pages = {"PaginationConfig": {"PageSize": size}}
        assert history(states, arn, **pages) == events
        assert history(states, arn, reverseOrder=True, **pages) == events[::-1]
    without = history(states, arn, includeExecutionData=False)
    assert all("input" not in event.get("stateEnteredEventDetails", {}) for event in without)


def test_update_leaves_running_executions_as_they_were(states):
    wait = {"Type": "Wait", "SecondsPath": "$.s", "Next": "P"}
    arn = create(states, machine(W=wait, P={"Type": "Pass", "Result": "old", "End": True}))
    one = states.start_execution(stateMachineArn=arn, input='{"s": 1}')["executionArn"]
    newer = json.dumps(machine(W=wait, P={"Type": "Pass", "Result": "new", "End": True}))
    states.update_state_machine(stateMachineArn=arn, definition=newer)
    assert json.loads(wait_for_end(states, one)["output"]) == "old"
    two = states.start_execution(stateMachineArn=arn, input='{"s": 0}')["executionArn"]
    assert json.loads(wait_for_end(states, two)["output"]) == "new"
    of_one = states.describe_state_machine_for_execution(executionArn=one)
    assert '"old"' in of_one["definition"]


def test_wait_is_neither_early_nor_late(states):
    ended = run(states, machine(W={"Type": "Wait", "Seconds": 1, "End": True}))
    events = {event["type"]: event["timestamp"] for event in history(states, ended["executionArn"])}
    waited = (events["WaitStateExited"] - events["WaitStateEntered"]).total_seconds()
    assert 1 <= waited <= 3


def test_parallel_and_map_together(states):
    definition = machine(
        P={
            "Type": "Parallel",
            "Branches": [
                machine(
                    M={
                        "Type": "Map",
                        "ItemsPath": "$.items",
                        "ItemProcessor": machine(
                            Q={
                                "Type": "Pass",
                                "Parameters": {"v.$": "States.Format('<{}>', $)"},
                                "OutputPath": "$.v",
                                "End": True,
                            }
                        ),
                        "End": True,
                    }
                ),
                machine(W={"Type": "Wait", "Seconds": 0, "End": True}),
            ],
            "ResultSelector": {"mapped.$": "$[0]"},
            "End": True,
        }
    )
    assert output_of(states, definition, {"items": ["a", "b"]}) == {"mapped": ["<a>", "<b>"]}


# ---- tasks ----


def test_any_operation_is_called_in_pascal_case(states, server):
    s3 = server.client("s3")
    s3.create_bucket(Bucket="tasks")
    definition = machine(
        Put_it=task(
            SDK + "s3:putObject",
            {"Bucket": "tasks", "Key.$": "$.key", "Body": {"some": "json"}, "Metadata": {"kept-as-it-is": "x"}},
            ResultPath="$.put",
            Next="Get it",
        ),
        Get_it=task(
            SDK + "s3:getObject",
            {"Bucket": "tasks", "Key.$": "$.key"},
            ResultSelector={"Body.$": "$.Body", "When.$": "$.LastModified", "Meta.$": "$.Metadata"},
        ),
    )
    got = output_of(states, definition, {"key": "a b"})
    assert json.loads(got["Body"]) == {"some": "json"}
    assert got["Meta"] == {"kept-as-it-is": "x"}
    assert got["When"].endswith("Z") and "T" in got["When"]
    assert json.loads(s3.get_object(Bucket="tasks", Key="a b")["Body"].read()) == {"some": "json"}


def test_strings_become_what_the_operation_wants(states, server):
    """"true" where the model says Boolean, "2" where it says a number."""
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="coerced")["QueueUrl"]
    definition = machine(
        S=task(SDK + "sqs:sendMessage", {"QueueUrl": url, "MessageBody": 7, "DelaySeconds": "0"}, ResultPath=None, Next="R"),
        R=task(SDK + "sqs:receiveMessage", {"QueueUrl": url, "MaxNumberOfMessages": "1", "WaitTimeSeconds": "1"}),
    )
    assert output_of(states, definition)["Messages"][0]["Body"] == "7"


def test_errors_carry_the_service_and_can_be_caught(states):
    describe = SDK + "personalize:describeSolution"
    arn = "arn:aws:personalize:us-east-1:000000000000:solution/none"
    failed = run(states, machine(A=task(describe, {"SolutionArn": arn})))
    assert failed["status"] == "FAILED"
    assert failed["error"] == "Personalize.ResourceNotFoundException"
    assert "(Service: Personalize, Status Code: 400, Request ID: " in failed["cause"]
    kinds = [event["type"] for event in history(states, failed["executionArn"])]
    assert kinds == [
        "ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskFailed", "ExecutionFailed",
    ]  # fmt: skip
    caught = output_of(
        states,
        machine(
            A=task(
                describe,
                {"SolutionArn": arn},
                Catch=[{"ErrorEquals": ["Personalize.ResourceNotFoundException"], "Next": "B", "ResultPath": "$.e"}],
            ),
            B={"Type": "Pass", "End": True},
        ),
    )
    assert caught["e"]["Error"] == "Personalize.ResourceNotFoundException"


def test_operation_that_is_not_built_fails_saying_so(states):
    failed = run(states, machine(A=task(SDK + "glue:getTriggers", {})))
    assert failed["error"].startswith("Glue.")
    assert "is not supported by Usher" in failed["cause"]


def test_optimised_integrations(states, server):
    topic = server.client("sns").create_topic(Name="told")["TopicArn"]
    url = server.client("sqs").create_queue(QueueName="sent")["QueueUrl"]
    definition = machine(
        P=task("arn:aws:states:::sns:publish", {"TopicArn": topic, "Message": {"any": "json"}}, ResultPath="$.p", Next="S"),
        S=task("arn:aws:states:::sqs:sendMessage", {"QueueUrl": url, "MessageBody": {"n.$": "$.n"}}, ResultPath="$.s"),
    )
    got = output_of(states, definition, {"n": 5})
    assert got["p"]["MessageId"] and got["p"]["SdkHttpMetadata"]["HttpStatusCode"] == 200
    received = server.client("sqs").receive_message(QueueUrl=url)["Messages"][0]
    assert json.loads(received["Body"]) == {"n": 5}
    assert received["MessageId"] == got["s"]["MessageId"]


@pytest.fixture(scope="module")
def function(server):
    """A function that gives back what it got, or raises what it was told to."""
    code = (
        "class Mine(Exception):\n    pass\n"
        "def handler(event, context):\n"
        "    if event.get('raise'):\n        raise Mine(event['raise'])\n"
        "    return {'got': event}\n"
    )
    client = server.client("lambda")
    arn = client.create_function(
        FunctionName="echo",
        Runtime="python3.9",
        Role=ROLE,
        Handler="lambda_function.handler",
        Code={"ZipFile": lambda_code.python_zip(code)},
    )["FunctionArn"]
    client.get_waiter("function_active_v2").wait(FunctionName="echo")
    return arn


def test_functions_are_called_directly_and_by_lambda_invoke(states, function):
    assert output_of(states, machine(A=task(function, {"a.$": "$.x"})), {"x": 1}) == {"got": {"a": 1}}
    invoked = output_of(
        states, machine(A=task("arn:aws:states:::lambda:invoke", {"FunctionName": function, "Payload": {"b": 2}}))
    )
    assert invoked["Payload"] == {"got": {"b": 2}}
    assert invoked["StatusCode"] == 200 and invoked["ExecutedVersion"] == "$LATEST"
    kinds = [
        event["type"] for event in history(states, run(states, machine(A=task(function)), {})["executionArn"])
    ]
    assert kinds[2:5] == ["LambdaFunctionScheduled", "LambdaFunctionStarted", "LambdaFunctionSucceeded"]


def test_exception_of_a_function_names_the_error(states, function):
    for state in (
        task(function),
        task("arn:aws:states:::lambda:invoke", {"FunctionName": function, "Payload.$": "$"}),
    ):
        failed = run(states, machine(A=state), {"raise": "why"})
        assert failed["error"] == "Mine"
        assert json.loads(failed["cause"])["errorMessage"] == "why"


def test_execution_starts_another_and_waits_for_it(states):
    child = create(states, machine(W={"Type": "Wait", "Seconds": 0, "Next": "P"}, P={"Type": "Pass", "End": True}))
    start = "arn:aws:states:::states:startExecution"
    started = output_of(states, machine(A=task(start, {"StateMachineArn": child, "Input": {"a": 1}})))
    assert started["ExecutionArn"].startswith(child.replace("stateMachine", "execution"))
    waited = output_of(states, machine(A=task(start + ".sync", {"StateMachineArn": child, "Input": {"a": 1}})))
    assert json.loads(waited["Output"]) == {"a": 1} and waited["Status"] == "SUCCEEDED"
    as_json = output_of(states, machine(A=task(start + ".sync:2", {"StateMachineArn": child, "Input": {"a": 1}})))
    assert as_json["Output"] == {"a": 1}
    bad = create(states, machine(F={"Type": "Fail", "Error": "E", "Cause": "deep"}))
    failed = run(states, machine(A=task(start + ".sync", {"StateMachineArn": bad})))
    assert failed["error"] == "States.TaskFailed" and "deep" in failed["cause"]
    kinds = [event["type"] for event in history(states, failed["executionArn"])]
    assert "TaskSubmitted" in kinds


def token_machine(url, **members):
    return machine(
        A=task(
            "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            {"QueueUrl": url, "MessageBody": {"token.$": "$$.Task.Token"}},
            **members,
        )
    )


def receive_token(sqs, url):
    def receive():
        messages = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages")
        if messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=messages[0]["ReceiptHandle"])
        return messages

    return json.loads(wait_until(receive, "the token")[0]["Body"])["token"]


def test_task_waits_for_its_token(states, server):
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="tokens")["QueueUrl"]
    arn = create(states, token_machine(url))
    one = states.start_execution(stateMachineArn=arn)["executionArn"]
    token = receive_token(sqs, url)
    states.send_task_heartbeat(taskToken=token)
    assert error_of(states.send_task_success, taskToken=token, output="{") == "InvalidOutput"
    states.send_task_success(taskToken=token, output='{"approved": true}')
    assert json.loads(wait_for_end(states, one)["output"]) == {"approved": True}
    assert error_of(states.send_task_success, taskToken=token, output="{}") == "TaskTimedOut"
    assert error_of(states.send_task_failure, taskToken="AAAA") == "InvalidToken"
    two = states.start_execution(stateMachineArn=arn)["executionArn"]
    states.send_task_failure(taskToken=receive_token(sqs, url), error="No", cause="not today")
    failed = wait_for_end(states, two)
    assert (failed["error"], failed["cause"]) == ("No", "not today")


def test_task_without_heartbeat_fails(states, server):
    url = server.client("sqs").create_queue(QueueName="silent")["QueueUrl"]
    failed = run(states, token_machine(url, HeartbeatSeconds=1))
    assert failed["error"] == "States.HeartbeatTimeout"
    failed = run(states, token_machine(url, TimeoutSeconds=1))
    assert failed["error"] == "States.Timeout"


def test_activity_is_worked_on_by_whoever_asks(states):
    activity = states.create_activity(name="approve")["activityArn"]
    assert states.create_activity(name="approve")["activityArn"] == activity
    assert states.describe_activity(activityArn=activity)["name"] == "approve"
    assert activity in [one["activityArn"] for one in states.list_activities()["activities"]]
    arn = create(states, machine(A=task(activity)))
    one = states.start_execution(stateMachineArn=arn, input='{"n": 1}')["executionArn"]
    work = states.get_activity_task(activityArn=activity, workerName="me")
    assert json.loads(work["input"]) == {"n": 1}
    states.send_task_success(taskToken=work["taskToken"], output='"done"')
    assert wait_for_end(states, one)["output"] == '"done"'
    events = history(states, one)
    assert [event["type"] for event in events][2:5] == ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"]
    assert events[3]["activityStartedEventDetails"] == {"workerName": "me"}
    states.delete_activity(activityArn=activity)
    assert error_of(states.get_activity_task, activityArn=activity) == "ActivityDoesNotExist"


def test_express_machine_answers_with_its_end(states, server):
    # Clients put "sync-" before the host's name, which a numeric one does not take.
    client = server.client("stepfunctions", inject_host_prefix=False)
    arn = create(states, machine(P={"Type": "Pass", "Result": {"a": 1}, "End": True}), type="EXPRESS")
    ended = client.start_sync_execution(stateMachineArn=arn, input="{}")
    assert ended["status"] == "SUCCEEDED" and json.loads(ended["output"]) == {"a": 1}
    assert ":express:" in ended["executionArn"]
    bad = create(states, machine(F={"Type": "Fail", "Error": "E", "Cause": "c"}), type="EXPRESS")
    failed = client.start_sync_execution(stateMachineArn=bad)
    assert (failed["status"], failed["error"], failed["cause"]) == ("FAILED", "E", "c")
    standard = create(states, machine(S={"Type": "Succeed"}))
    assert error_of(client.start_sync_execution, stateMachineArn=standard) == "StateMachineTypeNotSupported"
    assert error_of(states.list_executions, stateMachineArn=arn) == "StateMachineTypeNotSupported"
    waits = json.dumps(token_machine("q"))
    assert error_of(states.create_state_machine, name="x", definition=waits, roleArn=ROLE, type="EXPRESS") == (
        "InvalidDefinition"
    )


# ---- logs ----


def logging(group, level):
    return {
        "level": level,
        "includeExecutionData": True,
        "destinations": [
            {"cloudWatchLogsLogGroup": {"logGroupArn": f"arn:aws:logs:us-east-1:000000000000:log-group:{group}:*"}}
        ],
    }


def test_events_are_logged_as_the_level_says(states, server):
    logs = server.client("logs")
    for group in ("/aws/vendedlogs/states/all", "/aws/vendedlogs/states/errors"):
        logs.create_log_group(logGroupName=group)
    good = machine(P={"Type": "Pass", "End": True})
    ended = run(states, good, {"x": 1}, loggingConfiguration=logging("/aws/vendedlogs/states/all", "ALL"))
    events = history(states, ended["executionArn"])

    def logged(group, count):
        def find():
            found = logs.filter_log_events(logGroupName=group)["events"]
            return found if len(found) >= count else None

        return [json.loads(event["message"]) for event in wait_until(find, f"{count} events in {group}")]

    records = logged("/aws/vendedlogs/states/all", len(events))
    assert sorted(int(record["id"]) for record in records) == [event["id"] for event in events]
    by_id = {int(record["id"]): record for record in records}
    assert by_id[1]["type"] == "ExecutionStarted"
    assert by_id[1]["execution_arn"] == ended["executionArn"]
    assert json.loads(by_id[1]["details"]["input"]) == {"x": 1}
    assert by_id[2]["previous_event_id"] == "1"

    errors = logging("/aws/vendedlogs/states/errors", "ERROR")
    run(states, good, loggingConfiguration=errors)  # a clean run writes nothing
    run(states, machine(F={"Type": "Fail", "Error": "E"}), loggingConfiguration=errors)
    records = logged("/aws/vendedlogs/states/errors", 2)
    assert sorted(record["type"] for record in records) == ["ExecutionFailed", "FailStateEntered"]

    no_star = logging("g", "ALL")
    no_star["destinations"][0]["cloudWatchLogsLogGroup"]["logGroupArn"] = "arn:aws:logs:us-east-1:0:log-group:g"
    assert error_of(
        states.create_state_machine,
        name="x",
        definition=json.dumps(good),
        roleArn=ROLE,
        loggingConfiguration=no_star,
    ) == ("InvalidLoggingConfiguration")


def test_traced_execution_shows_its_states_and_their_calls(states, server):
    xray = server.client("xray")
    name = f"traced-{uuid.uuid4()}"
    definition = machine(Who_am_I=task(SDK + "sts:getCallerIdentity", {}, Next="Rest"), Rest={"Type": "Pass", "End": True})
    begin = time.time() - 1
    run(states, definition, name=name, tracingConfiguration={"enabled": True})

    def found():
        summaries = xray.get_trace_summaries(
            StartTime=begin, EndTime=time.time() + 1, FilterExpression=f'service("{name}")'
        )["TraceSummaries"]
        if not summaries:
            return None
        segments = xray.batch_get_traces(TraceIds=[summaries[0]["Id"]])["Traces"][0]["Segments"]
        text = json.dumps([json.loads(segment["Document"]) for segment in segments])
        wanted = (name, "Who am I", "Rest", "STS", "GetCallerIdentity", "AWS::StepFunctions::StateMachine")
        return text if all(f'"{one}"' in text for one in wanted) else None

    wait_until(found, "the trace")


# ---- the shape of the movie recommender's own machine ----


def movie_machine():
    import_job = SDK + "personalize:createDatasetImportJob"
    describe = SDK + "personalize:describeDatasetImportJob"
    return machine(
        CreateDatasetImportJob=task(
            import_job,
            {
                "DataSource": {"DataLocation.$": "$.S3input"},
                "DatasetArn.$": "$.DatasetArn",
                "JobName": "MoviesImportJob",
                "RoleArn.$": "$.RoleArn",
            },
            ResultPath="$.Results",
            Next="Wait before polling Import Job",
        ),
        **{
            "Wait before polling Import Job": {"Type": "Wait", "Seconds": 45, "Next": "PollDatasetImportJobStatus"},
            "PollDatasetImportJobStatus": task(
                describe,
                {"DatasetImportJobArn.$": "$.Results.DatasetImportJobArn"},
                ResultSelector={
                    "DatasetImportJobArn.$": "$.DatasetImportJob.DatasetImportJobArn",
                    "Status.$": "$.DatasetImportJob.Status",
                },
                ResultPath="$.Results",
                Next="Check Import Job Status Succeeded",
            ),
            "Check Import Job Status Succeeded": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.Results.Status", "StringEquals": "ACTIVE", "Next": "CreateSolutionChoice"}],
                "Default": "Wait before polling Import Job",
            },
            "CreateSolutionChoice": {
                "Type": "Choice",
                "Choices": [
                    {
                        "Not": {"Variable": "$.SolutionArn", "StringEquals": "NONE"},
                        "Next": "CreateVersioninExistingSolution",
                    }
                ],
                "Default": "CreateSolution",
            },
            "CreateSolution": task(
                SDK + "personalize:createSolution",
                {
                    "DatasetGroupArn.$": "$.DatasetGroupArn",
                    "Name.$": "$.SolutionName",
                    "RecipeArn.$": "$.RecipeArn",
                    "PerformHPO": "true",
                },
                ResultPath="$.Results",
                Next="CreateVersioninNewSolution",
            ),
            "CreateVersioninNewSolution": task(
                SDK + "personalize:createSolutionVersion", {"SolutionArn.$": "$.Results.SolutionArn"}
            ),
            "CreateVersioninExistingSolution": task(
                SDK + "personalize:createSolutionVersion", {"SolutionArn.$": "$.SolutionArn"}
            ),
        },
    )


def test_movie_machine_imports_and_trains(make_server, interactions_csv):
    server = make_server("--time-scale", "500")
    states, personalize, s3 = (server.client(name) for name in ("stepfunctions", "personalize", "s3"))
    s3.create_bucket(Bucket=workflow.BUCKET)
    s3.put_object(Bucket=workflow.BUCKET, Key="interactions.csv", Body=interactions_csv)
    group = workflow.create_group(personalize, "movies")
    dataset = workflow.create_dataset(personalize, group, workflow.create_schema(personalize, "movies"))
    given = {
        "S3input": f"s3://{workflow.BUCKET}/interactions.csv",
        "SolutionArn": "NONE",
        "SolutionName": "MoviesModel",
        "DatasetGroupArn": group,
        "DatasetArn": dataset,
        "RoleArn": workflow.create_role(server),
        "RecipeArn": workflow.recipe_arn("aws-user-personalization"),
    }
    arn = create(states, movie_machine(), "GlueETLPersonalizeTraining")
    found = states.list_state_machines()["stateMachines"]
    assert [one["stateMachineArn"] for one in found if one["name"] == "GlueETLPersonalizeTraining"] == [arn]
    one = states.start_execution(stateMachineArn=arn, input=json.dumps(given))["executionArn"]
    ended = wait_for_end(states, one)
    assert ended["status"] == "SUCCEEDED", ended
    version = json.loads(ended["output"])["SolutionVersionArn"]
    assert list(json.loads(ended["output"])) == ["SolutionVersionArn"]
    solution = personalize.describe_solution(solutionArn=version.rsplit("/", 1)[0])["solution"]
    assert solution["performHPO"] is True

    # Histories tell of the seconds that the definition names.
    events = history(states, one)
    waits = [event["timestamp"] for event in events if event["type"].startswith("WaitState")]
    assert len(waits) >= 2
    assert all(
        45 <= (left - entered).total_seconds() < 47 for entered, left in zip(waits[::2], waits[1::2], strict=True)
    )

    # The job's name is taken now, as it is on AWS.
    again = wait_for_end(states, states.start_execution(stateMachineArn=arn, input=json.dumps(given))["executionArn"])
    assert again["error"] == "Personalize.ResourceAlreadyExistsException"
    assert "MoviesImportJob" in again["cause"]


# ---- kill -9 ----


def check_history(events):
    """Every transition once: ids without gaps, each event after one before it, states left as entered."""
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert all(event["previousEventId"] < event["id"] for event in events)
    assert [event["type"] for event in events].count("ExecutionSucceeded") == 1
    entered = sum(event["type"].endswith("StateEntered") for event in events)
    left = sum(event["type"].endswith("StateExited") for event in events)
    assert entered == left


def test_executions_survive_kills(make_server):
    server = make_server()
    states = server.client("stepfunctions")
    turns = 150
    loop = machine(
        Count={"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "More"},
        More={
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericLessThan": turns, "Next": "Count"}],
            "Default": "Wait",
        },
        Wait={"Type": "Wait", "Seconds": 1, "Next": "Tell"},
        Tell=task(SDK + "sts:getCallerIdentity", {}, ResultPath="$.who"),
    )
    arn = create(states, loop)
    running = [states.start_execution(stateMachineArn=arn, input='{"n": 0}')["executionArn"] for _ in range(20)]
    for _ in range(3):
        time.sleep(0.15)  # somewhere in the middle of it
        server.kill()
        server.restart()
    states = server.client("stepfunctions")
    for one in running:
        ended = wait_for_end(states, one)
        assert ended["status"] == "SUCCEEDED", ended
        assert json.loads(ended["output"])["n"] == turns
        events = history(states, one)
        check_history(events)
        assert sum(event["type"] == "PassStateExited" for event in events) == turns


def test_wait_and_token_survive_a_kill(make_server):
    server = make_server()
    states, sqs = server.client("stepfunctions"), server.client("sqs")
    url = sqs.create_queue(QueueName="kept")["QueueUrl"]
    waiting = states.start_execution(
        stateMachineArn=create(states, machine(W={"Type": "Wait", "Seconds": 2, "End": True}))
    )["executionArn"]
    approval = states.start_execution(stateMachineArn=create(states, token_machine(url)))["executionArn"]
    token = receive_token(sqs, url)
    wait_until(
        lambda: history(states, approval)[-1]["type"] == "TaskSubmitted", "the message that was handed over"
    )
    server.kill()
    server.restart()
    states = server.client("stepfunctions")
    states.send_task_success(taskToken=token, output='"yes"')
    assert wait_for_end(states, approval)["output"] == '"yes"'
    wait_for_end(states, waiting)
    events = {event["type"]: event["timestamp"] for event in history(states, waiting)}
    waited = (events["WaitStateExited"] - events["WaitStateEntered"]).total_seconds()
    assert 2 <= waited <= 4
    check_history(history(states, approval))


# ---- the aws command ----


def test_aws_command(server, tmp_path):
    definition = tmp_path / "definition.json"
    definition.write_text(json.dumps(machine(Say_hello={"Type": "Pass", "Result": "hello", "End": True})))

    def command(*words):
        return json.loads(server.aws("stepfunctions", *words).stdout)

    arn = command(
        "create-state-machine", "--name", "by-command", "--role-arn", ROLE, "--definition", f"file://{definition}"
    )["stateMachineArn"]
    execution = command("start-execution", "--state-machine-arn", arn)["executionArn"]
    wait_until(
        lambda: command("describe-execution", "--execution-arn", execution)["status"] == "SUCCEEDED", "the end"
    )
    events = command("get-execution-history", "--execution-arn", execution)["events"]
    assert events[1]["stateEnteredEventDetails"]["name"] == "Say hello"
