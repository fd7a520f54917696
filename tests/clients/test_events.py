"""Real-time events through boto3: seen by the next request, trained on, and there after kill -9."""

import threading

import botocore.exceptions
import pytest

import movies_workflow as workflow
from conftest import Prepared

ITEMS_SCHEMA = {
    "type": "record",
    "name": "Items",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [
        {"name": "ITEM_ID", "type": "string"},
        {"name": "GENRES", "type": ["null", "string"], "categorical": True},
        {"name": "PRICE", "type": "float"},
    ],
    "version": "1.0",
}


class Deployed:
    def __init__(self, prepared):
        self.prepared = prepared
        self.events = prepared.server.client("personalize-events")
        self.tracker = prepared.personalize.create_event_tracker(
            name="web", datasetGroupArn=prepared.group_arn
        )
        version = workflow.train(prepared.personalize, prepared.group_arn, "events")
        # Without exploration, so that two answers can be compared.
        self.campaign = workflow.create_campaign(
            prepared.personalize,
            version,
            "events",
            campaignConfig={"itemExplorationConfig": {"explorationWeight": "0"}},
        )

    def put(self, user, items, session="session", at=1_800_000_000, **more):
        who = {"userId": user} if user else {}
        self.events.put_events(
            trackingId=self.tracker["trackingId"],
            sessionId=session,
            eventList=[
                {"eventType": "watch", "sentAt": at + i, "itemId": item, **more}
                for i, item in enumerate(items)
            ],
            **who,
        )

    def recommend(self, user, count=25):
        answer = self.prepared.runtime.get_recommendations(
            campaignArn=self.campaign, userId=user, numResults=count
        )
        return [entry["itemId"] for entry in answer["itemList"]]


@pytest.fixture(scope="module")
def deployed(prepared):
    return Deployed(prepared)


def test_a_tracker_is_described_and_listed(deployed):
    personalize = deployed.prepared.personalize
    arn = deployed.tracker["eventTrackerArn"]
    described = personalize.describe_event_tracker(eventTrackerArn=arn)["eventTracker"]
    assert described["status"] == "ACTIVE"
    assert described["trackingId"] == deployed.tracker["trackingId"]
    assert described["datasetGroupArn"] == deployed.prepared.group_arn
    listed = personalize.list_event_trackers(datasetGroupArn=deployed.prepared.group_arn)
    assert [entry["eventTrackerArn"] for entry in listed["eventTrackers"]] == [arn]
    with pytest.raises(personalize.exceptions.ResourceAlreadyExistsException):
        personalize.create_event_tracker(name="other", datasetGroupArn=deployed.prepared.group_arn)
    with pytest.raises(personalize.exceptions.ResourceInUseException, match="event tracker|dataset"):
        personalize.delete_dataset_group(datasetGroupArn=deployed.prepared.group_arn)


def test_the_next_request_sees_what_a_user_just_did(deployed):
    before = deployed.recommend("1")
    deployed.put("1", before[:5])
    after = deployed.recommend("1")
    assert not set(before[:5]) & set(after)
    assert len(after) == 25


def test_a_new_user_is_served_at_once(deployed):
    popular = deployed.recommend("never seen")
    liked = deployed.recommend("2")[:8]
    deployed.put("just arrived", liked)
    served = deployed.recommend("just arrived")
    assert served != popular and not set(liked) & set(served)


def test_an_anonymous_session_joins_its_user(deployed):
    liked = deployed.recommend("3")[:8]
    deployed.put(None, liked, session="visit")
    anonymous = deployed.recommend("visit")
    deployed.put("visitor", ["unknown to the model"], session="visit")
    assert deployed.recommend("visitor") == anonymous


def test_an_unknown_item_is_harmless_and_extras_are_taken(deployed):
    before = deployed.recommend("4")
    answer = deployed.prepared.runtime.get_recommendations(
        campaignArn=deployed.campaign, userId="4", numResults=3
    )
    deployed.put(
        "4",
        ["an item of tomorrow"],
        eventId="e1",
        eventValue=4.5,
        recommendationId=answer["recommendationId"],
        impression=before[:3],
        metricAttribution={"eventAttributionSource": "mail"},
    )
    assert deployed.recommend("4") == before


@pytest.mark.parametrize(
    "change, complaint",
    [
        ({"eventList": []}, "eventList"),
        ({"eventList": 11}, "eventList"),
        ({"trackingId": "6f6c1d0e-0000-4000-8000-000000000000"}, "belongs to no event tracker"),
        ({"properties": "no json"}, "must be the text of a JSON object"),
        ({"properties": '["a"]'}, "must be the text of a JSON object"),
        ({"properties": '{"colour":"red"}'}, "colour is no field"),
        ({"properties": '{"sessionId":"s"}'}, "is not a property"),
        ({"itemId": None}, "has no itemId"),
    ],
)
def test_a_bad_call_is_refused_whole_and_says_why(deployed, change, complaint):
    event = {"eventType": "watch", "sentAt": 1_800_000_000, "itemId": "1"}
    call = {"trackingId": deployed.tracker["trackingId"], "userId": "9", "sessionId": "s"}
    for name, value in change.items():
        if name == "eventList":
            continue
        target = call if name == "trackingId" else event
        target[name] = value
        if value is None:
            del target[name]
    count = change.get("eventList", 1)
    call["eventList"] = [event] * count if isinstance(count, int) else count
    before = deployed.recommend("9")
    with pytest.raises(botocore.exceptions.ClientError, match=complaint):
        send_unchecked(deployed, call)
    assert deployed.recommend("9") == before


def send_unchecked(deployed, call):
    """Past botocore's own check of lengths, so that the server's is what answers."""
    client = deployed.prepared.server.client("personalize-events", parameter_validation=False)
    client.put_events(**call)


def test_actions_are_refused_with_words(deployed):
    arn = deployed.prepared.group_arn.replace("dataset-group/movies", "dataset/movies/ACTIONS")
    with pytest.raises(deployed.events.exceptions.InvalidInputException, match="actions are not"):
        deployed.events.put_actions(datasetArn=arn, actions=[{"actionId": "a"}])
    with pytest.raises(deployed.events.exceptions.InvalidInputException, match="actions are not"):
        deployed.events.put_action_interactions(
            trackingId=deployed.tracker["trackingId"],
            actionInteractions=[
                {"actionId": "a", "sessionId": "s", "timestamp": 1, "eventType": "TAKEN"}
            ],
        )


def test_items_and_users_one_by_one(deployed):
    prepared = deployed.prepared
    schema = workflow.create_schema(prepared.personalize, "items", ITEMS_SCHEMA)
    items = workflow.create_dataset(
        prepared.personalize, prepared.group_arn, schema, "items", "Items"
    )
    put = deployed.events.put_items
    put(
        datasetArn=items,
        items=[
            {"itemId": "1", "properties": '{"genres":"a|b","price":"9.5"}'},
            {"itemId": "2", "properties": '{"PRICE":3}'},
        ],
    )
    refused = deployed.events.exceptions.InvalidInputException
    for properties, complaint in [
        ('{"genres":"a"}', "lacks a value for PRICE"),
        ('{"price":"cheap"}', "price is \"cheap\""),
        ('{"price":1,"size":2}', "size is no field"),
        ("nothing", "must be the text of a JSON object"),
    ]:
        with pytest.raises(refused, match=complaint):
            put(datasetArn=items, items=[{"itemId": "3", "properties": properties}])
    with pytest.raises(refused, match="is of type ITEMS"):
        deployed.events.put_users(datasetArn=items, users=[{"userId": "1"}])
    with pytest.raises(deployed.events.exceptions.ResourceNotFoundException):
        put(datasetArn=items.replace("ITEMS", "USERS"), items=[{"itemId": "3"}])


def test_nothing_acknowledged_is_lost_by_kill_9(make_server, interactions_csv):
    server = make_server()
    deployed = Deployed(Prepared(server, interactions_csv))
    acknowledged = {}
    under_way = threading.Event()
    offered = deployed.recommend("1", 500)

    def send(worker):
        client = server.client("personalize-events")
        for number in range(100_000):
            user = f"{worker}/{number}"
            items = offered[number % 400 : number % 400 + 10]
            try:
                client.put_events(
                    trackingId=deployed.tracker["trackingId"],
                    userId=user,
                    sessionId=user,
                    eventList=[
                        {"eventType": "watch", "sentAt": 1_800_000_000, "itemId": item}
                        for item in items
                    ],
                )
            except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
                return  # the server is gone
            acknowledged[user] = items
            if len(acknowledged) >= 100:
                under_way.set()

    workers = [threading.Thread(target=send, args=(name,)) for name in "abcd"]
    for worker in workers:
        worker.start()
    assert under_way.wait(120)
    server.kill()
    for worker in workers:
        worker.join()
    server.restart()

    popular = deployed.recommend("nobody at all")
    for user, items in acknowledged.items():
        served = deployed.recommend(user, 100)
        assert served[:25] != popular and not set(items) & set(served), user


def test_a_deleted_tracker_takes_no_more(deployed):
    deployed.prepared.personalize.delete_event_tracker(
        eventTrackerArn=deployed.tracker["eventTrackerArn"]
    )
    with pytest.raises(
        deployed.events.exceptions.InvalidInputException, match="belongs to no event tracker"
    ):
        deployed.put("1", ["1"])
