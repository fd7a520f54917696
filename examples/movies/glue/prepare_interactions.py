"""A Glue script for Spark: movie ratings become what Personalize imports.

Reads ratings (userId, movieId, timestamp) and movies (movieId, title, genres) as CSV and writes

    <OUTPUT>/model_input/interactions.csv   ITEM_ID,USER_ID,TIMESTAMP: the ratings of known movies
    <OUTPUT>/metadata/metadata.csv          TITLE,GENRES,ITEM_ID: the movies that occur in them

each without duplicate rows. Arguments of the job:

    --RATINGS --MOVIES --OUTPUT   s3://bucket/key of each, needed
    --FRACTION                    share of the ratings to take at random; 1
    --SEED                        of that choice; 0
    --PARTITIONS                  in how many parts to work; 8

The job `prepare_interactions` that is built into Usher takes the same arguments and does the same
without Spark.
"""

import sys
from urllib.parse import urlsplit

import boto3
from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame, DynamicFrameCollection
from awsglue.job import Job
from awsglue.transforms import ApplyMapping, Join, SelectFromCollection, SplitFields
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

NEEDED = ["JOB_NAME", "RATINGS", "MOVIES", "OUTPUT"]
DEFAULTS = {"FRACTION": "1", "SEED": "0", "PARTITIONS": "8"}


def arguments():
    given = [name for name in DEFAULTS if any(w.split("=")[0] == f"--{name}" for w in sys.argv)]
    return {**DEFAULTS, **getResolvedOptions(sys.argv, NEEDED + given)}


def read_csv(glue, path):
    """A frame whose columns are all strings, under the names of the file's first line."""
    return glue.create_dynamic_frame.from_options(
        connection_type="s3",
        connection_options={"paths": [path]},
        format="csv",
        format_options={"withHeader": True, "separator": ",", "quoteChar": '"'},
    )


def take_sample(glue, ratings, fraction, seed, partitions):
    sample = ratings.toDF().sample(False, fraction, seed=seed).repartition(partitions)
    return DynamicFrame.fromDF(sample, glue, "sample")


def join_movies(ratings, movies):
    """Ratings with title and genres; the ratings' own column of movies gets another name."""
    renamed = ApplyMapping.apply(
        frame=ratings,
        mappings=[
            ("userId", "string", "userId", "string"),
            ("movieId", "string", "`(right) movieId`", "string"),
            ("timestamp", "string", "timestamp", "string"),
        ],
    )
    return Join.apply(frame1=movies, frame2=renamed, keys1=["movieId"], keys2=["`(right) movieId`"])


def split(joined):
    """The columns about movies, and the rest: who watched what, when."""
    collection = SplitFields.apply(
        frame=joined,
        paths=["title", "genres", "`(right) movieId`"],
        name1="movies",
        name2="interactions",
    )
    metadata = ApplyMapping.apply(
        frame=SelectFromCollection.apply(dfc=collection, key="movies"),
        mappings=[
            ("title", "string", "TITLE", "string"),
            ("genres", "string", "GENRES", "string"),
            ("(right) movieId", "string", "ITEM_ID", "long"),
        ],
    )
    interactions = ApplyMapping.apply(
        frame=SelectFromCollection.apply(dfc=collection, key="interactions"),
        mappings=[
            ("movieId", "string", "ITEM_ID", "long"),
            ("userId", "string", "USER_ID", "long"),
            ("timestamp", "string", "TIMESTAMP", "long"),
        ],
    )
    return interactions, metadata


def write_one(glue, frame, folder, name):
    """Writes the frame's distinct rows as one object, and gives that object its name."""
    one = frame.toDF().dropDuplicates().repartition(1)
    glue.write_dynamic_frame.from_options(
        frame=DynamicFrameCollection({name: DynamicFrame.fromDF(one, glue, name)}, glue),
        connection_type="s3",
        connection_options={"path": folder},
        format="csv",
    )

    s3 = boto3.client("s3")
    bucket, prefix = urlsplit(folder).netloc, urlsplit(folder).path.lstrip("/")
    written = s3.list_objects(Bucket=bucket, Prefix=f"{prefix}run-")["Contents"]
    newest = written[-1]["Key"]  # names sort by time; a run that was stopped may have left others
    s3.copy_object(Bucket=bucket, CopySource=f"{bucket}/{newest}", Key=f"{prefix}{name}")
    for leftover in written:
        s3.delete_object(Bucket=bucket, Key=leftover["Key"])
    print(f"wrote s3://{bucket}/{prefix}{name}")


def main():
    args = arguments()
    glue = GlueContext(SparkContext.getOrCreate())
    job = Job(glue)
    job.init(args["JOB_NAME"], args)
    print(f"Spark {glue.spark_session.version} on {glue.spark_session.sparkContext.master}")

    ratings = take_sample(
        glue,
        read_csv(glue, args["RATINGS"]),
        fraction=float(args["FRACTION"]),
        seed=int(args["SEED"]),
        partitions=int(args["PARTITIONS"]),
    )
    interactions, metadata = split(join_movies(ratings, read_csv(glue, args["MOVIES"])))

    output = args["OUTPUT"].rstrip("/")
    write_one(glue, metadata, f"{output}/metadata/", "metadata.csv")
    write_one(glue, interactions, f"{output}/model_input/", "interactions.csv")
    job.commit()


if __name__ == "__main__":
    main()
