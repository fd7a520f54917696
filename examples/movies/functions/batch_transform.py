"""Turns the output of a batch inference job into a Parquet file of users and movie titles."""

import json
import os
from urllib.parse import unquote_plus

import awswrangler as wr
import boto3
import pandas as pd

s3 = boto3.client("s3")


def shown(title, genres):
    """Toy Story (1995) (Adventure)"""
    genre = genres.split("|")[0]
    if not genre:
        return title
    return f"{title} {genre}" if genre[0] == "(" and genre[-1] == ")" else f"{title} ({genre})"


def read_titles(bucket, key):
    """Movie ids to what they are shown as."""
    movies = pd.read_csv(
        s3.get_object(Bucket=bucket, Key=key)["Body"], dtype=str, keep_default_na=False
    )
    return {
        movie: shown(title, genres)
        for movie, title, genres in zip(movies["movieId"], movies["title"], movies["genres"])
    }


def read_answers(bucket, key):
    """(user, items) of each line that is an answer; the others are told and left out."""
    lines = s3.get_object(Bucket=bucket, Key=key)["Body"].iter_lines()
    for number, line in enumerate(lines, start=1):
        try:
            answer = json.loads(line)
            if answer.get("error") is not None:
                raise ValueError(answer["error"])
            yield answer["input"]["userId"], answer["output"]["recommendedItems"]
        except (ValueError, KeyError, TypeError, AttributeError) as why:
            if line.strip():
                print(f"line {number} of s3://{bucket}/{key} is left out: {why}")


def is_number(text):
    """True when nothing is lost by keeping it as an int64."""
    try:
        return str(int(text)) == text and -(2**63) <= int(text) < 2**63
    except ValueError:
        return False


def transform(bucket, key):
    titles = read_titles(bucket, os.environ["METADATA_KEY"])
    rows = pd.DataFrame(
        (
            (user, " | ".join(titles.get(item, item) for item in items))
            for user, items in read_answers(bucket, key)
        ),
        columns=["userId", "Recommendations"],
    )
    if rows.empty:
        raise ValueError(f"no line of s3://{bucket}/{key} is an answer with recommended items")
    if rows["userId"].map(is_number).all():
        rows["userId"] = rows["userId"].astype("int64")
    folder = key[: len(key) - len(key.rsplit("/", 1)[-1])]
    wr.s3.to_parquet(
        df=rows, path=f"s3://{bucket}/{folder}transformed.parquet", compression="snappy"
    )
    print(f"wrote {len(rows)} rows to s3://{bucket}/{folder}transformed.parquet")


def lambda_handler(event, context):
    for record in event["Records"]:
        bucket = record["s3"]["bucket"]["name"]
        key = unquote_plus(record["s3"]["object"]["key"])
        if not key.endswith(".out") or key.rsplit("/", 2)[-2:-1] == ["segment"]:
            print(f"nothing to do for s3://{bucket}/{key}")
            continue
        transform(bucket, key)
