#include "wire/sqs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "base/temp_folder.h"
#include "services/sqs/receipt.h"
#include "services/sqs/service.h"

namespace usher::sqs {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::EndsWith;

class Sqs : public testing::Test {
 protected:
  Sqs() { Open(); }

  // As after a restart of the server.
  void Open() {
    dispatcher_ = std::make_unique<wire::Dispatcher>();
    service_.reset();
    store_.reset();
    store_ = *storage::OpenSqliteStore(folder_.path());
    service_ = std::make_unique<Service>(*store_, clock_, "http://127.0.0.1:4566");
    EXPECT_TRUE(service_->Start());
    Register(*dispatcher_, *service_);
  }

  template <typename Op>
  Result<typename Op::Response> Call(const typename Op::Request& request) {
    wire::CallContext context;
    return dispatcher_->Call<Op>(request, context);
  }

  template <typename Op>
  std::string ErrorOf(const typename Op::Request& request) {
    wire::CallContext context;
    const auto answer = dispatcher_->Call<Op>(request, context);
    return answer ? "" : answer.error().wire_name;
  }

  std::string Make(const std::string& name,
                   std::optional<std::map<std::string, std::string>> attributes = {}) {
    const auto made =
        Call<api::CreateQueue>({.queue_name = name, .attributes = std::move(attributes)});
    EXPECT_TRUE(made) << made.error().message;
    return made ? *made->queue_url : "";
  }

  std::string Send(const std::string& url, const std::string& body) {
    const auto sent = Call<api::SendMessage>({.queue_url = url, .message_body = body});
    EXPECT_TRUE(sent);
    return sent ? *sent->message_id : "";
  }

  std::vector<api::Message> Receive(const std::string& url, std::int64_t limit = 10) {
    const auto got = Call<api::ReceiveMessage>({.queue_url = url, .max_number_of_messages = limit});
    EXPECT_TRUE(got);
    return got->messages.value_or(std::vector<api::Message>());
  }

  std::vector<std::string> Bodies(const std::string& url) {
    std::vector<std::string> bodies;
    for (const api::Message& one : Receive(url)) bodies.push_back(*one.body);
    return bodies;
  }

  const TempFolder folder_;
  FixedClock clock_{FromEpochMillis(1'658'365'323'000)};
  std::unique_ptr<storage::DocumentStore> store_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<wire::Dispatcher> dispatcher_;
};

TEST_F(Sqs, CreateQueueGivesAUrlThatEndsInAccountAndName) {
  EXPECT_EQ(Make("films"), "http://127.0.0.1:4566/000000000000/films");
  EXPECT_EQ(Make("films"), "http://127.0.0.1:4566/000000000000/films");
  EXPECT_EQ(*Call<api::GetQueueUrl>({.queue_name = "films"})->queue_url,
            "http://127.0.0.1:4566/000000000000/films");
}

TEST_F(Sqs, CreateQueueRefusesTheNameOfAnotherQueue) {
  Make("films", {{{"VisibilityTimeout", "5"}}});

  EXPECT_EQ(ErrorOf<api::CreateQueue>(
                {.queue_name = "films", .attributes = {{{"VisibilityTimeout", "6"}}}}),
            "QueueNameExists");
  EXPECT_EQ(ErrorOf<api::CreateQueue>(
                {.queue_name = "films", .attributes = {{{"VisibilityTimeout", "5"}}}}),
            "");
  EXPECT_EQ(
      ErrorOf<api::CreateQueue>({.queue_name = "films", .attributes = {{{"DelaySeconds", "0"}}}}),
      "");
}

TEST_F(Sqs, CreateQueueChecksNamesAndAttributes) {
  for (const char* name : {"", "a b", "a.fifo", "a/b", "ä"}) {
    EXPECT_EQ(ErrorOf<api::CreateQueue>({.queue_name = name}), "InvalidParameterValue") << name;
  }
  EXPECT_EQ(ErrorOf<api::CreateQueue>({.queue_name = std::string(81, 'a')}),
            "InvalidParameterValue");
  for (const auto& [name, value] :
       std::map<std::string, std::string>{{"VisibilityTimeout", "43201"},
                                          {"DelaySeconds", "-1"},
                                          {"MessageRetentionPeriod", "x"},
                                          {"FifoQueue", "true"}}) {
    EXPECT_EQ(ErrorOf<api::CreateQueue>({.queue_name = "a", .attributes = {{{name, value}}}}),
              "InvalidAttributeValue")
        << name;
  }
  EXPECT_EQ(ErrorOf<api::CreateQueue>({.queue_name = "a", .attributes = {{{"QueueArn", "x"}}}}),
            "InvalidAttributeName");
}

// ---- dead-letter queues ----

constexpr const char* kDeadArn = "arn:aws:sqs:us-east-1:000000000000:dead";

std::string PolicyFor(const std::string& target, const std::string& count) {
  return R"({"deadLetterTargetArn":")" + target + R"(","maxReceiveCount":)" + count + "}";
}

TEST_F(Sqs, AMessageReceivedTooOftenGoesToTheDeadLetterQueue) {
  const std::string dead = Make("dead");
  const std::string url =
      Make("films", {{{"RedrivePolicy", PolicyFor(kDeadArn, "2")}, {"VisibilityTimeout", "5"}}});
  const std::string id = Send(url, "poison");
  const Time sent = clock_.Now();
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(Bodies(url), ElementsAre("poison"));
    clock_.Advance(seconds(6));
  }
  Send(url, "healthy");

  EXPECT_THAT(Bodies(url), ElementsAre("healthy"));
  const auto got =
      Call<api::ReceiveMessage>({.queue_url = dead, .message_system_attribute_names = {{"All"}}});
  ASSERT_TRUE(got);
  ASSERT_EQ(got->messages->size(), 1U);
  const api::Message& letter = got->messages->front();
  EXPECT_EQ(letter.message_id, id);
  EXPECT_EQ(letter.body, "poison");
  EXPECT_EQ(letter.attributes->at("DeadLetterQueueSourceArn"),
            "arn:aws:sqs:us-east-1:000000000000:films");
  EXPECT_EQ(letter.attributes->at("SentTimestamp"), std::to_string(EpochMillis(sent)));
  EXPECT_EQ(letter.attributes->at("ApproximateReceiveCount"), "1");

  Open();
  EXPECT_THAT(Bodies(dead), ElementsAre("poison"));
  EXPECT_THAT(Bodies(url), ElementsAre("healthy"));
}

TEST_F(Sqs, DeadLettersAloneAreNoAnswer) {
  const std::string dead = Make("dead");
  const std::string url =
      Make("films", {{{"RedrivePolicy", PolicyFor(kDeadArn, "1")}, {"VisibilityTimeout", "5"}}});
  for (const char* body : {"a", "b", "c"}) Send(url, body);
  EXPECT_EQ(Receive(url).size(), 3U);
  clock_.Advance(seconds(6));
  Send(url, "fresh");

  const auto got = Receive(url, 1);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got.front().body, "fresh");
  EXPECT_EQ(Receive(dead).size(), 3U);
}

TEST_F(Sqs, ReceiversAtTheSameTimeMoveADeadLetterOnce) {
  constexpr int kMessages = 40;
  const std::string dead = Make("dead");
  const std::string url =
      Make("films", {{{"RedrivePolicy", PolicyFor(kDeadArn, "1")}, {"VisibilityTimeout", "0"}}});
  for (int i = 0; i < kMessages; ++i) Send(url, std::to_string(i));

  std::vector<std::thread> receivers;
  for (int i = 0; i < 4; ++i) {
    receivers.emplace_back([&] {
      for (int round = 0; round < 20; ++round) Receive(url);
    });
  }
  for (std::thread& receiver : receivers) receiver.join();

  std::multiset<std::string> letters;
  while (true) {
    const auto got = Receive(dead);
    if (got.empty()) break;
    for (const api::Message& one : got) letters.insert(*one.body);
  }
  EXPECT_EQ(letters.size(), std::set<std::string>(letters.begin(), letters.end()).size());
  EXPECT_EQ(letters.size(), static_cast<std::size_t>(kMessages));
}

TEST_F(Sqs, AMessageStaysWhereItsDeadLetterQueueIsGone) {
  const std::string dead = Make("dead");
  const std::string url =
      Make("films", {{{"RedrivePolicy", PolicyFor(kDeadArn, "1")}, {"VisibilityTimeout", "0"}}});
  Send(url, "one");
  ASSERT_TRUE(Call<api::DeleteQueue>({.queue_url = dead}));

  for (int i = 0; i < 3; ++i) EXPECT_THAT(Bodies(url), ElementsAre("one"));
}

TEST_F(Sqs, RedrivePoliciesAreCheckedWhenTheyAreSet) {
  Make("dead", {{{"RedriveAllowPolicy", R"({"redrivePermission":"byQueue","sourceQueueArns":)"
                                        R"(["arn:aws:sqs:us-east-1:000000000000:friend"]})"}}});
  const std::string url = Make("films");
  const auto set = [&](const std::string& policy) {
    return ErrorOf<api::SetQueueAttributes>(
        {.queue_url = url, .attributes = {{"RedrivePolicy", policy}}});
  };
  for (const std::string& bad :
       {std::string("x"), std::string("{}"), PolicyFor(kDeadArn, "0"), PolicyFor(kDeadArn, "1001"),
        PolicyFor(kDeadArn, R"("many")"), PolicyFor("dead", "3"),
        PolicyFor("arn:aws:sqs:us-east-1:000000000000:none", "3"),
        PolicyFor("arn:aws:sqs:eu-west-1:000000000000:dead", "3"), PolicyFor(kDeadArn, "3")}) {
    EXPECT_EQ(set(bad), "InvalidParameterValue") << bad;
  }
  const std::string friendly = Make("friend", {{{"RedrivePolicy", PolicyFor(kDeadArn, R"("3")")}}});
  const auto attributes = Call<api::GetQueueAttributes>(
      {.queue_url = friendly, .attribute_names = {{"RedrivePolicy"}}});
  EXPECT_EQ(attributes->attributes->at("RedrivePolicy"), PolicyFor(kDeadArn, R"("3")"));
  for (const char* bad : {"x", "{}", R"({"redrivePermission":"byQueue"})",
                          R"({"redrivePermission":"denyAll","sourceQueueArns":["a"]})"}) {
    EXPECT_EQ(ErrorOf<api::SetQueueAttributes>(
                  {.queue_url = url, .attributes = {{"RedriveAllowPolicy", bad}}}),
              "InvalidParameterValue")
        << bad;
  }
}

TEST_F(Sqs, MessagesSurviveARestartAndAreReceivedAgain) {
  const std::string url = Make("films");
  Send(url, "one");
  Send(url, "two");
  ASSERT_THAT(Bodies(url), ElementsAre("one", "two"));
  const std::string three = Send(url, "three");

  Open();

  EXPECT_THAT(Bodies(url), ElementsAre("one", "two", "three"));
}

TEST_F(Sqs, DeleteMessageIsForGoodAlsoByAReceiptFromBeforeARestart) {
  const std::string url = Make("films");
  Send(url, "one");
  const std::string receipt = *Receive(url).front().receipt_handle;
  Open();

  ASSERT_TRUE(Call<api::DeleteMessage>({.queue_url = url, .receipt_handle = receipt}));
  ASSERT_TRUE(Call<api::DeleteMessage>({.queue_url = url, .receipt_handle = receipt}));

  Open();
  EXPECT_TRUE(Receive(url).empty());
}

TEST_F(Sqs, ReceiveMessageHidesAMessageForItsVisibility) {
  const std::string url = Make("films", {{{"VisibilityTimeout", "5"}}});
  Send(url, "one");
  ASSERT_EQ(Receive(url).size(), 1U);

  EXPECT_TRUE(Receive(url).empty());
  clock_.Advance(seconds(5));
  EXPECT_EQ(Receive(url).size(), 1U);
}

TEST_F(Sqs, ReceiveMessageGivesAnotherReceiptEachTime) {
  const std::string url = Make("films", {{{"VisibilityTimeout", "0"}}});
  const std::string id = Send(url, "one");
  const auto first = Receive(url).front();
  clock_.Advance(seconds(1));
  const auto second = Receive(url).front();

  EXPECT_EQ(*first.message_id, id);
  EXPECT_EQ(*second.message_id, id);
  EXPECT_NE(*first.receipt_handle, *second.receipt_handle);
}

TEST_F(Sqs, ReceiveMessageTellsSystemAttributesWhenAsked) {
  const std::string url = Make("films");
  Send(url, "one");

  const auto got = Call<api::ReceiveMessage>(
      {.queue_url = url,
       .message_system_attribute_names = {{"SentTimestamp", "ApproximateReceiveCount"}}});

  EXPECT_THAT(*got->messages->front().attributes,
              ElementsAre(testing::Pair("ApproximateReceiveCount", "1"),
                          testing::Pair("SentTimestamp", "1658365323000")));
}

TEST_F(Sqs, ReceiveMessageWaitsForAMessage) {
  const std::string url = Make("films");
  std::thread sender([&] { Send(url, "late"); });

  const auto got = Call<api::ReceiveMessage>({.queue_url = url, .wait_time_seconds = 20});

  sender.join();
  ASSERT_TRUE(got && got->messages);
  EXPECT_EQ(*got->messages->front().body, "late");
}

// Goes on by 5 s whenever it is looked at, once it has been let go.
class RunningClock final : public Clock {
 public:
  [[nodiscard]] Time Now() const override {
    return FromEpochMillis(is_running ? millis_ += 5'000 : millis_.load());
  }
  std::atomic<bool> is_running = false;

 private:
  mutable std::atomic<std::int64_t> millis_ = 1'658'365'323'000;
};

// The poll sleeps 200 ms at least once between two of these letters, so one second sees 6 of them
// at most; were a second begun anew after each, it would see all.
TEST_F(Sqs, ReceiveMessageDoesNotWaitLongerForDeadLetters) {
  constexpr std::int64_t kLetters = 8;
  constexpr std::int64_t kSecondsApart = 35;
  RunningClock clock;
  service_ = std::make_unique<Service>(*store_, clock, "http://127.0.0.1:4566");
  ASSERT_TRUE(service_->Start());
  dispatcher_ = std::make_unique<wire::Dispatcher>();
  Register(*dispatcher_, *service_);
  const std::string dead = Make("dead");
  const std::string url = Make("films", {{{"RedrivePolicy", PolicyFor(kDeadArn, "1")}}});
  for (std::int64_t i = 1; i <= kLetters; ++i) {
    Send(url, "letter");
    ASSERT_TRUE(
        Call<api::ReceiveMessage>({.queue_url = url, .visibility_timeout = i * kSecondsApart}));
  }
  clock.is_running = true;

  const auto got = Call<api::ReceiveMessage>({.queue_url = url, .wait_time_seconds = 1});

  ASSERT_TRUE(got);
  EXPECT_FALSE(got->messages);
  const auto moved = service_->queues().FindByUrl(dead).value()->index.size();
  EXPECT_GT(moved, 0U);
  EXPECT_LE(moved, 6U);
}

TEST_F(Sqs, ReceiveMessageEndsItsWaitWhenTheServerStops) {
  const std::string url = Make("films");
  std::thread stopper([&] { service_->StopWaiting(); });

  const auto got = Call<api::ReceiveMessage>({.queue_url = url, .wait_time_seconds = 20});

  stopper.join();
  ASSERT_TRUE(got);
  EXPECT_FALSE(got->messages);
}

TEST_F(Sqs, ReceiveMessageEndsItsWaitWhenTheQueueIsDeleted) {
  const std::string url = Make("films");
  std::thread deleter([&] { EXPECT_TRUE(Call<api::DeleteQueue>({.queue_url = url})); });

  const std::string error =
      ErrorOf<api::ReceiveMessage>({.queue_url = url, .wait_time_seconds = 20});

  deleter.join();
  EXPECT_EQ(error, "QueueDoesNotExist");
}

TEST_F(Sqs, ReceiveMessageRefusesWhatIsOutOfRange) {
  const std::string url = Make("films");
  EXPECT_EQ(ErrorOf<api::ReceiveMessage>({.queue_url = url, .max_number_of_messages = 11}),
            "InvalidParameterValue");
  EXPECT_EQ(ErrorOf<api::ReceiveMessage>({.queue_url = url, .max_number_of_messages = 0}),
            "InvalidParameterValue");
  EXPECT_EQ(ErrorOf<api::ReceiveMessage>({.queue_url = url, .wait_time_seconds = 21}),
            "InvalidParameterValue");
  EXPECT_EQ(ErrorOf<api::ReceiveMessage>({.queue_url = url, .visibility_timeout = 43'201}),
            "InvalidParameterValue");
}

TEST_F(Sqs, ReceiveMessageRemovesWhatIsOlderThanItIsKept) {
  const std::string url = Make("films", {{{"MessageRetentionPeriod", "60"}}});
  Send(url, "old");
  clock_.Advance(seconds(61));

  EXPECT_TRUE(Receive(url).empty());
  Open();
  EXPECT_EQ(service_->queues().FindByUrl(url).value()->index.size(), 0U);
}

TEST_F(Sqs, ChangeMessageVisibilityShowsAMessageAgainAtOnce) {
  const std::string url = Make("films");
  Send(url, "one");
  const std::string receipt = *Receive(url).front().receipt_handle;

  ASSERT_TRUE(Call<api::ChangeMessageVisibility>(
      {.queue_url = url, .receipt_handle = receipt, .visibility_timeout = 0}));

  EXPECT_EQ(Receive(url).size(), 1U);
  clock_.Advance(seconds(30));
  EXPECT_EQ(ErrorOf<api::ChangeMessageVisibility>(
                {.queue_url = url, .receipt_handle = receipt, .visibility_timeout = 0}),
            "MessageNotInflight");
}

TEST_F(Sqs, SendMessageRefusesTextThatCannotTravel) {
  const std::string url = Make("films");
  for (const std::string& body : {std::string("\x01"), std::string("a\0b", 3), std::string("\xff"),
                                  std::string("\xef\xbf\xbf"), std::string("\xed\xa0\x80")}) {
    EXPECT_EQ(ErrorOf<api::SendMessage>({.queue_url = url, .message_body = body}),
              "InvalidMessageContents");
  }
  EXPECT_EQ(ErrorOf<api::SendMessage>({.queue_url = url, .message_body = "\xef\xbf\xbd\t\r\n"}),
            "");
  EXPECT_EQ(ErrorOf<api::SendMessage>(
                {.queue_url = url, .message_body = std::string((1U << 20) + 1, 'x')}),
            "InvalidParameterValue");
}

TEST_F(Sqs, DeleteQueueTakesItsMessagesAlong) {
  const std::string url = Make("films");
  Send(url, "one");

  ASSERT_TRUE(Call<api::DeleteQueue>({.queue_url = url}));

  EXPECT_EQ(ErrorOf<api::SendMessage>({.queue_url = url, .message_body = "x"}),
            "QueueDoesNotExist");
  Make("films");
  EXPECT_TRUE(Receive(url).empty());
  EXPECT_TRUE(store_->List("sqs/removed", std::nullopt, 0, 10)->documents.empty());
  EXPECT_TRUE(store_->List("sqs/message", std::nullopt, 0, 10)->documents.empty());
}

TEST_F(Sqs, StartRemovesWhatADeletionHasLeft) {
  const std::string url = Make("films");
  Send(url, "one");
  const std::string id = service_->queues().FindByUrl(url).value()->document.id;
  storage::Batch half;  // as DeleteQueue commits it, before the messages go
  half.Delete("sqs/queue", "films");
  half.Put("sqs/removed", id, "", "{}");
  ASSERT_TRUE(store_->Commit(half));

  Open();

  EXPECT_TRUE(store_->List("sqs/removed", std::nullopt, 0, 10)->documents.empty());
  EXPECT_TRUE(store_->List("sqs/message", std::nullopt, 0, 10)->documents.empty());
}

TEST_F(Sqs, PurgeQueueRemovesWhatIsHiddenToo) {
  const std::string url = Make("films");
  for (int i = 0; i < 5; ++i) Send(url, "x");
  Receive(url, 2);

  ASSERT_TRUE(Call<api::PurgeQueue>({.queue_url = url}));

  clock_.Advance(seconds(60));
  EXPECT_TRUE(Receive(url).empty());
  Open();
  EXPECT_TRUE(Receive(url).empty());
}

TEST_F(Sqs, QueuesOfOthersAndBrokenUrlsAreRefused) {
  Make("films");
  for (const char* url : {"films", "http://127.0.0.1:4566/films", "/films", ""}) {
    EXPECT_NE(ErrorOf<api::SendMessage>({.queue_url = url, .message_body = "x"}), "") << url;
  }
  EXPECT_EQ(
      ErrorOf<api::SendMessage>({.queue_url = "http://x/111111111111/films", .message_body = "x"}),
      "QueueDoesNotExist");
  EXPECT_EQ(ErrorOf<api::SendMessage>(
                {.queue_url = "https://sqs.eu-west-1.amazonaws.com/000000000000/films",
                 .message_body = "x"}),
            "");
}

TEST_F(Sqs, ReceiptsThatAreNoneAreRefused) {
  const std::string url = Make("films");
  for (const char* receipt : {"", "x", "AAAA", "!!!!"}) {
    EXPECT_EQ(ErrorOf<api::DeleteMessage>({.queue_url = url, .receipt_handle = receipt}),
              "ReceiptHandleIsInvalid")
        << receipt;
  }
}

TEST_F(Sqs, ListQueuesGoesOnWhereAPageEnds) {
  for (const char* name : {"b", "a", "c", "other"}) Make(name);

  const auto first = Call<api::ListQueues>({.max_results = 2});
  ASSERT_TRUE(first && first->next_token);
  EXPECT_THAT(*first->queue_urls, ElementsAre(EndsWith("/a"), EndsWith("/b")));
  const auto second = Call<api::ListQueues>({.next_token = first->next_token, .max_results = 2});
  EXPECT_THAT(*second->queue_urls, ElementsAre(EndsWith("/c"), EndsWith("/other")));
  EXPECT_FALSE(second->next_token);
  EXPECT_THAT(*Call<api::ListQueues>({.queue_name_prefix = "o"})->queue_urls,
              ElementsAre(EndsWith("/other")));
}

TEST_F(Sqs, GetQueueAttributesCountsMessages) {
  const std::string url = Make("films", {{{"DelaySeconds", "0"}}});
  for (int i = 0; i < 3; ++i) Send(url, "x");
  Receive(url, 1);

  const auto got = Call<api::GetQueueAttributes>({.queue_url = url, .attribute_names = {{"All"}}});

  const auto& all = *got->attributes;
  EXPECT_EQ(all.at("QueueArn"), "arn:aws:sqs:us-east-1:000000000000:films");
  EXPECT_EQ(all.at("ApproximateNumberOfMessages"), "2");
  EXPECT_EQ(all.at("ApproximateNumberOfMessagesNotVisible"), "1");
  EXPECT_EQ(all.at("VisibilityTimeout"), "30");
  EXPECT_EQ(all.at("CreatedTimestamp"), "1658365323");
}

TEST_F(Sqs, SetQueueAttributesCountsFromThenOn) {
  const std::string url = Make("films");
  ASSERT_TRUE(
      Call<api::SetQueueAttributes>({.queue_url = url, .attributes = {{"DelaySeconds", "10"}}}));
  Send(url, "later");

  EXPECT_TRUE(Receive(url).empty());
  Open();
  clock_.Advance(seconds(10));
  EXPECT_THAT(Bodies(url), ElementsAre("later"));
}

TEST(Md5Of, IsThatOfTheAttributesInTheOrderOfTheirNames) {
  // By Python: hashlib.md5 over struct.pack(">I", …)-framed parts of
  //   ("bytes", "Binary", 2, b"\x00\x01"), ("city", "String", 1, "Any City").
  const Attributes attributes{
      {"city", {.string_value = "Any City", .data_type = "String"}},
      {"bytes", {.binary_value = std::string("\0\1", 2), .data_type = "Binary"}}};

  EXPECT_EQ(Md5Of(attributes), "c23d2cca853eeba5deb2fb4f5575591c");
}

}  // namespace
}  // namespace usher::sqs
