"""State machines in the shapes in which guides and sample projects show them: each runs as it stands."""

import datetime
import json

import pytest

import lambda_code
from lambda_code import eventually

ROLE = "arn:aws:iam::000000000000:role/states"
REGION = "us-east-1"


@pytest.fixture(scope="module")
def states(server):
    return server.client("stepfunctions")


@pytest.fixture(scope="module")
def functions(server):
    """What the examples call: {name: ARN}."""
    client = server.client("lambda")
    sources = {
        "echo": lambda_code.ECHO,
        "add": "def lambda_handler(event, context):\n    return event['a'] + event['b']\n",
        "fail": (
            "class CustomError(Exception):\n    pass\n\n"
            "def lambda_handler(event, context):\n"
            "    if event.get('kind') == 'custom':\n        raise CustomError('this is a custom error')\n"
            "    raise ValueError('something else')\n"
        ),
        "job": (  # done at the third question
            "asked = {}\n\n"
            "def lambda_handler(event, context):\n"
            "    guid = event['guid']\n"
            "    asked[guid] = asked.get(guid, 0) + 1\n"
            "    return {'guid': guid, 'status': 'SUCCEEDED' if asked[guid] >= 3 else 'RUNNING'}\n"
        ),
        "flaky": (  # the first two calls of a key fail
            "tries = {}\n\n"
            "def lambda_handler(event, context):\n"
            "    key = event['key']\n"
            "    tries[key] = tries.get(key, 0) + 1\n"
            "    if tries[key] < 3:\n        raise RuntimeError('not yet')\n"
            "    return tries[key]\n"
        ),
    }
    made = {}
    for name, source in sources.items():
        answer = lambda_code.create(client, f"example-{name}", source, Timeout=10)
        made[name] = answer["FunctionArn"]
    # Those that remember are asked one at a time, by one process.
    for name in ("job", "flaky"):
        client.put_function_concurrency(
            FunctionName=f"example-{name}", ReservedConcurrentExecutions=1
        )
    return made


class Runner:
    def __init__(self, states, name):
        self.states, self.name, self.count = states, name, 0

    def create(self, definition, **options):
        self.count += 1
        text = definition if isinstance(definition, str) else json.dumps(definition)
        return self.states.create_state_machine(
            name=f"{self.name[:70]}-{self.count}", definition=text, roleArn=ROLE, **options
        )["stateMachineArn"]

    def start(self, machine, document=None, **options):
        return self.states.start_execution(
            stateMachineArn=machine, input=json.dumps({} if document is None else document), **options
        )["executionArn"]

    def end(self, execution):
        def over():
            described = self.states.describe_execution(executionArn=execution)
            return described if described["status"] != "RUNNING" else None

        return eventually(over)

    def __call__(self, definition, document=None):
        """The output of an execution that succeeds."""
        ended = self.end(self.start(self.create(definition), document))
        assert ended["status"] == "SUCCEEDED", ended
        return json.loads(ended["output"])

    def failing(self, definition, document=None):
        ended = self.end(self.start(self.create(definition), document))
        assert ended["status"] == "FAILED", ended
        return ended["error"], ended.get("cause", "")

    def entered(self, execution):
        """The states in the order in which they were entered."""
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=execution)
        return [
            event["stateEnteredEventDetails"]["name"]
            for page in pages
            for event in page["events"]
            if event["type"].endswith("StateEntered")
        ]


@pytest.fixture
def run(states, request):
    return Runner(states, request.node.name.removeprefix("test_").replace("[", "-").rstrip("]"))


# ---- sample projects ----


def test_job_poller(run, functions):
    """Submit, wait, ask, and again until it is done."""
    definition = {
        "Comment": "A state machine that submits a job and monitors it until it completes.",
        "StartAt": "Submit Job",
        "States": {
            "Submit Job": {
                "Type": "Task",
                "Resource": functions["echo"],
                "ResultPath": "$.guid",
                "InputPath": "$.job",
                "Next": "Wait X Seconds",
                "Retry": [
                    {
                        "ErrorEquals": ["States.ALL"],
                        "IntervalSeconds": 1,
                        "MaxAttempts": 3,
                        "BackoffRate": 2,
                    }
                ],
            },
            "Wait X Seconds": {"Type": "Wait", "SecondsPath": "$.wait_time", "Next": "Get Job Status"},
            "Get Job Status": {
                "Type": "Task",
                "Resource": functions["job"],
                "Next": "Job Complete?",
                "Parameters": {"guid.$": "$.guid"},
                "ResultSelector": {"value.$": "$.status"},
                "ResultPath": "$.status",
            },
            "Job Complete?": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.status.value", "StringEquals": "FAILED", "Next": "Job Failed"},
                    {
                        "Variable": "$.status.value",
                        "StringEquals": "SUCCEEDED",
                        "Next": "Get Final Job Status",
                    },
                ],
                "Default": "Wait X Seconds",
            },
            "Job Failed": {
                "Type": "Fail",
                "Cause": "Job Failed",
                "Error": "DescribeJob returned FAILED",
            },
            "Get Final Job Status": {
                "Type": "Task",
                "Resource": functions["job"],
                "Parameters": {"guid.$": "$.guid"},
                "End": True,
            },
        },
    }
    execution = run.start(run.create(definition), {"job": "job-1", "wait_time": 0})
    ended = run.end(execution)
    assert json.loads(ended["output"]) == {"guid": "job-1", "status": "SUCCEEDED"}
    assert run.entered(execution) == (
        ["Submit Job"] + ["Wait X Seconds", "Get Job Status", "Job Complete?"] * 3
        + ["Get Final Job Status"]
    )


def test_task_timer(server, run):
    """Waits until the time that its input names, then publishes."""
    sns, sqs = server.client("sns"), server.client("sqs")
    topic = sns.create_topic(Name="timer")["TopicArn"]
    url = sqs.create_queue(QueueName="timer")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
    )
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
    definition = {
        "StartAt": "Wait for Timestamp",
        "States": {
            "Wait for Timestamp": {
                "Type": "Wait",
                "TimestampPath": "$.timer.when",
                "Next": "Send SNS Message",
            },
            "Send SNS Message": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sns:publish",
                "Parameters": {
                    "TopicArn.$": "$.topic",
                    "Message.$": "$.message",
                    "MessageAttributes": {
                        "kind": {"DataType": "String", "StringValue": "reminder"}
                    },
                },
                "End": True,
            },
        },
    }
    text = when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    out = run(definition, {"topic": topic, "message": "now", "timer": {"when": text}})
    assert out["MessageId"] and datetime.datetime.now(datetime.timezone.utc) >= when
    (message,) = sqs.receive_message(
        QueueUrl=url, WaitTimeSeconds=20, MessageAttributeNames=["All"]
    )["Messages"]
    assert message["Body"] == "now"
    assert message["MessageAttributes"]["kind"]["StringValue"] == "reminder"
    # One that is past is not waited for.
    run(definition, {"topic": topic, "message": "x", "timer": {"when": "2016-03-14T01:59:00Z"}})


def test_wait_of_every_kind(run):
    wait = {"Type": "Wait"}
    definition = {
        "StartAt": "FirstState",
        "States": {
            "FirstState": {"Type": "Pass", "Result": {"seconds": 0, "until": "2016-08-18T17:33:00Z"},
                           "Next": "wait_using_seconds"},
            "wait_using_seconds": {**wait, "Seconds": 0, "Next": "wait_using_timestamp"},
            "wait_using_timestamp": {**wait, "Timestamp": "2015-09-04T01:59:00Z",
                                     "Next": "wait_using_timestamp_path"},
            "wait_using_timestamp_path": {**wait, "TimestampPath": "$.until",
                                          "Next": "wait_using_seconds_path"},
            "wait_using_seconds_path": {**wait, "SecondsPath": "$.seconds", "Next": "FinalState"},
            "FinalState": {"Type": "Succeed"},
        },
    }
    assert run(definition) == {"seconds": 0, "until": "2016-08-18T17:33:00Z"}


# ---- errors ----


@pytest.mark.parametrize(
    ("kind", "state"), [("custom", "CustomErrorFallback"), ("other", "ReservedTypeFallback")]
)
def test_catch_by_the_name_of_the_error(run, functions, kind, state):
    definition = {
        "StartAt": "HelloWorld",
        "States": {
            "HelloWorld": {
                "Type": "Task",
                "Resource": functions["fail"],
                "Catch": [
                    {"ErrorEquals": ["CustomError"], "Next": "CustomErrorFallback"},
                    {"ErrorEquals": ["States.TaskFailed"], "Next": "ReservedTypeFallback",
                     "ResultPath": "$.error"},
                    {"ErrorEquals": ["States.ALL"], "Next": "CatchAllFallback"},
                ],
                "End": True,
            },
            "CustomErrorFallback": {"Type": "Pass", "Parameters": {"error.$": "$"}, "End": True},
            "ReservedTypeFallback": {"Type": "Pass", "End": True},
            "CatchAllFallback": {"Type": "Pass", "Result": "never", "End": True},
        },
    }
    execution = run.start(run.create(definition), {"kind": kind})
    error = json.loads(run.end(execution)["output"])["error"]
    assert run.entered(execution) == ["HelloWorld", state]
    assert error["Error"] == ("CustomError" if kind == "custom" else "ValueError")
    cause = json.loads(error["Cause"])
    assert cause["errorType"] == error["Error"] and cause["stackTrace"]


def test_retry_with_backoff(run, functions):
    definition = {
        "StartAt": "Call",
        "States": {
            "Call": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {"FunctionName": functions["flaky"], "Payload.$": "$"},
                "OutputPath": "$.Payload",
                "Retry": [
                    {
                        "ErrorEquals": [
                            "Lambda.ServiceException",
                            "Lambda.AWSLambdaException",
                            "Lambda.SdkClientException",
                            "Lambda.TooManyRequestsException",
                        ],
                        "IntervalSeconds": 1,
                        "MaxAttempts": 3,
                        "BackoffRate": 2,
                        "JitterStrategy": "FULL",
                    },
                    {"ErrorEquals": ["RuntimeError"], "IntervalSeconds": 1, "MaxAttempts": 2,
                     "BackoffRate": 1.0, "MaxDelaySeconds": 1},
                ],
                "End": True,
            }
        },
    }
    assert run(definition, {"key": run.name}) == 3
    definition["States"]["Call"]["Retry"] = [{"ErrorEquals": ["RuntimeError"], "MaxAttempts": 0}]
    error, cause = run.failing(definition, {"key": "other"})
    assert error == "RuntimeError" and json.loads(cause)["errorMessage"] == "not yet"


def test_fail_with_paths(run):
    definition = {
        "StartAt": "No",
        "States": {
            "No": {
                "Type": "Fail",
                "ErrorPath": "$.Error",
                "CausePath": "States.Format('the {} of {}', $.What, $$.Execution.Name)",
            }
        },
    }
    machine = run.create(definition)
    ended = run.end(run.start(machine, {"Error": "Mine", "What": "end"}, name="named"))
    assert (ended["error"], ended["cause"]) == ("Mine", "the end of named")


def test_parallel_with_catch(run):
    definition = {
        "StartAt": "Lookup",
        "States": {
            "Lookup": {
                "Type": "Parallel",
                "Branches": [
                    {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": 1, "End": True}}},
                    {
                        "StartAt": "B",
                        "States": {
                            "B": {
                                "Type": "Choice",
                                "Choices": [
                                    {"Variable": "$.bad", "BooleanEquals": True, "Next": "C"}
                                ],
                                "Default": "D",
                            },
                            "C": {"Type": "Fail", "Error": "Branch", "Cause": "as told"},
                            "D": {"Type": "Pass", "Result": 2, "End": True},
                        },
                    },
                ],
                "ResultPath": "$.both",
                "Catch": [
                    {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error-info", "Next": "Cleanup"}
                ],
                "Next": "Done",
            },
            "Cleanup": {"Type": "Pass", "End": True},
            "Done": {"Type": "Succeed"},
        },
    }
    assert run(definition, {"bad": False}) == {"bad": False, "both": [1, 2]}
    assert run(definition, {"bad": True}) == {
        "bad": True,
        "error-info": {"Error": "Branch", "Cause": "as told"},
    }


# ---- lists ----


def test_map_over_what_is_shipped(run, functions):
    """ItemsPath, an ItemSelector with the context's item and index, and few at a time."""
    definition = {
        "StartAt": "ValidateAll",
        "States": {
            "ValidateAll": {
                "Type": "Map",
                "InputPath": "$.detail",
                "ItemsPath": "$.shipped",
                "MaxConcurrency": 2,
                "ItemSelector": {
                    "parcel.$": "$$.Map.Item.Value",
                    "index.$": "$$.Map.Item.Index",
                    "courier.$": "$.delivery-partner",
                },
                "ResultPath": "$.detail.shipped",
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "INLINE"},
                    "StartAt": "Validate",
                    "States": {
                        "Validate": {"Type": "Task", "Resource": functions["echo"], "End": True}
                    },
                },
                "End": True,
            }
        },
    }
    shipped = [{"prod": "R31", "quantity": 1344}, {"prod": "S39", "quantity": 40}, {"prod": "R40"}]
    out = run(definition, {"detail": {"delivery-partner": "UQS", "shipped": shipped}})
    assert out["detail"]["shipped"] == [
        {"parcel": parcel, "index": index, "courier": "UQS"} for index, parcel in enumerate(shipped)
    ]


def test_map_in_its_older_form(run):
    definition = {
        "StartAt": "Each",
        "States": {
            "Each": {
                "Type": "Map",
                "Parameters": {"value.$": "$$.Map.Item.Value", "of.$": "$.of"},
                "ItemsPath": "$.values",
                "Iterator": {
                    "StartAt": "Even?",
                    "States": {
                        "Even?": {
                            "Type": "Choice",
                            "Choices": [{"Variable": "$.value", "NumericLessThan": 2, "Next": "Small"}],
                            "Default": "Large",
                        },
                        "Small": {"Type": "Pass", "Result": "small", "End": True},
                        "Large": {"Type": "Pass", "Result": "large", "End": True},
                    },
                },
                "End": True,
            }
        },
    }
    assert run(definition, {"of": "x", "values": [1, 2, 3]}) == ["small", "large", "large"]


def test_map_that_tolerates_failures(run, functions):
    definition = {
        "StartAt": "Each",
        "States": {
            "Each": {
                "Type": "Map",
                "ItemProcessor": {
                    "StartAt": "Try",
                    "States": {
                        "Try": {
                            "Type": "Task",
                            "Resource": functions["fail"],
                            "Catch": [
                                {"ErrorEquals": ["CustomError"], "ResultPath": None, "Next": "Caught"}
                            ],
                            "End": True,
                        },
                        "Caught": {"Type": "Pass", "End": True},
                    },
                },
                "End": True,
            }
        },
    }
    custom = [{"kind": "custom"}]
    assert run(definition, custom * 2) == custom * 2
    error, _ = run.failing(definition, custom + [{"kind": "other"}])
    assert error == "ValueError"


# ---- callbacks, activities, other machines ----


def test_callback_by_a_queue(server, run, states):
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="callback")["QueueUrl"]
    definition = {
        "StartAt": "Start Task And Wait For Callback",
        "States": {
            "Start Task And Wait For Callback": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "HeartbeatSeconds": 600,
                "Parameters": {
                    "QueueUrl": url,
                    "MessageBody": {
                        "MessageTitle": "Task started by Step Functions. Waiting for callback.",
                        "TaskToken.$": "$$.Task.Token",
                        "StartedBy.$": "$$.Execution.Id",
                    },
                },
                "Next": "Notify Success",
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Notify Failure"}],
            },
            "Notify Success": {"Type": "Pass", "Parameters": {"ok.$": "$.result"}, "End": True},
            "Notify Failure": {"Type": "Pass", "Parameters": {"failed.$": "$.Error"}, "End": True},
        },
    }
    machine = run.create(definition)

    def token_of(execution):
        (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        body = json.loads(message["Body"])
        assert body["StartedBy"] == execution
        return body["TaskToken"]

    one = run.start(machine)
    states.send_task_success(taskToken=token_of(one), output='{"result": "Callback received"}')
    assert json.loads(run.end(one)["output"]) == {"ok": "Callback received"}
    two = run.start(machine)
    states.send_task_failure(taskToken=token_of(two), error="Denied", cause="by hand")
    assert json.loads(run.end(two)["output"]) == {"failed": "Denied"}


def test_activity(run, states):
    activity = states.create_activity(name="get-greeting")["activityArn"]
    definition = {
        "StartAt": "getGreeting",
        "States": {
            "getGreeting": {
                "Type": "Task",
                "Resource": activity,
                "TimeoutSeconds": 300,
                "HeartbeatSeconds": 60,
                "End": True,
            }
        },
    }
    execution = run.start(run.create(definition), {"who": "Usher"})
    work = states.get_activity_task(activityArn=activity, workerName="worker")
    who = json.loads(work["input"])["who"]
    states.send_task_heartbeat(taskToken=work["taskToken"])
    states.send_task_success(taskToken=work["taskToken"], output=json.dumps({"Hello": who}))
    assert json.loads(run.end(execution)["output"]) == {"Hello": "Usher"}


def test_nested_executions(run):
    child = run.create(
        {"StartAt": "P", "States": {"P": {"Type": "Pass", "Parameters": {
            "from.$": "$.AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID", "comment.$": "$.Comment"},
            "End": True}}}
    )
    definition = {
        "StartAt": "Start new workflow and continue",
        "States": {
            "Start new workflow and continue": {
                "Type": "Task",
                "Resource": "arn:aws:states:::states:startExecution",
                "Parameters": {
                    "StateMachineArn": child,
                    "Input": {
                        "Comment": "not waited for",
                        "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id",
                    },
                },
                "ResultPath": "$.started",
                "Next": "Start in parallel",
            },
            "Start in parallel": {
                "Type": "Parallel",
                "Branches": [
                    {
                        "StartAt": "Start and wait",
                        "States": {
                            "Start and wait": {
                                "Type": "Task",
                                "Resource": f"arn:aws:states:::states:startExecution.sync{form}",
                                "Parameters": {
                                    "StateMachineArn": child,
                                    "Input": {
                                        "Comment": "waited for",
                                        "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id",
                                    },
                                },
                                "OutputPath": "$.Output",
                                "End": True,
                            }
                        },
                    }
                    for form in ("", ":2")
                ],
                "End": True,
            },
        },
    }
    execution = run.start(run.create(definition))
    text, document = json.loads(run.end(execution)["output"])
    expected = {"from": execution, "comment": "waited for"}
    assert json.loads(text) == expected and document == expected


# ---- functions and other services ----


def test_lambda_invoke_with_payload(run, functions):
    definition = {
        "StartAt": "Add",
        "States": {
            "Add": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {
                    "FunctionName": "example-add:$LATEST",
                    "Payload": {"a.$": "$.first", "b": 3},
                },
                "ResultSelector": {"sum.$": "$.Payload", "status.$": "$.StatusCode"},
                "ResultPath": "$.added",
                "Next": "Echo",
            },
            "Echo": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:lambda:invoke",
                "Parameters": {"FunctionName": functions["echo"], "Payload.$": "$.added"},
                "ResultSelector": {"same.$": "States.StringToJson($.Payload)"},
                "End": True,
            },
        },
    }
    assert run(definition, {"first": 4}) == {"same": {"sum": 7, "status": 200}}


def test_callback_by_a_function(run, server, states):
    """The function gets the token within its payload."""
    lambda_code.create(
        server.client("lambda"),
        "example-approve",
        "import boto3, json\n\n"
        "def lambda_handler(event, context):\n"
        "    boto3.client('stepfunctions').send_task_success(\n"
        "        taskToken=event['token'], output=json.dumps({'approved': event['input']}))\n",
    )
    definition = {
        "StartAt": "Approve",
        "States": {
            "Approve": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
                "Parameters": {
                    "FunctionName": "example-approve",
                    "Payload": {"input.$": "$", "token.$": "$$.Task.Token"},
                },
                "TimeoutSeconds": 60,
                "End": True,
            }
        },
    }
    assert run(definition, {"order": 7}) == {"approved": {"order": 7}}


def test_sdk_calls_to_s3_and_personalize(server, run):
    server.client("s3").create_bucket(Bucket="example-sdk")
    definition = {
        "StartAt": "Put",
        "States": {
            "Put": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:s3:putObject",
                "Parameters": {"Bucket": "example-sdk", "Key.$": "$.key", "Body.$": "$.document"},
                "ResultPath": None,
                "Next": "List",
            },
            "List": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:s3:listObjectsV2",
                "Parameters": {"Bucket": "example-sdk"},
                "ResultSelector": {"keys.$": "$.Contents[*].Key", "count.$": "$.KeyCount"},
                "ResultPath": "$.listed",
                "Next": "Describe",
            },
            "Describe": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:personalize:describeSolution",
                "Parameters": {
                    "SolutionArn.$": "States.Format('arn:aws:personalize:{}:000000000000:solution/{}', $.region, $.name)"
                },
                "Catch": [
                    {
                        "ErrorEquals": ["Personalize.ResourceNotFoundException"],
                        "ResultPath": "$.error",
                        "Next": "Missing",
                    }
                ],
                "Next": "Missing",
            },
            "Missing": {
                "Type": "Pass",
                "Parameters": {"keys.$": "$.listed.keys", "error.$": "$.error.Error",
                               "count.$": "$.listed.count"},
                "End": True,
            },
        },
    }
    out = run(definition, {"key": "a/b.json", "document": {"x": 1}, "region": REGION, "name": "none"})
    assert out == {"keys": ["a/b.json"], "error": "Personalize.ResourceNotFoundException", "count": 1}


# ---- data ----


def test_context_object(run):
    definition = {
        "StartAt": "ExamplePass",
        "States": {
            "ExamplePass": {
                "Type": "Pass",
                "Parameters": {
                    "comment": "Selecting what I care about.",
                    "size.$": "$.product.size",
                    "input.$": "$$.Execution.Input.product.type",
                    "id.$": "$$.Execution.Id",
                    "name.$": "$$.Execution.Name",
                    "role.$": "$$.Execution.RoleArn",
                    "start.$": "$$.Execution.StartTime",
                    "state.$": "$$.State.Name",
                    "entered.$": "$$.State.EnteredTime",
                    "machine.$": "$$.StateMachine.Name",
                    "machineId.$": "$$.StateMachine.Id",
                    "whole.$": "$$.Execution.Input",
                },
                "End": True,
            }
        },
    }
    given = {"product": {"type": "t-shirt", "size": "small"}}
    machine = run.create(definition)
    execution = run.start(machine, given, name="ctx")
    out = json.loads(run.end(execution)["output"])
    assert (out["size"], out["input"], out["name"], out["state"]) == (
        "small", "t-shirt", "ctx", "ExamplePass",
    )
    assert out["id"] == execution and out["role"] == ROLE and out["machineId"] == machine
    assert machine.endswith(":" + out["machine"]) and out["whole"] == given
    for when in (out["start"], out["entered"]):
        assert datetime.datetime.fromisoformat(when.replace("Z", "+00:00"))


def test_every_intrinsic(run):
    expressions = {
        "array": ("States.Array('Foo', 2020, $.someJson, null)", ["Foo", 2020, {"random": "x"}, None]),
        "partition": ("States.ArrayPartition($.inputArray, 4)", [[1, 2, 3, 4], [5, 6, 7, 8], [9]]),
        "contains": ("States.ArrayContains($.inputArray, $.lookingFor)", True),
        "range": ("States.ArrayRange(1, 9, 2)", [1, 3, 5, 7, 9]),
        "item": ("States.ArrayGetItem($.inputArray, 5)", 6),
        "length": ("States.ArrayLength($.inputArray)", 9),
        "unique": ("States.ArrayUnique($.twice)", [1, 2, 3]),
        "encoded": ("States.Base64Encode('Data to encode')", "RGF0YSB0byBlbmNvZGU="),
        "decoded": ("States.Base64Decode('RGVjb2RlZCBkYXRh')", "Decoded data"),
        "hash": ("States.Hash('input data', 'SHA-1')", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
        "merged": ("States.JsonMerge($.json1, $.json2, false)", {"a": {"a3": 1}, "b": 2, "c": 3}),
        "parsed": ("States.StringToJson($.escapedJsonString)", {"foo": "bar"}),
        "written": ("States.JsonToString($.someJson)", '{"random":"x"}'),
        "sum": ("States.MathAdd($.value1, $.step)", 110),
        "split": ("States.StringSplit('This.is+a,test=string', '.+,=')",
                  ["This", "is", "a", "test", "string"]),
        "formatted": ("States.Format('Hello, my name is {} and I\\'m {}.', $.name, 3)",
                      "Hello, my name is Arnav and I'm 3."),
        "nested": ("States.Format('{}', States.ArrayGetItem(States.StringSplit($.name, 'n'), 0))", "Ar"),
    }
    parameters = {f"{name}.$": expression for name, (expression, _) in expressions.items()}
    parameters |= {"uuid.$": "States.UUID()", "random.$": "States.MathRandom(1, 999)"}
    definition = {
        "StartAt": "All",
        "States": {"All": {"Type": "Pass", "Parameters": parameters, "End": True}},
    }
    out = run(
        definition,
        {
            "someJson": {"random": "x"},
            "inputArray": [1, 2, 3, 4, 5, 6, 7, 8, 9],
            "lookingFor": 5,
            "twice": [1, 2, 3, 3, 2, 1],
            "json1": {"a": {"a1": 1, "a2": 2}, "b": 2},
            "json2": {"a": {"a3": 1}, "c": 3},
            "escapedJsonString": '{"foo": "bar"}',
            "value1": 111,
            "step": -1,
            "name": "Arnav",
        },
    )
    assert len(out.pop("uuid")) == 36
    assert 1 <= out.pop("random") < 999
    assert out == {name: expected for name, (_, expected) in expressions.items()}


CHOICES = [
    ({"StringEquals": "b"}, "s", "b"), ({"StringEqualsPath": "$.other"}, "s", "zz"),
    ({"StringLessThan": "b"}, "s", "a"), ({"StringLessThanPath": "$.other"}, "s", "y"),
    ({"StringGreaterThan": "b"}, "s", "c"), ({"StringGreaterThanPath": "$.low"}, "s", "b"),
    ({"StringLessThanEquals": "b"}, "s", "b"), ({"StringLessThanEqualsPath": "$.other"}, "s", "zz"),
    ({"StringGreaterThanEquals": "b"}, "s", "b"), ({"StringGreaterThanEqualsPath": "$.low"}, "s", "a"),
    ({"StringMatches": "*.log"}, "s", "zebra.log"), ({"StringMatches": "foo*.\\*"}, "s", "foobar.*"),
    ({"NumericEquals": 1}, "n", 1.0), ({"NumericEqualsPath": "$.five"}, "n", 5),
    ({"NumericLessThan": 1}, "n", 0.5), ({"NumericLessThanPath": "$.five"}, "n", 4),
    ({"NumericGreaterThan": 1}, "n", 2), ({"NumericGreaterThanPath": "$.five"}, "n", 6),
    ({"NumericLessThanEquals": 1}, "n", 1), ({"NumericLessThanEqualsPath": "$.five"}, "n", 5),
    ({"NumericGreaterThanEquals": 1}, "n", 1), ({"NumericGreaterThanEqualsPath": "$.five"}, "n", 5),
    ({"BooleanEquals": False}, "b", False), ({"BooleanEqualsPath": "$.yes"}, "b", True),
    ({"TimestampEquals": "2001-01-01T12:00:00Z"}, "t", "2001-01-01T12:00:00Z"),
    ({"TimestampEqualsPath": "$.when"}, "t", "2020-01-01T01:00:00+01:00"),
    ({"TimestampLessThan": "2001-01-01T12:00:00Z"}, "t", "2001-01-01T11:59:59Z"),
    ({"TimestampLessThanPath": "$.when"}, "t", "2019-12-31T23:59:59Z"),
    ({"TimestampGreaterThan": "2001-01-01T12:00:00Z"}, "t", "2001-01-01T12:00:00.5Z"),
    ({"TimestampGreaterThanPath": "$.when"}, "t", "2020-01-01T00:00:01Z"),
    ({"TimestampLessThanEquals": "2001-01-01T12:00:00Z"}, "t", "2001-01-01T12:00:00Z"),
    ({"TimestampLessThanEqualsPath": "$.when"}, "t", "2020-01-01T00:00:00Z"),
    ({"TimestampGreaterThanEquals": "2001-01-01T12:00:00Z"}, "t", "2001-01-01T12:00:00Z"),
    ({"TimestampGreaterThanEqualsPath": "$.when"}, "t", "2020-01-01T00:00:00Z"),
    ({"IsNull": True}, "x", None), ({"IsPresent": True}, "x", 1),
    ({"IsNumeric": True}, "x", 1), ({"IsString": True}, "x", "1"), ({"IsBoolean": True}, "x", True),
    ({"IsTimestamp": True}, "x", "2001-01-01T12:00:00Z"), ({"IsTimestamp": False}, "x", "noon"),
]  # fmt: skip


def test_every_comparator(run):
    """Each chooses its own state for a value that it takes, in one machine of many choices."""
    given = {"other": "zz", "low": "a", "five": 5, "yes": True, "when": "2020-01-01T00:00:00Z"}
    steps, values = {}, {}
    for number, (comparison, kind, value) in enumerate(CHOICES):
        name = f"{kind}{number}"
        values[name] = value
        after = f"Choose {number + 1}" if number + 1 < len(CHOICES) else "Done"
        steps[f"Choose {number}"] = {
            "Type": "Choice",
            "Choices": [{"Variable": f"$.values.{name}", **comparison, "Next": after}],
            "Default": "Wrong",
        }
    steps["Done"] = {"Type": "Succeed"}
    steps["Wrong"] = {"Type": "Fail", "Error": "Wrong", "CausePath": "$$.State.Name"}
    execution = run.start(
        run.create({"StartAt": "Choose 0", "States": steps}), {**given, "values": values}
    )
    assert run.end(execution)["status"] == "SUCCEEDED", run.entered(execution)[-2:]


def test_choices_together(run):
    definition = {
        "StartAt": "DispatchEvent",
        "States": {
            "DispatchEvent": {
                "Type": "Choice",
                "Choices": [
                    {"Not": {"Variable": "$.type", "StringEquals": "Private"}, "Next": "Public"},
                    {
                        "And": [
                            {"Variable": "$.value", "IsPresent": True},
                            {"Variable": "$.value", "IsNumeric": True},
                            {"Variable": "$.value", "NumericGreaterThanEquals": 20},
                            {"Variable": "$.value", "NumericLessThan": 30},
                        ],
                        "Next": "ValueInTwenties",
                    },
                    {
                        "Or": [
                            {"Variable": "$.value", "IsPresent": False},
                            {"Not": {"Variable": "$.value", "IsNumeric": True}},
                        ],
                        "Next": "NoNumber",
                    },
                ],
                "Default": "RecordEvent",
            },
            **{
                name: {"Type": "Pass", "Result": name, "End": True}
                for name in ("Public", "ValueInTwenties", "NoNumber", "RecordEvent")
            },
        },
    }
    for given, expected in (
        ({"type": "Public"}, "Public"),
        ({"type": "Private", "value": 22}, "ValueInTwenties"),
        ({"type": "Private"}, "NoNumber"),
        ({"type": "Private", "value": "22"}, "NoNumber"),
        ({"type": "Private", "value": 31}, "RecordEvent"),
    ):
        assert run(definition, given) == expected
    del definition["States"]["DispatchEvent"]["Default"]
    del definition["States"]["RecordEvent"]
    error, _ = run.failing(definition, {"type": "Private", "value": 31})
    assert error == "States.NoChoiceMatched"


def test_input_and_output_in_every_step(run, functions):
    """InputPath, Parameters, ResultSelector, ResultPath and OutputPath, one after the other."""
    definition = {
        "StartAt": "Use all",
        "States": {
            "Use all": {
                "Type": "Task",
                "Resource": functions["echo"],
                "InputPath": "$.shelf",
                "Parameters": {
                    "static": "text",
                    "titles.$": "$.movies[?(@.year > 1980)].title",
                    "first.$": "$.movies[0]['title']",
                    "last.$": "$.movies[-1:].title",
                    "all.$": "$..year",
                },
                "ResultSelector": {"found.$": "$.titles", "first.$": "$.first", "last.$": "$.last",
                                   "years.$": "States.ArrayLength($.all)"},
                "ResultPath": "$.shelf.result",
                "OutputPath": "$.shelf.result",
                "End": True,
            }
        },
    }
    movies = [
        {"title": "Alien", "year": 1979},
        {"title": "Brazil", "year": 1985},
        {"title": "Heat", "year": 1995},
    ]
    assert run(definition, {"shelf": {"movies": movies}}) == {
        "found": ["Brazil", "Heat"], "first": "Alien", "last": ["Heat"], "years": 3,
    }


def test_a_missing_path_says_which(run):
    definition = {
        "StartAt": "Read",
        "States": {"Read": {"Type": "Pass", "InputPath": "$.no.such", "End": True}},
    }
    error, cause = run.failing(definition, {"a": 1})
    assert error == "States.Runtime" and "$.no.such" in cause
    definition["States"]["Read"] = {
        "Type": "Pass", "Parameters": {"x.$": "$.no.such"}, "End": True,
    }
    error, cause = run.failing(definition, {"a": 1})
    assert error in ("States.Runtime", "States.ParameterPathFailure") and "$.no.such" in cause


def test_jsonata_is_refused_with_words(states):
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "A",
        "States": {"A": {"Type": "Pass", "Output": "{% $states.input %}", "End": True}},
    }
    with pytest.raises(states.exceptions.InvalidDefinition) as refused:
        states.create_state_machine(name="jsonata", definition=json.dumps(definition), roleArn=ROLE)
    assert "JSONata" in str(refused.value)
