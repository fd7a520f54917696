"""Stacks by boto3: what the tests of CloudFormation share."""

import time

import botocore.exceptions
import pytest

from usher_server import POLL_SECONDS

GIVE_UP_SECONDS = 60


def finish(client, name):
    """The stack once no operation is under way."""
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while True:
        stack = client.describe_stacks(StackName=name)["Stacks"][0]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack
        assert time.monotonic() < give_up, stack
        time.sleep(POLL_SECONDS)


def create(client, name, body, **options):
    stack_id = client.create_stack(StackName=name, TemplateBody=body, **options)["StackId"]
    return finish(client, stack_id)


def delete(client, name):
    stack_id = client.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
    client.delete_stack(StackName=name)
    return finish(client, stack_id)


def reasons(client, name):
    events = client.get_paginator("describe_stack_events").paginate(StackName=name)
    return {
        event["LogicalResourceId"]: event["ResourceStatusReason"]
        for page in events
        for event in page["StackEvents"]
        if event["ResourceStatus"].endswith("_FAILED")
    }


def refusal(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        call(**arguments)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def update(client, name, body, **options):
    client.update_stack(StackName=name, TemplateBody=body, **options)
    return finish(client, name)


def outputs(stack):
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def physical_ids(client, name):
    pages = client.get_paginator("list_stack_resources").paginate(StackName=name)
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for page in pages
        for resource in page["StackResourceSummaries"]
    }
