"""The steps of the main job as functions, for the tests that need a resource to start from."""

import json

from usher_server import wait_for

BUCKET = "movies"

INTERACTIONS_SCHEMA = {
    "type": "record",
    "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
    ],
    "version": "1.0",
}

TRUST_PERSONALIZE = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "personalize.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def recipe_arn(name):
    return f"arn:aws:personalize:::recipe/{name}"


def create_role(server, name="personalize"):
    return server.client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST_PERSONALIZE)
    )["Role"]["Arn"]


def create_group(personalize, name):
    arn = personalize.create_dataset_group(name=name)["datasetGroupArn"]
    wait_for(lambda: personalize.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"])
    return arn


def create_schema(personalize, name, schema=None):
    return personalize.create_schema(name=name, schema=json.dumps(schema or INTERACTIONS_SCHEMA))[
        "schemaArn"
    ]


def create_dataset(personalize, group_arn, schema_arn, name="interactions", kind="Interactions"):
    arn = personalize.create_dataset(
        name=name, datasetGroupArn=group_arn, datasetType=kind, schemaArn=schema_arn
    )["datasetArn"]
    wait_for(lambda: personalize.describe_dataset(datasetArn=arn)["dataset"])
    return arn


def start_import(personalize, dataset_arn, role_arn, key, job, **options):
    return personalize.create_dataset_import_job(
        jobName=job,
        datasetArn=dataset_arn,
        roleArn=role_arn,
        dataSource={"dataLocation": f"s3://{BUCKET}/{key}"},
        **options,
    )["datasetImportJobArn"]


def describe_import(personalize, arn):
    return lambda: personalize.describe_dataset_import_job(datasetImportJobArn=arn)[
        "datasetImportJob"
    ]


def describe_version(personalize, arn):
    return lambda: personalize.describe_solution_version(solutionVersionArn=arn)["solutionVersion"]


def create_solution(personalize, group_arn, name, recipe="aws-user-personalization", **options):
    arn = personalize.create_solution(
        name=name,
        datasetGroupArn=group_arn,
        recipeArn=recipe_arn(recipe),
        performAutoTraining=False,
        **options,
    )["solutionArn"]
    wait_for(lambda: personalize.describe_solution(solutionArn=arn)["solution"])
    return arn


def train(personalize, group_arn, name, recipe="aws-user-personalization", **options):
    solution_arn = create_solution(personalize, group_arn, name, recipe, **options)
    arn = personalize.create_solution_version(solutionArn=solution_arn)["solutionVersionArn"]
    wait_for(describe_version(personalize, arn))
    return arn


def create_campaign(personalize, version_arn, name, **options):
    arn = personalize.create_campaign(name=name, solutionVersionArn=version_arn, **options)[
        "campaignArn"
    ]
    wait_for(lambda: personalize.describe_campaign(campaignArn=arn)["campaign"])
    return arn
