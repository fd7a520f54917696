"""`usher deploy` against a live server."""

import json

import pytest

import movies_workflow as workflow
from usher_server import free_port, run_usher, wait_for

ACCOUNT = "arn:aws:personalize:us-east-1:000000000000"


@pytest.fixture(scope="module")
def version(prepared):
    return workflow.train(
        prepared.personalize, prepared.group_arn, "popular", recipe="aws-user-personalization"
    )


def deploy(server, *arguments):
    return run_usher("deploy", "--data", server.data, "--listen", server.listen, *arguments)


def describe(prepared, name):
    return prepared.personalize.describe_campaign(campaignArn=f"{ACCOUNT}:campaign/{name}")["campaign"]


def lines_of(ran):
    assert ran.returncode == 0, ran.stderr
    return [line.split(": ", 1) for line in ran.stdout.splitlines()]


def test_creates_a_campaign_and_says_how_far_it_is(prepared, version):
    ran = deploy(
        prepared.server, "--campaign_name", "MoviesCampaign", "--sol_version_arn", version, "--mode", "create"
    )

    lines = lines_of(ran)
    assert [name for name, _ in lines] == ["Name", "ARN", "Status"]
    assert lines[0][1] == "MoviesCampaign"
    assert lines[1][1] == f"{ACCOUNT}:campaign/MoviesCampaign"
    assert lines[2][1] in ("CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE")
    campaign = wait_for(lambda: describe(prepared, "MoviesCampaign"))
    assert campaign["solutionVersionArn"] == version
    assert campaign["minProvisionedTPS"] == 1
    assert campaign["campaignConfig"]["itemExplorationConfig"] == {
        "explorationWeight": "0.3",
        "explorationItemAgeCutOff": "30",
    }


def test_an_update_keeps_the_configuration_unless_it_is_given(prepared, version):
    given = {"itemExplorationConfig": {"explorationWeight": "0.6", "explorationItemAgeCutOff": "100"}}
    create = ("--campaign_name", "Updated", "--sol_version_arn", version)
    lines_of(deploy(prepared.server, *create, "--config", json.dumps(given)))
    wait_for(lambda: describe(prepared, "Updated"))

    def update(name, *more):
        ran = deploy(
            prepared.server, "--campaign_name", name, "--sol_version_arn", version, "--mode", "update", *more
        )
        assert dict(lines_of(ran))["Name"] == "Updated"
        wait_for(lambda: describe(prepared, "Updated")["latestCampaignUpdate"])
        return describe(prepared, "Updated")["campaignConfig"]["itemExplorationConfig"]

    assert update("Updated") == given["itemExplorationConfig"]
    newer = {"explorationWeight": "0.1", "explorationItemAgeCutOff": "10"}
    by_arn = f"{ACCOUNT}:campaign/Updated"
    assert update(by_arn, "--config", json.dumps({"itemExplorationConfig": newer})) == newer


def test_refusals_say_what_to_do(prepared, version):
    def refused(*arguments, part, status=1):
        ran = deploy(prepared.server, *arguments)
        assert ran.returncode == status and ran.stdout == ""
        assert ran.stderr.startswith("usher deploy: ") and part in ran.stderr, ran.stderr

    named = ("--campaign_name", "Refused", "--sol_version_arn")
    refused(*named, f"{ACCOUNT}:solution/none/00000000", part="none")
    refused(*named, version, "--config", '{"itemExplorationConfig":{"explorationWeight":"9"}}', part="9")
    refused(*named, version, "--config", "{", part="--config", status=2)
    refused(*named, version, "--mode", "replace", part="create", status=2)
    refused(*named, version, "--mode", "update", part="campaign/Refused")
    refused("--campaign_name", f"{ACCOUNT}:campaign/x", "--sol_version_arn", version, part="name", status=2)
    lines_of(deploy(prepared.server, "--campaign_name", "Twice", "--sol_version_arn", version))
    refused("--campaign_name", "Twice", "--sol_version_arn", version, part="--mode update")


def test_a_server_that_is_not_there_is_said(server, tmp_path):
    arguments = ("--campaign_name", "x", "--sol_version_arn", f"{ACCOUNT}:solution/a/1")
    nothing = run_usher("deploy", "--data", tmp_path, *arguments)
    assert nothing.returncode == 1 and "usher serve" in nothing.stderr
    port = free_port()
    silent = run_usher("deploy", "--data", server.data, "--listen", f"127.0.0.1:{port}", *arguments)
    assert silent.returncode == 1 and f"127.0.0.1:{port}" in silent.stderr
