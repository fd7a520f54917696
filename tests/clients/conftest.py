"""Fixtures: a live server, and real ratings to give to it."""

import csv
import io
import sys

import pytest

import movies_workflow as workflow
from usher_server import ROOT, UsherServer

sys.path.insert(0, str(ROOT / "tools"))

import movielens as movielens_sources  # noqa: E402  (found by the line above)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for a module's tests, on a data folder of its own."""
    running = UsherServer(tmp_path_factory.mktemp("usher") / "data").start()
    yield running
    assert running.stop() == 0, running.log_end()


@pytest.fixture
def make_server(tmp_path):
    """Servers for one test, which may kill and restart them."""
    made = []

    def make(*options, name="data"):
        made.append(UsherServer(tmp_path / name, *options))
        return made[-1].start()

    yield make
    for one in made:
        if one.process and one.process.poll() is None:
            one.kill()


@pytest.fixture(scope="session")
def movielens():
    """$MOVIELENS_DIR, else the set that Debian carries; never a synthetic one."""
    return movielens_sources.find(sources=("folder", "debian"))


@pytest.fixture(scope="session")
def interactions_csv(movielens):
    """The ratings as Personalize wants them."""
    out = io.StringIO()
    out.write("USER_ID,ITEM_ID,TIMESTAMP\n")
    with open(movielens.ratings, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            out.write(f"{row['userId']},{row['movieId']},{row['timestamp']}\n")
    return out.getvalue().encode()


class Prepared:
    """A server with a bucket, the interactions in it, a role, and an imported dataset."""

    def __init__(self, server, interactions_csv):
        self.server = server
        self.s3 = server.client("s3")
        self.personalize = server.client("personalize")
        self.runtime = server.client("personalize-runtime")
        self.s3.create_bucket(Bucket=workflow.BUCKET)
        self.s3.put_object(Bucket=workflow.BUCKET, Key="interactions.csv", Body=interactions_csv)
        self.role_arn = workflow.create_role(server)
        self.group_arn = workflow.create_group(self.personalize, "movies")
        self.schema_arn = workflow.create_schema(self.personalize, "interactions")
        self.dataset_arn = workflow.create_dataset(
            self.personalize, self.group_arn, self.schema_arn
        )
        self.import_arn = workflow.start_import(
            self.personalize, self.dataset_arn, self.role_arn, "interactions.csv", "first"
        )
        workflow.wait_for(workflow.describe_import(self.personalize, self.import_arn))


@pytest.fixture(scope="module")
def prepared(server, interactions_csv):
    return Prepared(server, interactions_csv)


@pytest.fixture(scope="session")
def big_interactions():
    """Two million rows: enough that an import can be caught at work."""
    rows = "".join(
        f"{i % 20_000},{i * 7919 % 30_000},{1_400_000_000 + i}\n" for i in range(2_000_000)
    )
    return ("USER_ID,ITEM_ID,TIMESTAMP\n" + rows).encode()
