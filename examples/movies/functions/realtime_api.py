"""Answers what a user could watch next, through API Gateway in either integration type."""

import csv
import io
import json
import os

import boto3

runtime = boto3.client("personalize-runtime")
s3 = boto3.client("s3")

catalogue = {"etag": None, "movies": {}}  # kept between invocations of this process


class Refusal(Exception):
    """What the caller can put right."""


def movies():
    """By id; read again only when the object has changed."""
    where = {"Bucket": os.environ["BUCKET"], "Key": os.environ["METADATA_KEY"]}
    if s3.head_object(**where)["ETag"] != catalogue["etag"]:
        found = s3.get_object(**where)
        rows = csv.DictReader(io.StringIO(found["Body"].read().decode("utf-8-sig"), newline=""))
        catalogue.update(etag=found["ETag"], movies={row["movieId"]: row for row in rows})
    return catalogue["movies"]


def query_of(event):
    """The parameters of a proxy event, of several values the last one; None for a mapped event."""
    names = ("queryStringParameters", "multiValueQueryStringParameters")
    if not any(name in event for name in (*names, "requestContext")):
        return None
    single, multiple = (event.get(name) or {} for name in names)
    return {**single, **{name: values[-1] for name, values in multiple.items() if values}}


def situation(given, columns):
    """What `context` says, and what else there is in a query."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError as error:
            raise Refusal(f"context is not JSON: {error}") from None
    if given is None:
        given = {}
    if not isinstance(given, dict):
        raise Refusal('context must be a JSON object like {"DEVICE": "phone"}')
    return {**columns, **given}


def shown(item, known):
    movie = known.get(item["itemId"], {"title": item["itemId"], "genres": ""})
    genres = [] if movie["genres"] == "(no genres listed)" else movie["genres"].split("|")
    score = {"score": item["score"]} if "score" in item else {}
    return {
        "itemId": item["itemId"],
        "title": movie["title"],
        "genres": [genre for genre in genres if genre],
        **score,
    }


def recommend(parameters, columns):
    if not parameters.get("user_id"):
        raise Refusal("user_id is missing")
    user = str(parameters["user_id"])
    try:
        count = int(parameters.get("num_results") or os.environ.get("NUM_RESULTS") or 10)
    except ValueError:
        raise Refusal("num_results must be a number") from None
    context = situation(parameters.get("context"), columns)
    try:
        answer = runtime.get_recommendations(
            campaignArn=os.environ["CAMPAIGN_ARN"],
            userId=user,
            numResults=count,
            **({"context": context} if context else {}),
        )
    except runtime.exceptions.InvalidInputException as error:
        raise Refusal(error.response["Error"]["Message"]) from None
    known = movies()
    return {
        "userId": user,
        "recommendationId": answer["recommendationId"],
        "recommendations": [shown(item, known) for item in answer["itemList"]],
    }


def proxy_response(status, body):
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store"},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }


def lambda_handler(event, context):
    query = query_of(event)
    if query is None:
        return recommend(event, {})
    own = ("user_id", "num_results", "context")
    try:
        columns = {name: value for name, value in query.items() if name not in own}
        return proxy_response(200, recommend(query, columns))
    except Refusal as refusal:
        print(f"refused with 400: {refusal}")
        return proxy_response(400, {"message": str(refusal)})
