"""Mails by SMTP: a relay that fails in every way it can loses nothing, and no mail changes its Message-ID."""

import re
import ssl
import subprocess
import urllib.request

import pytest

from mail_relay import PUT_OFF, REFUSE, Relay
from test_sns import CONFIRMATION, link_of, wait_until

ADDRESS = "friend@example.com"


@pytest.fixture
def relay():
    running = Relay().start()
    yield running
    running.stop()


def confirmed_topic(server, relay, name="relay"):
    """A topic with one subscription, confirmed by the link in the mail that came through the relay."""
    sns = server.client("sns")
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=ADDRESS)
    wait_until(lambda: CONFIRMATION in relay.subjects(), "the confirmation")
    (mail,) = [m for _, _, m in relay.accepted if m["Subject"] == CONFIRMATION]
    urllib.request.urlopen(link_of(mail, "Confirm"), timeout=30).close()
    return sns, topic


def wait_for_subjects(relay, wanted):
    wait_until(lambda: set(wanted) <= set(relay.subjects()), f"{wanted}")


def check_each_once(relay):
    """Nothing is there twice under two ids, and nothing under one id is two mails."""
    ids = [mail["Message-ID"] for _, _, mail in relay.accepted]
    subjects = relay.subjects()
    assert len(set(zip(ids, subjects))) == len(set(ids)) == len(set(subjects))


def test_a_mail_reaches_the_relay_as_it_should(make_server, relay):
    server = make_server("--smtp", relay.url(), "--mail-from", "films@example.org")
    sns, topic = confirmed_topic(server, relay)
    text = "Grüße\n.\n..\nFrom: nobody\n" + "x" * 2000

    sns.publish(TopicArn=topic, Message=text, Subject="Für dich")

    wait_for_subjects(relay, ["Für dich"])
    sender, recipients, mail = relay.accepted[-1]
    assert (sender, recipients) == ("films@example.org", [ADDRESS])
    assert mail["From"] == "films@example.org"
    assert mail.get_content().replace("\r\n", "\n").startswith(text + "\n")
    assert list((server.data / "mail").rglob("*.usher")) == []


def test_a_relay_that_is_down_for_a_while_loses_nothing(make_server, relay):
    server = make_server("--smtp", relay.url())
    sns, topic = confirmed_topic(server, relay)
    relay.stop()
    for i in range(5):
        sns.publish(TopicArn=topic, Message="m", Subject=f"down {i}")
    wait_until(lambda: "is tried again" in server.log_end(100), "a failed attempt")

    relay.start()

    wait_for_subjects(relay, [f"down {i}" for i in range(5)])
    check_each_once(relay)


def test_a_server_that_is_killed_while_the_relay_is_down_sends_after_its_start(make_server, relay):
    server = make_server("--smtp", relay.url())
    sns, topic = confirmed_topic(server, relay)
    relay.stop()
    for i in range(5):
        sns.publish(TopicArn=topic, Message="m", Subject=f"killed {i}")
    server.kill()
    relay.start()

    server.restart()

    wait_for_subjects(relay, [f"killed {i}" for i in range(5)])
    check_each_once(relay)


def test_a_mail_that_is_put_off_comes_later_with_the_same_id(make_server, relay):
    server = make_server("--smtp", relay.url())
    sns, topic = confirmed_topic(server, relay)
    relay.answers = [PUT_OFF] * 2

    sns.publish(TopicArn=topic, Message="m", Subject="put off")

    wait_for_subjects(relay, ["put off"])
    (mail_id,) = {m["Message-ID"] for _, _, m in relay.accepted if m["Subject"] == "put off"}
    assert relay.brought.count(mail_id) == 3
    check_each_once(relay)


def test_a_relay_that_hangs_up_in_the_middle_gets_the_mail_again(make_server, relay):
    server = make_server("--smtp", relay.url())
    sns, topic = confirmed_topic(server, relay)
    relay.hang_ups = 2

    sns.publish(TopicArn=topic, Message="m" * 10_000, Subject="hung up")

    wait_for_subjects(relay, ["hung up"])
    assert relay.hang_ups == 0
    check_each_once(relay)


def test_a_mail_that_is_refused_for_good_is_told_in_the_log(make_server, relay):
    server = make_server("--smtp", relay.url())
    sns, topic = confirmed_topic(server, relay)
    relay.answers = [REFUSE]

    sns.publish(TopicArn=topic, Message="m", Subject="refused")
    wait_until(lambda: "has failed for good" in server.log_end(100), "the end of the mail")
    sns.publish(TopicArn=topic, Message="m", Subject="taken")

    wait_for_subjects(relay, ["taken"])
    assert relay.subjects() == [CONFIRMATION, "taken"]


@pytest.fixture
def certificate(tmp_path):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj"]
        + ["/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        + ["-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"],
        check=True,
        capture_output=True,
    )
    return tmp_path / "cert.pem", tmp_path / "key.pem"


def test_the_password_goes_through_tls_to_a_relay_that_is_known(make_server, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    relay = Relay(context, user="usher", password="secret-word").start()
    try:
        server = make_server("--smtp", relay.url("localhost"), "--smtp-ca", certificate[0])
        confirmed_topic(server, relay)
        assert ("usher", "secret-word") in relay.logins
        assert "secret-word" not in server.log.read_text()
    finally:
        relay.stop()


def test_a_relay_with_an_unknown_certificate_gets_no_password(make_server, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    relay = Relay(context, user="usher", password="secret-word").start()
    try:
        server = make_server("--smtp", relay.url("localhost"))
        sns = server.client("sns")
        topic = sns.create_topic(Name="unknown")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=ADDRESS)
        wait_until(lambda: "certificate" in server.log_end(100), "the failed attempt")
        assert relay.logins == [] and relay.accepted == []
        assert not re.search("secret-word", server.log.read_text())
    finally:
        relay.stop()
