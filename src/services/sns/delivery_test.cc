#include "services/sns/delivery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "json/json.h"
#include "services/sns/failure_log.h"
#include "services/sns/operations.h"

namespace usher::sns {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class NotingMailer final : public mail::Mailer {
 public:
  Result<void> Send(const mail::Mail& mail) override {
    mails.push_back(mail);
    return answer;
  }
  std::vector<mail::Mail> mails;
  Result<void> answer;
};

class SnsDelivery : public testing::Test {
 protected:
  SnsDelivery() {
    Register(dispatcher_, service_);
    topic_ = *CreateTopic({.name = "films"}, service_, context_)->topic_arn;
  }

  // A confirmed subscription.
  Subscription Subscribe(const std::string& protocol, const std::string& endpoint) {
    service_.options.auto_confirm = true;
    const auto made = sns::Subscribe(
        {.topic_arn = topic_, .protocol = protocol, .endpoint = endpoint}, service_, context_);
    EXPECT_TRUE(made) << made.error().message;
    return *Catalog(*store_).FindSubscription(*made->subscription_arn);
  }

  // What waits in a lane, as the queue would hand it to the deliverer.
  std::vector<jobs::Delivery> Waiting(const std::string& lane) {
    std::vector<jobs::Delivery> waiting;
    const auto page = store_->List("delivery/" + lane, std::nullopt, 0, 1000);
    for (const storage::Document& one : page->documents) {
      const auto body = json::Parse(one.body);
      waiting.push_back({.id = one.id,
                         .key = one.group,
                         .payload = *body->Find("payload")->as_string(),
                         .accepted = clock_.Now()});
    }
    return waiting;
  }

  void Publish(const std::string& text, std::optional<std::string> subject = std::nullopt) {
    ASSERT_TRUE(sns::Publish({.topic_arn = topic_, .message = text, .subject = std::move(subject)},
                             service_, context_));
  }

  jobs::Outcome::Kind Mail(const jobs::Delivery& delivery) {
    return Deliver(service_, delivery, kMailRetries, running_,
                   [&](const Parcel& parcel) { return SendMail(parcel, service_); })
        .kind();
  }

  const TempFolder folder_;
  FixedClock clock_{FromEpochMillis(1'658'365'323'000)};
  std::unique_ptr<storage::DocumentStore> store_ = *storage::OpenSqliteStore(folder_.path());
  std::unique_ptr<jobs::DeliveryQueue> queue_ = jobs::DeliveryQueue::Create(*store_, clock_);
  NotingMailer mailer_;
  outbound::HttpClient http_{{}};
  Signer signer_{folder_.path(), clock_};
  wire::Dispatcher dispatcher_;
  Service service_{.store = *store_,
                   .queue = *queue_,
                   .dispatcher = dispatcher_,
                   .clock = clock_,
                   .mailer = mailer_,
                   .http = http_,
                   .signer = signer_,
                   .options = {.endpoint = "http://127.0.0.1:4566", .sender = "films@x.org"}};
  wire::CallContext context_;
  const jobs::StopToken running_ = false;
  std::string topic_;
};

TEST(WaitAfter, DoublesUpToTheLongest) {
  constexpr RetryPolicy policy{seconds(1), minutes(15), hours(72)};

  EXPECT_EQ(WaitAfter(1, policy), seconds(1));
  EXPECT_EQ(WaitAfter(2, policy), seconds(2));
  EXPECT_EQ(WaitAfter(5, policy), seconds(16));
  EXPECT_EQ(WaitAfter(11, policy), minutes(15));
  EXPECT_EQ(WaitAfter(1'000'000, policy), minutes(15));
}

TEST(LogGroupOf, NamesRegionAccountAndTopic) {
  EXPECT_EQ(LogGroupOf("arn:aws:sns:eu-west-1:000000000000:films"),
            "sns/eu-west-1/000000000000/films");
}

TEST_F(SnsDelivery, WaitsInTheLaneOfItsProtocol) {
  Subscribe("email", "a@b.c");
  Subscribe("email-json", "a@b.c");
  Subscribe("lambda", "arn:aws:lambda:us-east-1:000000000000:function:f");
  Subscribe("sqs", "arn:aws:sqs:us-east-1:000000000000:q");
  Publish("hello");

  EXPECT_EQ(Waiting("sns/mail").size(), 2U);
  EXPECT_EQ(Waiting("sns/lambda").size(), 1U);
  EXPECT_EQ(Waiting("sns/sqs").size(), 1U);
}

TEST_F(SnsDelivery, AMailHasOneMessageIdForAllItsAttempts) {
  Subscribe("email", "a@b.c");
  Publish("hello", "Hi");
  jobs::Delivery delivery = Waiting("sns/mail").front();
  mailer_.answer = Internal("the relay is down");
  EXPECT_EQ(Mail(delivery), jobs::Outcome::Kind::kAgain);
  delivery.attempt = 2;
  service_.options.sender = "other@example.com";
  mailer_.answer = {};

  EXPECT_EQ(Mail(delivery), jobs::Outcome::Kind::kDone);

  ASSERT_EQ(mailer_.mails.size(), 2U);
  EXPECT_EQ(mailer_.mails[0].message_id, mailer_.mails[1].message_id);
  EXPECT_EQ(mailer_.mails[0].date, mailer_.mails[1].date);
  EXPECT_EQ(mailer_.mails[0].subject, "Hi");
  EXPECT_THAT(mailer_.mails[0].body, testing::StartsWith("hello\n"));
}

TEST_F(SnsDelivery, TwoMailsOfOneMessageHaveTwoMessageIds) {
  Subscribe("email", "a@b.c");
  Subscribe("email", "d@e.f");
  Publish("hello");
  for (const jobs::Delivery& delivery : Waiting("sns/mail")) Mail(delivery);

  ASSERT_EQ(mailer_.mails.size(), 2U);
  EXPECT_NE(mailer_.mails[0].message_id, mailer_.mails[1].message_id);
}

TEST_F(SnsDelivery, EndsAfterItsAge) {
  Subscribe("email", "a@b.c");
  Publish("hello");
  const jobs::Delivery delivery = Waiting("sns/mail").front();
  mailer_.answer = Internal("the relay is down");
  clock_.Advance(hours(72));
  EXPECT_EQ(Mail(delivery), jobs::Outcome::Kind::kAgain);
  clock_.Advance(milliseconds(1));

  EXPECT_EQ(Mail(delivery), jobs::Outcome::Kind::kDone);
}

TEST_F(SnsDelivery, EndsAtOnceWhenItIsRefusedForGood) {
  Subscribe("email", "a@b.c");
  Publish("hello");
  mailer_.answer = InvalidInput("nobody here by that name");

  EXPECT_EQ(Mail(Waiting("sns/mail").front()), jobs::Outcome::Kind::kDone);
}

TEST_F(SnsDelivery, EndsWithItsSubscription) {
  const Subscription subscription = Subscribe("email", "a@b.c");
  Publish("hello");
  ASSERT_TRUE(Unsubscribe({.subscription_arn = subscription.arn}, service_, context_));

  EXPECT_EQ(Mail(Waiting("sns/mail").front()), jobs::Outcome::Kind::kDone);
  EXPECT_THAT(mailer_.mails, IsEmpty());
}

TEST_F(SnsDelivery, StaysAsItIsWhenTheServerStops) {
  Subscribe("email", "a@b.c");
  Publish("hello");
  mailer_.answer = Internal("stopped");
  const jobs::StopToken stopped = true;

  const auto outcome = Deliver(service_, Waiting("sns/mail").front(), kMailRetries, stopped,
                               [&](const Parcel& parcel) { return SendMail(parcel, service_); });

  EXPECT_EQ(outcome.kind(), jobs::Outcome::Kind::kInterrupted);
}

TEST_F(SnsDelivery, APayloadThatCannotBeReadEndsIt) {
  EXPECT_EQ(Mail({.id = "x", .payload = "{"}), jobs::Outcome::Kind::kDone);
}

TEST_F(SnsDelivery, AServiceThatIsNotThereEndsItForGood) {
  Subscribe("lambda", "arn:aws:lambda:us-east-1:000000000000:function:f");
  Publish("hello");

  const auto outcome =
      Deliver(service_, Waiting("sns/lambda").front(), kInternalRetries, running_,
              [&](const Parcel& parcel) { return SendToFunction(parcel, service_); });

  EXPECT_EQ(outcome.kind(), jobs::Outcome::Kind::kDone);
}

TEST_F(SnsDelivery, AFunctionGetsItsEvent) {
  const Subscription subscription =
      Subscribe("lambda", "arn:aws:lambda:us-east-1:000000000000:function:f");
  Publish("hello");
  const auto message = DecodePayload(Waiting("sns/lambda").front().payload);
  const auto topic = Catalog(*store_).FindTopic(topic_);

  const auto event = json::Parse(*LambdaEvent(*message, subscription, *topic, signer_));

  const Value& record = event->Find("Records")->as_list()->front();
  EXPECT_EQ(*record.Find("EventSource"), Value("aws:sns"));
  EXPECT_EQ(*record.Find("EventVersion"), Value("1.0"));
  EXPECT_EQ(*record.Find("EventSubscriptionArn"), Value(subscription.arn));
  const Value& sns = *record.Find("Sns");
  EXPECT_EQ(*sns.Find("Type"), Value("Notification"));
  EXPECT_EQ(*sns.Find("Message"), Value("hello"));
  EXPECT_TRUE(sns.Find("Subject")->is_null());
  EXPECT_EQ(*sns.Find("Timestamp"), Value("2022-07-21T01:02:03.000Z"));
  EXPECT_EQ(*sns.Find("MessageAttributes"), Value(ValueMap()));
  EXPECT_NE(sns.Find("SigningCertUrl"), nullptr);
  EXPECT_NE(sns.Find("UnsubscribeUrl"), nullptr);
}

TEST_F(SnsDelivery, AMailInJsonCarriesTheEnvelope) {
  Subscribe("email-json", "a@b.c");
  Publish("hello", "Hi");
  Mail(Waiting("sns/mail").front());

  const auto body = json::Parse(mailer_.mails.at(0).body);
  EXPECT_EQ(*body->Find("Message"), Value("hello"));
  EXPECT_EQ(*body->Find("Subject"), Value("Hi"));
}

TEST_F(SnsDelivery, AConfirmationIsAskedForByALinkAndForThreeDays) {
  ASSERT_TRUE(sns::Subscribe({.topic_arn = topic_, .protocol = "email", .endpoint = "a@b.c"},
                             service_, context_));
  Mail(Waiting("sns/mail").front());
  const std::string body = mailer_.mails.at(0).body;
  EXPECT_THAT(body, HasSubstr("http://127.0.0.1:4566/?Action=ConfirmSubscription&TopicArn=arn%3A"));
  const std::size_t at = body.find("&Token=") + 7;
  const std::string token = body.substr(at, body.find('\n', at) - at);

  clock_.Advance(hours(72) + milliseconds(1));
  EXPECT_FALSE(ConfirmSubscription({.topic_arn = topic_, .token = token}, service_, context_));
  clock_.Advance(-milliseconds(1));
  EXPECT_TRUE(ConfirmSubscription({.topic_arn = topic_, .token = token}, service_, context_));
  EXPECT_TRUE(ConfirmSubscription({.topic_arn = topic_, .token = token}, service_, context_));
}

TEST_F(SnsDelivery, APayloadIsReadBackAsItWasWritten) {
  const Message message{.kind = Message::Kind::kConfirmation,
                        .id = "id",
                        .topic_arn = "t",
                        .subscription_arn = "s",
                        .subject = "ü",
                        .text = "a\"b\n",
                        .token = "token",
                        .time = clock_.Now(),
                        .attributes = {{"n", {"Number", "1"}}}};

  const auto read = DecodePayload(EncodePayload(message));

  ASSERT_TRUE(read);
  EXPECT_EQ(EncodePayload(*read), EncodePayload(message));
  EXPECT_EQ(read->subject, message.subject);
  EXPECT_EQ(read->attributes, message.attributes);
}

}  // namespace
}  // namespace usher::sns
