"""Filters through boto3: on real ratings and genres, in real time, in rankings and in batch."""

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
        {"name": "GENRES", "type": "string", "categorical": True},
        {"name": "YEAR", "type": "int"},
    ],
    "version": "1.0",
}


class Movies:
    """A campaign over the ratings, with genres and a made-up year of each movie."""

    def __init__(self, prepared, movielens):
        self.personalize, self.runtime = prepared.personalize, prepared.runtime
        self.prepared = prepared
        with open(movielens.movies, newline="", encoding="utf-8") as file:
            self.genres = {row["movieId"]: row["genres"].split("|") for row in csv.DictReader(file)}
        self.years = {item: 1950 + int(item) % 70 for item in self.genres}
        rows = [f"{item},{'|'.join(g)},{self.years[item]}" for item, g in self.genres.items()]
        body = "\n".join(["ITEM_ID,GENRES,YEAR", *rows]) + "\n"
        prepared.s3.put_object(Bucket=workflow.BUCKET, Key="items.csv", Body=body.encode())
        schema = workflow.create_schema(self.personalize, "items", ITEMS_SCHEMA)
        self.items = workflow.create_dataset(
            self.personalize, prepared.group_arn, schema, "items", "Items"
        )
        job = workflow.start_import(
            self.personalize, self.items, prepared.role_arn, "items.csv", "items"
        )
        wait_for(workflow.describe_import(self.personalize, job))
        self.version = workflow.train(self.personalize, prepared.group_arn, "filters")
        self.campaign = workflow.create_campaign(self.personalize, self.version, "filters")
        with open(movielens.ratings, newline="", encoding="utf-8") as file:
            self.met = {row["movieId"] for row in csv.DictReader(file) if row["userId"] == "1"}

    def filter(self, name, expression):
        arn = self.personalize.create_filter(
            name=name, datasetGroupArn=self.prepared.group_arn, filterExpression=expression
        )["filterArn"]
        wait_for(lambda: self.personalize.describe_filter(filterArn=arn)["filter"])
        return arn

    def recommend(self, filter_arn, count=25, **more):
        answer = self.runtime.get_recommendations(
            campaignArn=self.campaign, userId="1", numResults=count, filterArn=filter_arn, **more
        )
        return [entry["itemId"] for entry in answer["itemList"]]


@pytest.fixture(scope="module")
def movies(prepared, movielens):
    return Movies(prepared, movielens)


def test_a_filter_is_described_listed_and_deleted(movies):
    expression = 'EXCLUDE ItemID WHERE Items.GENRES IN ("Horror")'
    arn = movies.filter("life", expression)
    described = movies.personalize.describe_filter(filterArn=arn)["filter"]
    assert described["filterExpression"] == expression and described["status"] == "ACTIVE"
    listed = movies.personalize.list_filters(datasetGroupArn=movies.prepared.group_arn)["Filters"]
    assert arn in [entry["filterArn"] for entry in listed]
    with pytest.raises(movies.personalize.exceptions.ResourceAlreadyExistsException):
        movies.filter("life", expression)
    movies.personalize.delete_filter(filterArn=arn)
    with pytest.raises(movies.personalize.exceptions.ResourceNotFoundException):
        movies.personalize.describe_filter(filterArn=arn)


def test_genres_and_values(movies):
    arn = movies.filter("genre", "INCLUDE ItemID WHERE Items.GENRES IN ($GENRE) AND Items.YEAR >= $YEAR")
    answer = movies.recommend(arn, 100, filterValues={"GENRE": '"Horror","Western"', "YEAR": "1980"})
    for item in answer:
        assert {"Horror", "Western"} & set(movies.genres[item]) and movies.years[item] >= 1980
    eligible = sum(
        1
        for item, genres in movies.genres.items()
        if {"Horror", "Western"} & set(genres) and movies.years[item] >= 1980 and item not in movies.met
    )
    assert len(answer) >= min(100, eligible * 9 // 10)  # some movies were never rated
    assert len(set(answer)) == len(answer)
    refused = movies.runtime.exceptions.InvalidInputException
    for values, complaint in [
        ({"GENRE": '"Horror"'}, r"placeholder \$YEAR"),
        ({"GENRE": '"Horror"', "YEAR": "old"}, "is no number"),
        ({"GENRE": '"Horror', "YEAR": "1980"}, "does not end"),
        ({"GENRE": '"Horror"', "YEAR": "1980", "genre": '"x"'}, r"no placeholder \$genre"),
    ]:
        with pytest.raises(refused, match=complaint):
            movies.recommend(arn, filterValues=values)


def test_what_was_met_and_what_was_just_met(movies):
    met = movies.filter("met", 'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")')
    assert set(movies.recommend(met, 500)) == movies.met
    unmet = movies.recommend(movies.filter("any", "INCLUDE ItemID WHERE Items.YEAR > 0"), 3)
    tracker = movies.personalize.create_event_tracker(
        name="filters", datasetGroupArn=movies.prepared.group_arn
    )
    movies.prepared.server.client("personalize-events").put_events(
        trackingId=tracker["trackingId"],
        userId="1",
        sessionId="s",
        eventList=[{"eventType": "watch", "itemId": unmet[0], "sentAt": 1_800_000_000}],
    )
    assert set(movies.recommend(met, 500)) == movies.met | {unmet[0]}


def test_items_that_came_one_by_one(movies):
    arn = movies.filter("future", "INCLUDE ItemID WHERE Items.YEAR > 2990")
    assert movies.recommend(arn) == []
    unmet = [item for item in movies.recommend(movies.filter("now", "INCLUDE ItemID WHERE Items.YEAR > 0"), 9)]
    movies.prepared.server.client("personalize-events").put_items(
        datasetArn=movies.items,
        items=[
            {"itemId": item, "properties": json.dumps({"genres": "Drama", "year": "3000"})}
            for item in unmet
        ],
    )
    for item in unmet:
        movies.genres[item], movies.years[item] = ["Drama"], 3000
    assert set(movies.recommend(arn)) == set(unmet)


def test_a_ranking_keeps_what_is_allowed(movies):
    version = workflow.train(
        movies.personalize, movies.prepared.group_arn, "rank", "aws-personalized-ranking"
    )
    campaign = workflow.create_campaign(movies.personalize, version, "rank")
    arn = movies.filter("drama", 'INCLUDE ItemID WHERE Items.GENRES IN ("Drama")')
    listed = list(movies.genres)[:60]
    answer = movies.runtime.get_personalized_ranking(
        campaignArn=campaign, userId="2", inputList=listed, filterArn=arn
    )
    ranked = {entry["itemId"] for entry in answer["personalizedRanking"]}
    assert ranked == {item for item in listed if "Drama" in movies.genres[item]}


def test_batch_with_values_on_each_line(movies):
    arn = movies.filter("batch", "INCLUDE ItemID WHERE Items.GENRES IN ($G)")
    lines = [{"userId": "1", "filterValues": {"G": '"Western"'}}, {"userId": "2"}]
    body = "\n".join(json.dumps(line) for line in lines)
    movies.prepared.s3.put_object(Bucket=workflow.BUCKET, Key="in/f.json", Body=body.encode())
    job = movies.personalize.create_batch_inference_job(
        jobName="filtered",
        solutionVersionArn=movies.version,
        filterArn=arn,
        numResults=20,
        roleArn=movies.prepared.role_arn,
        jobInput={"s3DataSource": {"path": f"s3://{workflow.BUCKET}/in/f.json"}},
        jobOutput={"s3DataDestination": {"path": f"s3://{workflow.BUCKET}/out/"}},
    )["batchInferenceJobArn"]
    describe = lambda: movies.personalize.describe_batch_inference_job(batchInferenceJobArn=job)
    wait_for(lambda: describe()["batchInferenceJob"])
    assert describe()["batchInferenceJob"]["filterArn"] == arn
    out = movies.prepared.s3.get_object(Bucket=workflow.BUCKET, Key="out/f.json.out")["Body"].read()
    good, bad = [json.loads(line) for line in out.splitlines()]
    assert len(good["output"]["recommendedItems"]) == 20
    assert all("Western" in movies.genres[item] for item in good["output"]["recommendedItems"])
    assert bad["output"] is None and "$G" in bad["error"]


@pytest.mark.parametrize(
    "expression, complaint",
    [
        ('EXCLUDE ItemID WHERE Items.COLOUR IN ("red")', "ITEMS.COLOUR is no field"),
        ("EXCLUDE ItemID WHERE Items.GENRES NOT IN ($G)", "Invalid input symbol: \\$G. Placeholders"),
        ("EXCLUDE ItemID WHERE Items.YEAR", "must stand at character 32"),
        ('EXCLUDE ItemID WHERE Items.GENRES IN ("a" AND', "at character 43"),
        ('EXCLUDE ItemID WHERE Users.AGE = 1', "CurrentUser"),
        ("EXCLUDE ItemID WHERE Items.YEAR = 1" + " OR Items.YEAR = 1" * 200, "2500"),
    ],
)
def test_a_bad_expression_is_refused_and_says_where(movies, expression, complaint):
    client = movies.prepared.server.client("personalize", parameter_validation=False)
    with pytest.raises(botocore.exceptions.ClientError, match=complaint):
        client.create_filter(
            name="bad", datasetGroupArn=movies.prepared.group_arn, filterExpression=expression
        )


def test_promotions_take_their_share(movies):
    before = movies.filter("before", "INCLUDE ItemID WHERE Items.YEAR < 2000")
    after = movies.filter("after", "INCLUDE ItemID WHERE Items.YEAR >= $Y")
    answer = movies.runtime.get_recommendations(
        campaignArn=movies.campaign,
        userId="3",
        numResults=20,
        filterArn=before,
        promotions=[
            {
                "name": "new",
                "percentPromotedItems": 25,
                "filterArn": after,
                "filterValues": {"Y": "2010"},
            }
        ],
    )["itemList"]
    promoted = [entry["itemId"] for entry in answer if entry.get("promotionName") == "new"]
    assert len(answer) == 20 and len(promoted) == 5
    assert all(movies.years[item] >= 2010 for item in promoted)
