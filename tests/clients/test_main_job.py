"""The main job through boto3: from ratings in a bucket to recommendations, real-time and batch."""

import collections
import csv
import json

import botocore.exceptions
import pytest

import movies_workflow as workflow
from usher_server import wait_for

ITEM_METRICS = {
    "coverage",
    "mean_reciprocal_rank_at_25",
    *(f"normalized_discounted_cumulative_gain_at_{k}" for k in (5, 10, 25)),
    *(f"precision_at_{k}" for k in (5, 10, 25)),
}
THREE_USERS = ("1", "15", "73")
GREEDY = {"explorationWeight": "0"}
# Longer than any catalogue of the tests' data: asks for everything that real time may give.
MAX_RESULTS = 500


@pytest.fixture(scope="module")
def personal_version(prepared):
    return workflow.train(prepared.personalize, prepared.group_arn, "personal")


@pytest.fixture(scope="module")
def popular_version(prepared):
    return workflow.train(
        prepared.personalize, prepared.group_arn, "popular", "aws-popularity-count"
    )


@pytest.fixture(scope="module")
def ranking_version(prepared):
    return workflow.train(
        prepared.personalize, prepared.group_arn, "ranking", "aws-personalized-ranking"
    )


@pytest.fixture(scope="module")
def personal_campaign(prepared, personal_version):
    return workflow.create_campaign(
        prepared.personalize,
        personal_version,
        "personal",
        campaignConfig={"itemExplorationConfig": GREEDY},
    )


@pytest.fixture(scope="module")
def popular_campaign(prepared, popular_version):
    return workflow.create_campaign(prepared.personalize, popular_version, "popular")


@pytest.fixture(scope="module")
def ranking_campaign(prepared, ranking_version):
    return workflow.create_campaign(prepared.personalize, ranking_version, "ranking")


@pytest.fixture(scope="module")
def seen(movielens):
    """The items of each user, from the file itself."""
    items = collections.defaultdict(set)
    with open(movielens.ratings, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            items[row["userId"]].add(row["movieId"])
    return items


def metrics(prepared, version):
    return prepared.personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]


def recommend(prepared, campaign, user, count=25):
    return prepared.runtime.get_recommendations(
        campaignArn=campaign, userId=user, numResults=count
    )["itemList"]


# --- Training and its metrics --------------------------------------------------------------------


def test_a_trained_version_describes_what_it_is(prepared, personal_version):
    version = workflow.describe_version(prepared.personalize, personal_version)()

    assert version["datasetGroupArn"] == prepared.group_arn
    assert version["recipeArn"] == workflow.recipe_arn("aws-user-personalization")
    assert version["trainingMode"] == "FULL"
    assert version["trainingHours"] > 0
    assert version["creationDateTime"] <= version["lastUpdatedDateTime"]


def test_metrics_are_those_of_an_item_recipe_and_are_shares(prepared, personal_version):
    found = metrics(prepared, personal_version)

    assert set(found) == ITEM_METRICS
    assert all(0 < value <= 1 for value in found.values()), found


def test_the_personal_model_beats_popularity_on_the_hold_out(
    prepared, personal_version, popular_version
):
    key = "normalized_discounted_cumulative_gain_at_10"

    assert metrics(prepared, personal_version)[key] > 1.2 * metrics(prepared, popular_version)[key]


def test_popularity_covers_less_of_the_catalogue(prepared, personal_version, popular_version):
    assert (
        metrics(prepared, popular_version)["coverage"]
        < metrics(prepared, personal_version)["coverage"]
    )


# --- Real time -----------------------------------------------------------------------------------


def test_three_users_get_three_lists_of_movies_they_have_not_seen(
    prepared, personal_campaign, movielens, seen
):
    titles = movielens.titles()
    lists = [
        [item["itemId"] for item in recommend(prepared, personal_campaign, user)]
        for user in THREE_USERS
    ]

    assert len({tuple(one) for one in lists}) == 3
    for user, items in zip(THREE_USERS, lists):
        assert len(items) == len(set(items)) == 25
        assert all(item in titles for item in items)
        assert not seen[user].intersection(items)


def test_scores_fall_and_are_shares_of_one(prepared, personal_campaign):
    scores = [item["score"] for item in recommend(prepared, personal_campaign, "1", MAX_RESULTS)]

    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0
    assert 0 < sum(scores) <= 1


def test_an_answer_carries_a_recommendation_id(prepared, personal_campaign):
    answer = prepared.runtime.get_recommendations(campaignArn=personal_campaign, userId="1")

    assert answer["recommendationId"].startswith("RID-")
    assert len(answer["recommendationId"]) == 40
    assert len(answer["itemList"]) == 25  # the default


def test_an_unknown_user_gets_a_list_too(prepared, personal_campaign):
    assert len(recommend(prepared, personal_campaign, "nobody", 10)) == 10


def test_the_aws_command_gets_the_same_answer(server, prepared, personal_campaign):
    printed = server.aws(
        "personalize-runtime",
        "get-recommendations",
        "--campaign-arn",
        personal_campaign,
        "--user-id",
        "15",
        "--num-results",
        "5",
    ).stdout

    items = recommend(prepared, personal_campaign, "15", 5)
    assert [item["itemId"] for item in json.loads(printed)["itemList"]] == [
        item["itemId"] for item in items
    ]


def test_popularity_counts_each_user_once_and_gives_no_scores(
    prepared, popular_campaign, movielens
):
    users_of = collections.defaultdict(set)
    with open(movielens.ratings, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            users_of[row["movieId"]].add(row["userId"])
    most = sorted((len(users) for users in users_of.values()), reverse=True)[:25]

    answer = recommend(prepared, popular_campaign, "nobody")

    assert [len(users_of[item["itemId"]]) for item in answer] == most
    assert all("score" not in item for item in answer)


def test_ranking_orders_the_callers_list_and_puts_the_unknown_last(prepared, ranking_campaign):
    movies = ["356", "318", "296", "1", "no-such-movie", "480"]

    answer = prepared.runtime.get_personalized_ranking(
        campaignArn=ranking_campaign, userId="15", inputList=movies
    )["personalizedRanking"]

    assert sorted(item["itemId"] for item in answer) == sorted(movies)
    assert answer[-1]["itemId"] == "no-such-movie"
    scores = [item["score"] for item in answer[:-1]]
    assert scores == sorted(scores, reverse=True)
    assert sum(scores) == pytest.approx(1, abs=1e-3)


def test_ranking_depends_on_the_user(prepared, ranking_campaign, movielens):
    movies = list(movielens.titles())[:100]
    orders = {
        tuple(
            item["itemId"]
            for item in prepared.runtime.get_personalized_ranking(
                campaignArn=ranking_campaign, userId=user, inputList=movies
            )["personalizedRanking"]
        )
        for user in THREE_USERS
    }

    assert len(orders) == 3


# --- Batch ---------------------------------------------------------------------------------------


def run_batch(prepared, version, name, lines, **options):
    prepared.s3.put_object(
        Bucket=workflow.BUCKET,
        Key=f"batch/{name}/input/users.json",
        Body="".join(line + "\n" for line in lines).encode(),
    )
    arn = prepared.personalize.create_batch_inference_job(
        jobName=name,
        solutionVersionArn=version,
        roleArn=prepared.role_arn,
        jobInput={
            "s3DataSource": {"path": f"s3://{workflow.BUCKET}/batch/{name}/input/users.json"}
        },
        jobOutput={"s3DataDestination": {"path": f"s3://{workflow.BUCKET}/batch/{name}/output/"}},
        **options,
    )["batchInferenceJobArn"]
    wait_for(
        lambda: prepared.personalize.describe_batch_inference_job(batchInferenceJobArn=arn)[
            "batchInferenceJob"
        ]
    )
    body = prepared.s3.get_object(
        Bucket=workflow.BUCKET, Key=f"batch/{name}/output/users.json.out"
    )["Body"]
    return [json.loads(line) for line in body.iter_lines()]


def test_batch_gives_each_user_what_real_time_gives(prepared, personal_version, personal_campaign):
    lines = run_batch(
        prepared,
        personal_version,
        "batch-users",
        [json.dumps({"userId": user}) for user in THREE_USERS],
        numResults=10,
        batchInferenceJobConfig={"itemExplorationConfig": GREEDY},
    )

    assert sorted(line["input"]["userId"] for line in lines) == sorted(THREE_USERS)
    for line in lines:
        items = recommend(prepared, personal_campaign, line["input"]["userId"], 10)
        assert line["error"] is None
        assert line["output"]["recommendedItems"] == [item["itemId"] for item in items]
        # Batch output has seven decimals.
        assert line["output"]["scores"] == pytest.approx(
            [item["score"] for item in items], rel=0, abs=0.5e-7 + 1e-12
        )


def test_a_bad_batch_line_fails_alone(prepared, personal_version):
    lines = run_batch(
        prepared,
        personal_version,
        "batch-bad-line",
        ['{"userId": "1"}', '{"userId": ', '{"user": "2"}', '{"userId": "15"}'],
    )

    good = [line for line in lines if line["error"] is None]
    assert sorted(line["input"]["userId"] for line in good) == ["1", "15"]
    assert all(len(line["output"]["recommendedItems"]) == 25 for line in good)
    assert len([line for line in lines if line["error"]]) == 2


# --- Tuning and exploration ----------------------------------------------------------------------


def test_tuned_hyperparameters_lie_in_the_ranges_that_were_asked_for(prepared):
    version = workflow.train(
        prepared.personalize,
        prepared.group_arn,
        "tuned",
        performHPO=True,
        solutionConfig={
            "hpoConfig": {
                "hpoResourceConfig": {
                    "maxNumberOfTrainingJobs": "2",
                    "maxParallelTrainingJobs": "1",
                },
                "algorithmHyperParameterRanges": {
                    "integerHyperParameterRanges": [
                        {"name": "hidden_dimension", "minValue": 32, "maxValue": 40}
                    ],
                    "continuousHyperParameterRanges": [],
                    "categoricalHyperParameterRanges": [],
                },
            }
        },
    )

    described = workflow.describe_version(prepared.personalize, version)()
    assert described["performHPO"] is True
    tuned = described["tunedHPOParams"]["algorithmHyperParameters"]
    assert 32 <= int(tuned["hidden_dimension"]) <= 40


def test_a_campaign_explores_unless_told_otherwise(prepared, personal_version, personal_campaign):
    campaign = workflow.create_campaign(
        prepared.personalize,
        personal_version,
        "exploring",
        campaignConfig={
            "itemExplorationConfig": {
                "explorationWeight": "1",
                "explorationItemAgeCutOff": "10000",
            }
        },
    )

    greedy = recommend(prepared, personal_campaign, "1")
    assert recommend(prepared, personal_campaign, "1") == greedy
    explored = [recommend(prepared, campaign, "1") for _ in range(5)]
    assert len({tuple(item["itemId"] for item in items) for items in explored}) > 1
    assert all(len({item["itemId"] for item in items}) == 25 for items in explored)


# --- Life cycle ----------------------------------------------------------------------------------


def test_an_incremental_import_adds_to_what_is_there(prepared):
    # Forty people who know half of fifty items each, and no movie.
    rows = "".join(f"u{i % 40},i{(i + i // 40) % 50},{1500000000 + i}\n" for i in range(1000))
    prepared.s3.put_object(
        Bucket=workflow.BUCKET, Key="more.csv", Body=("USER_ID,ITEM_ID,TIMESTAMP\n" + rows).encode()
    )
    arn = workflow.start_import(
        prepared.personalize,
        prepared.dataset_arn,
        prepared.role_arn,
        "more.csv",
        "second",
        importMode="INCREMENTAL",
    )
    wait_for(workflow.describe_import(prepared.personalize, arn))

    version = workflow.train(prepared.personalize, prepared.group_arn, "with-more")
    campaign = workflow.create_campaign(
        prepared.personalize,
        version,
        "with-more",
        campaignConfig={"itemExplorationConfig": GREEDY},
    )

    # A user that only the second file knows, with movies' users still there beside it.
    assert {item["itemId"][0] for item in recommend(prepared, campaign, "u0", 5)} == {"i"}
    assert len(recommend(prepared, campaign, "1", 5)) == 5


def test_a_campaign_can_be_given_another_version(prepared):
    first = workflow.train(prepared.personalize, prepared.group_arn, "switching")
    campaign = workflow.create_campaign(prepared.personalize, first, "switching")
    second = prepared.personalize.create_solution_version(solutionArn=first.rsplit("/", 1)[0])[
        "solutionVersionArn"
    ]
    wait_for(workflow.describe_version(prepared.personalize, second))

    prepared.personalize.update_campaign(campaignArn=campaign, solutionVersionArn=second)
    describe = lambda: prepared.personalize.describe_campaign(campaignArn=campaign)["campaign"]
    wait_for(lambda: describe().get("latestCampaignUpdate") or {"status": "CREATE PENDING"})

    assert describe()["status"] == "ACTIVE"
    assert describe()["solutionVersionArn"] == second
    assert len(recommend(prepared, campaign, "1")) == 25


def test_lists_page_through_everything_exactly_once(prepared):
    names = {f"page-{i}" for i in range(7)}
    for name in names:
        workflow.create_schema(prepared.personalize, name)

    pages = list(
        prepared.personalize.get_paginator("list_schemas").paginate(
            PaginationConfig={"PageSize": 3}
        )
    )
    found = [schema["name"] for page in pages for schema in page["schemas"]]

    assert names < set(found)
    assert len(found) == len(set(found))
    assert all(len(page["schemas"]) <= 3 for page in pages)


def test_every_list_has_what_was_made(prepared, personal_version, personal_campaign):
    personalize = prepared.personalize
    solution = personal_version.rsplit("/", 1)[0]

    assert prepared.group_arn in [
        group["datasetGroupArn"] for group in personalize.list_dataset_groups()["datasetGroups"]
    ]
    assert [
        dataset["datasetArn"]
        for dataset in personalize.list_datasets(datasetGroupArn=prepared.group_arn)["datasets"]
    ] == [prepared.dataset_arn]
    assert prepared.import_arn in [
        job["datasetImportJobArn"]
        for job in personalize.list_dataset_import_jobs(datasetArn=prepared.dataset_arn)[
            "datasetImportJobs"
        ]
    ]
    assert solution in [
        one["solutionArn"]
        for one in personalize.list_solutions(datasetGroupArn=prepared.group_arn)["solutions"]
    ]
    assert [
        one["solutionVersionArn"]
        for one in personalize.list_solution_versions(solutionArn=solution)["solutionVersions"]
    ] == [personal_version]
    assert [
        one["campaignArn"]
        for one in personalize.list_campaigns(solutionArn=solution)["campaigns"]
        if one["name"] == "personal"
    ] == [personal_campaign]
    assert "aws-user-personalization" in [
        recipe["name"] for recipe in personalize.list_recipes()["recipes"]
    ]


def test_waiters_and_paginators_of_s3_end(prepared):
    s3 = prepared.s3
    s3.create_bucket(Bucket="waited-for")
    s3.get_waiter("bucket_exists").wait(Bucket="waited-for")
    keys = [f"folder/{i}" for i in range(5)]
    for key in keys:
        s3.put_object(Bucket="waited-for", Key=key, Body=b"x")
        s3.get_waiter("object_exists").wait(Bucket="waited-for", Key=key)

    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket="waited-for", PaginationConfig={"PageSize": 2}
    )
    assert [item["Key"] for page in pages for item in page["Contents"]] == keys

    s3.delete_objects(Bucket="waited-for", Delete={"Objects": [{"Key": key} for key in keys]})
    s3.get_waiter("object_not_exists").wait(Bucket="waited-for", Key=keys[0])
    s3.delete_bucket(Bucket="waited-for")
    s3.get_waiter("bucket_not_exists").wait(
        Bucket="waited-for", WaiterConfig={"Delay": 1, "MaxAttempts": 5}
    )


def test_everything_can_be_deleted_in_its_order_and_in_no_other(server, prepared, personal_version):
    """Its own dataset group, so that the other tests keep theirs."""
    personalize = prepared.personalize
    in_use = personalize.exceptions.ResourceInUseException
    gone = personalize.exceptions.ResourceNotFoundException
    group = workflow.create_group(personalize, "short-lived")
    schema = workflow.create_schema(personalize, "short-lived")
    dataset = workflow.create_dataset(personalize, group, schema)
    job = workflow.start_import(
        personalize, dataset, prepared.role_arn, "interactions.csv", "short-lived"
    )
    wait_for(workflow.describe_import(personalize, job))
    version = workflow.train(personalize, group, "short-lived", "aws-popularity-count")
    solution = version.rsplit("/", 1)[0]
    campaign = workflow.create_campaign(personalize, version, "short-lived")

    with pytest.raises(in_use):
        personalize.delete_dataset_group(datasetGroupArn=group)
    with pytest.raises(in_use):
        personalize.delete_schema(schemaArn=schema)
    with pytest.raises(in_use):
        personalize.delete_solution(solutionArn=solution)

    personalize.delete_campaign(campaignArn=campaign)
    wait_until_gone(lambda: personalize.describe_campaign(campaignArn=campaign), gone)
    personalize.delete_solution(solutionArn=solution)
    wait_until_gone(lambda: personalize.describe_solution(solutionArn=solution), gone)
    with pytest.raises(gone):
        personalize.describe_solution_version(solutionVersionArn=version)
    personalize.delete_dataset(datasetArn=dataset)
    wait_until_gone(lambda: personalize.describe_dataset(datasetArn=dataset), gone)
    personalize.delete_schema(schemaArn=schema)
    personalize.delete_dataset_group(datasetGroupArn=group)
    wait_until_gone(lambda: personalize.describe_dataset_group(datasetGroupArn=group), gone)
    with pytest.raises(botocore.exceptions.ClientError) as error:
        prepared.runtime.get_recommendations(campaignArn=campaign, userId="1")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def wait_until_gone(describe, gone, tries=1000):
    for _ in range(tries):
        try:
            describe()
        except gone:
            return
    raise AssertionError("still there")
