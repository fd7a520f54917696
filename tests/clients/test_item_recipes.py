"""The recipes that answer for items, through boto3: related items, trends, segments' metrics."""

import csv
import json

import botocore.exceptions
import pytest

import movies_workflow as workflow
from usher_server import wait_for

ITEMS_SCHEMA = {
    "type": "record",
    "name": "Items",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TITLE", "type": "string", "textual": True},
        {"name": "GENRES", "type": "string", "categorical": True},
    ],
    "version": "1.0",
}


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@pytest.fixture(scope="module")
def genres(movielens):
    """The genres of each movie."""
    with open(movielens.movies, newline="", encoding="utf-8") as file:
        return {row["movieId"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def with_items(prepared, genres):
    """The prepared group with an imported Items dataset."""
    lines = ["ITEM_ID,TITLE,GENRES"]
    lines += [f"{item},{quoted(row['title'] or item)},{quoted(row['genres'])}" for item, row in genres.items()]
    prepared.s3.put_object(
        Bucket=workflow.BUCKET, Key="items.csv", Body=("\n".join(lines) + "\n").encode()
    )
    schema = workflow.create_schema(prepared.personalize, "items", ITEMS_SCHEMA)
    dataset = workflow.create_dataset(
        prepared.personalize, prepared.group_arn, schema, "items", "Items"
    )
    job = workflow.start_import(
        prepared.personalize, dataset, prepared.role_arn, "items.csv", "items"
    )
    wait_for(workflow.describe_import(prepared.personalize, job))
    return prepared


def ask(with_items, campaign, **query):
    answer = with_items.runtime.get_recommendations(campaignArn=campaign, **query)
    return [entry["itemId"] for entry in answer["itemList"]]


@pytest.mark.parametrize("recipe", ["aws-sims", "aws-similar-items", "aws-semantic-similarity"])
def test_related_items_in_real_time_and_in_batch(with_items, recipe):
    version = workflow.train(with_items.personalize, with_items.group_arn, recipe, recipe)
    metrics = with_items.personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]
    assert 0 < metrics["coverage"] <= 1
    campaign = workflow.create_campaign(with_items.personalize, version, recipe)
    related = ask(with_items, campaign, itemId="1", numResults=10)
    assert len(set(related)) == 10 and "1" not in related
    assert ask(with_items, campaign, itemId="no such movie", numResults=10) != related
    with pytest.raises(botocore.exceptions.ClientError, match="itemId is required"):
        ask(with_items, campaign, userId="1")

    with_items.s3.put_object(
        Bucket=workflow.BUCKET, Key=f"in/{recipe}.json", Body=b'{"itemId":"1"}\n{"userId":"1"}\n'
    )
    job = with_items.personalize.create_batch_inference_job(
        jobName=recipe,
        solutionVersionArn=version,
        numResults=10,
        roleArn=with_items.role_arn,
        jobInput={"s3DataSource": {"path": f"s3://{workflow.BUCKET}/in/{recipe}.json"}},
        jobOutput={"s3DataDestination": {"path": f"s3://{workflow.BUCKET}/out/"}},
    )["batchInferenceJobArn"]
    wait_for(
        lambda: with_items.personalize.describe_batch_inference_job(batchInferenceJobArn=job)[
            "batchInferenceJob"
        ]
    )
    body = with_items.s3.get_object(Bucket=workflow.BUCKET, Key=f"out/{recipe}.json.out")["Body"]
    good, bad = [json.loads(line) for line in body.read().splitlines()]
    assert good == {
        "input": {"itemId": "1"},
        "output": {"recommendedItems": related},
        "error": None,
    }
    assert bad["output"] is None and "itemId" in bad["error"]


def test_trending_now_is_the_same_for_all(with_items):
    recipe = "aws-trending-now"
    version = workflow.train(
        with_items.personalize,
        with_items.group_arn,
        "trending",
        recipe,
        solutionConfig={
            "featureTransformationParameters": {"trend_discovery_frequency": "1 day"}
        },
    )
    metrics = with_items.personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]
    assert 0 <= metrics["trend_prediction_accuracy"] <= 1
    campaign = workflow.create_campaign(with_items.personalize, version, "trending")
    assert ask(with_items, campaign) == ask(with_items, campaign, userId="1")


@pytest.mark.parametrize("recipe", ["aws-item-affinity", "aws-item-attribute-affinity"])
def test_affinities_have_the_metrics_of_segments_and_no_campaigns(with_items, recipe):
    version = workflow.train(with_items.personalize, with_items.group_arn, recipe, recipe)
    metrics = with_items.personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]
    assert set(metrics) == {"coverage", "hits_at_1_percent", "recall_at_1_percent"}
    assert metrics["hits_at_1_percent"] > 0
    with pytest.raises(botocore.exceptions.ClientError, match="has no campaigns"):
        workflow.create_campaign(with_items.personalize, version, recipe)


def test_retired_recipes_name_their_successor(with_items):
    for recipe in ("aws-hrnn", "aws-hrnn-metadata", "aws-hrnn-coldstart"):
        arn = workflow.recipe_arn(recipe)
        assert with_items.personalize.describe_recipe(recipeArn=arn)["recipe"]["name"] == recipe
        with pytest.raises(botocore.exceptions.ClientError, match="use aws-user-personalization instead"):
            workflow.create_solution(with_items.personalize, with_items.group_arn, "old", recipe)
