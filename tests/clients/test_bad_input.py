"""Bad data and bad circumstances: a clear reason, and nothing lost."""

import socket

import pytest

import movies_workflow as workflow
from usher_server import UsherServer, run_usher, wait_for


def failed_import(prepared, name, text, **options):
    """Imports `text`, which must fail; gives the reason."""
    prepared.s3.put_object(Bucket=workflow.BUCKET, Key=f"{name}.csv", Body=text)
    arn = workflow.start_import(
        prepared.personalize,
        prepared.dataset_arn,
        prepared.role_arn,
        f"{name}.csv",
        name,
        **options,
    )
    return wait_for(workflow.describe_import(prepared.personalize, arn), wanted="CREATE FAILED")[
        "failureReason"
    ]


def csv_of(rows, header="USER_ID,ITEM_ID,TIMESTAMP"):
    return "\n".join([header, *rows, ""]).encode()


def good_rows(count=1500):
    return [f"u{i % 50},i{i % 70},{1500000000 + i}" for i in range(count)]


@pytest.fixture
def still_trains(prepared):
    """After a failed import the dataset holds what it held before."""
    yield
    version = workflow.train(
        prepared.personalize,
        prepared.group_arn,
        f"after-{len(prepared.personalize.list_solutions()['solutions'])}",
        "aws-popularity-count",
    )
    found = prepared.personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]
    assert found["coverage"] > 0


def test_a_missing_column_is_named(prepared, still_trains):
    reason = failed_import(
        prepared,
        "missing-column",
        csv_of([row.rsplit(",", 1)[0] for row in good_rows()], "USER_ID,ITEM_ID"),
    )

    assert "Input CSV is missing the following columns:[TIMESTAMP]." in reason


def test_an_unterminated_quote_is_named_with_its_line(prepared, still_trains):
    rows = good_rows()
    rows[700] = '"u1,i1,1500000000'

    reason = failed_import(prepared, "open-quote", csv_of(rows))

    assert "quote" in reason.lower()
    assert "702" in reason  # the header is line 1


def test_a_bad_timestamp_is_named_with_its_line(prepared, still_trains):
    rows = good_rows()
    rows[1234] = "u1,i1,yesterday"

    reason = failed_import(prepared, "bad-timestamp", csv_of(rows))

    assert "line 1236" in reason
    assert "TIMESTAMP" in reason
    assert "yesterday" in reason


def test_an_empty_required_value_is_named_with_its_line(prepared):
    rows = good_rows()
    rows[10] = ",i1,1500000000"

    reason = failed_import(prepared, "empty-user", csv_of(rows))

    assert "line 12" in reason
    assert "USER_ID" in reason


def test_too_few_interactions_are_refused(prepared):
    assert "1000" in failed_import(prepared, "too-few", csv_of(good_rows(999))).replace(",", "")


def test_an_object_that_is_not_there_is_named(prepared):
    arn = workflow.start_import(
        prepared.personalize, prepared.dataset_arn, prepared.role_arn, "not-there.csv", "not-there"
    )
    reason = wait_for(workflow.describe_import(prepared.personalize, arn), wanted="CREATE FAILED")[
        "failureReason"
    ]

    assert "not-there.csv" in reason


def test_a_version_without_enough_data_says_what_is_missing(prepared):
    personalize = prepared.personalize
    group = workflow.create_group(personalize, "few-users")
    dataset = workflow.create_dataset(personalize, group, prepared.schema_arn)
    rows = csv_of([f"u{i % 10},i{i},{1500000000 + i}" for i in range(1200)])
    prepared.s3.put_object(Bucket=workflow.BUCKET, Key="few-users.csv", Body=rows)
    job = workflow.start_import(
        personalize, dataset, prepared.role_arn, "few-users.csv", "few-users"
    )
    wait_for(workflow.describe_import(personalize, job))
    solution = workflow.create_solution(personalize, group, "few-users")

    arn = personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    version = wait_for(workflow.describe_version(personalize, arn), wanted="CREATE FAILED")

    assert (
        "Dataset has fewer than 25 users with at least 2 interactions each."
        in version["failureReason"]
    )


def test_a_campaign_on_a_version_that_still_trains_is_refused(prepared):
    personalize = prepared.personalize
    solution = workflow.create_solution(
        personalize,
        prepared.group_arn,
        "slow",
        solutionConfig={"algorithmHyperParameters": {"hidden_dimension": "256"}},
    )
    arn = personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]

    with pytest.raises(personalize.exceptions.ResourceInUseException) as raised:
        personalize.create_campaign(name="too-soon", solutionVersionArn=arn)

    assert arn in str(raised.value)
    personalize.stop_solution_version_creation(solutionVersionArn=arn)
    wait_for(workflow.describe_version(personalize, arn), wanted="CREATE STOPPED")


def test_training_can_be_stopped(prepared):
    personalize = prepared.personalize
    solution = workflow.create_solution(
        personalize,
        prepared.group_arn,
        "stopped",
        solutionConfig={"algorithmHyperParameters": {"hidden_dimension": "256"}},
    )
    arn = personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]

    personalize.stop_solution_version_creation(solutionVersionArn=arn)

    wait_for(workflow.describe_version(personalize, arn), wanted="CREATE STOPPED")


# --- Requests ------------------------------------------------------------------------------------


def test_a_body_over_the_limit_is_refused_and_the_server_goes_on(server):
    """A JSON operation's body has a limit far below an object's."""
    personalize = server.client("personalize", parameter_validation=False)

    with pytest.raises(Exception) as raised:
        personalize.create_schema(name="huge", schema="x" * (64 << 20))

    assert "413" in str(raised.value) or "TooLarge" in str(raised.value), raised.value
    assert server.is_ready()


@pytest.mark.parametrize("sent", [1_000_000, 500_000])
def test_an_upload_that_ends_early_leaves_no_object(server, sent):
    """With the whole body sent the same request makes the object: so it is the end that is missed."""
    s3 = server.client("s3", signature_version="s3v4")
    bucket = f"ends-early-{sent}"
    s3.create_bucket(Bucket=bucket)
    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "half"})
    target = url.split(server.listen, 1)[1]
    head = (
        f"PUT {target} HTTP/1.1\r\nHost: {server.listen}\r\nConnection: close\r\n"
        "Content-Length: 1000000\r\n\r\n"
    )

    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(head.encode() + b"x" * sent)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == (1 if sent == 1_000_000 else 0)
    assert server.is_ready()


# --- Starting ------------------------------------------------------------------------------------


def test_a_data_folder_in_use_is_refused(make_server, tmp_path):
    first = make_server()
    second = UsherServer(tmp_path / "data")

    done = run_usher("serve", "--data", first.data, "--listen", second.listen)

    assert done.returncode != 0
    assert "in use" in done.stderr
    assert str(first.data) in done.stderr
    assert first.is_ready()


def test_a_port_in_use_is_refused(make_server, tmp_path):
    first = make_server()

    done = run_usher("serve", "--data", tmp_path / "other", "--listen", first.listen)

    assert done.returncode != 0
    assert "in use" in done.stderr
    assert str(first.port) in done.stderr
    assert first.is_ready()


def test_serving_without_signatures_is_refused_beyond_this_machine(tmp_path):
    done = run_usher("serve", "--data", tmp_path / "data", "--listen", "0.0.0.0:0", "--auth", "off")

    assert done.returncode != 0
    assert "--auth off" in done.stderr
    assert "0.0.0.0" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve", "--nonsense"],
        ["serve", "--listen", "nowhere"],
        ["serve", "--auth", "maybe"],
        ["serve", "--seen"],
        ["nonsense"],
    ],
)
def test_a_wrong_option_is_named(arguments):
    done = run_usher(*arguments)

    assert done.returncode != 0
    assert arguments[-1].lstrip("-") in done.stderr
    assert "usher" in done.stderr


def test_every_command_has_a_help_text():
    overview = run_usher("--help")

    assert overview.returncode == 0
    for command in ("serve", "env", "train", "recommend", "evaluate", "generate", "version"):
        assert command in overview.stdout
        one = run_usher(command, "--help")
        assert one.returncode == 0
        assert f"usher {command}" in one.stdout
