// Whole operations on stacks, over services that this test plays: log groups and topics by name.
#include "services/cloudformation/stack_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <set>

#include "base/temp_folder.h"
#include "services/cloudformation/operations.h"
#include "wire/logs.h"
#include "wire/sns.h"

namespace usher::cloudformation {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace logs = usher::api::logs;
namespace sns = usher::api::sns;

// Keeps what is committed until it dies: from then on nothing is, as after a kill.
class MortalStore final : public storage::DocumentStore {
 public:
  explicit MortalStore(storage::DocumentStore& inner) : inner_(inner) {}
  Result<std::optional<storage::Document>> Get(std::string_view kind,
                                               std::string_view id) const override {
    return inner_.Get(kind, id);
  }
  Result<storage::Page> List(std::string_view kind, std::optional<std::string_view> group,
                             std::int64_t after, std::size_t limit) const override {
    return inner_.List(kind, group, after, limit);
  }
  Result<std::vector<storage::Document>> ListById(std::string_view kind, std::string_view prefix,
                                                  std::string_view from,
                                                  std::size_t limit) const override {
    return inner_.ListById(kind, prefix, from, limit);
  }
  Result<void> Commit(const storage::Batch& batch) override {
    if (commits_left_-- <= 0) return Internal("the server is dead");
    return inner_.Commit(batch);
  }
  void DieAfter(int commits) { commits_left_ = commits; }
  [[nodiscard]] bool is_dead() const { return commits_left_ < 0; }

 private:
  storage::DocumentStore& inner_;
  std::atomic<int> commits_left_ = 1'000'000;
};

class StackRunTest : public testing::Test {
 protected:
  StackRunTest()
      : inner_(*storage::OpenSqliteStore(folder_.path())),
        store_(*inner_),
        queue_(jobs::DeliveryQueue::Create(*inner_, clock_)),
        service_{store_, *queue_, dispatcher_, clock_} {
    Register(dispatcher_, service_);
    PlayLogs();
    PlaySns();
  }

  template <typename Op>
  Result<typename Op::Response> Call(const typename Op::Request& request) {
    wire::CallContext context;
    return dispatcher_.Call<Op>(request, context);
  }

  // Runs until the operation is over, or the server is dead. Gives the stack's status.
  std::string RunToEnd(const std::string& stack) {
    const jobs::StopToken stop = false;
    for (int turn = 0; turn < 1000 && !store_.is_dead(); ++turn) {
      auto record = StackStore(store_).Find("us-east-1", stack);
      if (!record || !record->is_busy()) break;
      StackRun(service_, *record, stop).Go();
    }
    const auto record = StackStore(store_).Find("us-east-1", stack);
    return record ? record->status : record.error().message;
  }

  std::string Create(const std::string& name, const std::string& body) {
    const auto made = Call<api::CreateStack>({.stack_name = name, .template_body = body});
    EXPECT_TRUE(made) << made.error().message;
    id_ = *made->stack_id;
    return RunToEnd(id_);
  }

  std::string Update(const std::string& name, const std::string& body) {
    const auto made = Call<api::UpdateStack>({.stack_name = name, .template_body = body});
    EXPECT_TRUE(made) << made.error().message;
    return RunToEnd(name);
  }

  std::string Delete(const std::string& name) {
    EXPECT_TRUE(Call<api::DeleteStack>({.stack_name = name}));
    return RunToEnd(id_);
  }

  // "Logical STATUS" of every event, oldest first.
  std::vector<std::string> Events() {
    std::vector<std::string> told;
    const auto events = StackStore(store_).Events(id_);
    for (const EventRecord& event : *events) told.push_back(event.logical_id + " " + event.status);
    return told;
  }

  TempFolder folder_;
  FixedClock clock_{FromEpochMillis(1'700'000'000'000)};
  std::unique_ptr<storage::DocumentStore> inner_;
  MortalStore store_;
  std::unique_ptr<jobs::DeliveryQueue> queue_;
  wire::Dispatcher dispatcher_;
  Service service_;
  std::string id_;

  std::mutex mutex_;
  std::map<std::string, std::int64_t> groups_;  // to their retention, 0 without
  std::map<std::string, std::string> topics_;   // by ARN, to their display name
  std::set<std::string> unmakeable_;            // names of groups and topics that fail

 private:
  void PlayLogs() {
    dispatcher_.Handle<logs::CreateLogGroup>(
        [this](const auto& request, wire::CallContext&) -> Result<logs::CreateLogGroup::Response> {
          const std::lock_guard lock(mutex_);
          if (unmakeable_.contains(request.log_group_name)) return InvalidInput("no such luck");
          if (!groups_.emplace(request.log_group_name, 0).second) return AlreadyExists("taken");
          return logs::CreateLogGroup::Response{};
        });
    dispatcher_.Handle<logs::DescribeLogGroups>(
        [this](const auto& request, wire::CallContext&) -> Result<logs::DescribeLogGroupsResponse> {
          const std::lock_guard lock(mutex_);
          logs::DescribeLogGroupsResponse answer;
          answer.log_groups.emplace();
          for (const auto& [name, days] : groups_) {
            if (!name.starts_with(*request.log_group_name_prefix)) continue;
            answer.log_groups->emplace_back().log_group_name = name;
          }
          return answer;
        });
    dispatcher_.Handle<logs::DeleteLogGroup>(
        [this](const auto& request, wire::CallContext&) -> Result<logs::DeleteLogGroup::Response> {
          const std::lock_guard lock(mutex_);
          if (groups_.erase(request.log_group_name) == 0) return NotFound("not there");
          return logs::DeleteLogGroup::Response{};
        });
    dispatcher_.Handle<logs::PutRetentionPolicy>(
        [this](const auto& request,
               wire::CallContext&) -> Result<logs::PutRetentionPolicy::Response> {
          const std::lock_guard lock(mutex_);
          if (request.retention_in_days == 13) return InvalidInput("13 days are not possible");
          groups_[request.log_group_name] = request.retention_in_days;
          return logs::PutRetentionPolicy::Response{};
        });
    dispatcher_.Handle<logs::DeleteRetentionPolicy>(
        [this](const auto& request,
               wire::CallContext&) -> Result<logs::DeleteRetentionPolicy::Response> {
          const std::lock_guard lock(mutex_);
          groups_[request.log_group_name] = 0;
          return logs::DeleteRetentionPolicy::Response{};
        });
  }

  void PlaySns() {
    dispatcher_.Handle<sns::CreateTopic>(
        [this](const auto& request, wire::CallContext&) -> Result<sns::CreateTopicResponse> {
          const std::lock_guard lock(mutex_);
          if (unmakeable_.contains(request.name)) return InvalidInput("no such luck");
          const std::string arn = "arn:aws:sns:us-east-1:000000000000:" + request.name;
          const auto given = request.attributes.value_or(std::map<std::string, std::string>());
          topics_[arn] = given.contains("DisplayName") ? given.at("DisplayName") : "";
          return sns::CreateTopicResponse{.topic_arn = arn};
        });
    dispatcher_.Handle<sns::GetTopicAttributes>(
        [this](const auto& request, wire::CallContext&) -> Result<sns::GetTopicAttributesResponse> {
          const std::lock_guard lock(mutex_);
          if (!topics_.contains(request.topic_arn)) return NotFound("no topic");
          return sns::GetTopicAttributesResponse{};
        });
    dispatcher_.Handle<sns::SetTopicAttributes>(
        [this](const auto& request,
               wire::CallContext&) -> Result<sns::SetTopicAttributes::Response> {
          const std::lock_guard lock(mutex_);
          topics_.at(request.topic_arn) = request.attribute_value.value_or("");
          return sns::SetTopicAttributes::Response{};
        });
    dispatcher_.Handle<sns::DeleteTopic>(
        [this](const auto& request, wire::CallContext&) -> Result<sns::DeleteTopic::Response> {
          const std::lock_guard lock(mutex_);
          topics_.erase(request.topic_arn);
          return sns::DeleteTopic::Response{};
        });
    dispatcher_.Handle<sns::ListSubscriptionsByTopic>(
        [](const auto&, wire::CallContext&) -> Result<sns::ListSubscriptionsByTopicResponse> {
          return sns::ListSubscriptionsByTopicResponse{};
        });
  }
};

constexpr char kThree[] = R"(
Resources:
  Last: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Sub '${Middle}-last'}}
  Middle:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: !Sub '${First.TopicName}-middle', RetentionInDays: 7}
  First: {Type: AWS::SNS::Topic, Properties: {TopicName: first, DisplayName: one}}
)";

TEST_F(StackRunTest, MakesInOrderAndTellsEveryStep) {
  ASSERT_EQ(Create("s", kThree), "CREATE_COMPLETE");

  EXPECT_EQ(groups_.at("first-middle"), 7);
  EXPECT_TRUE(groups_.contains("first-middle-last"));
  EXPECT_THAT(
      Events(),
      ElementsAre("s CREATE_IN_PROGRESS", "First CREATE_IN_PROGRESS", "First CREATE_IN_PROGRESS",
                  "First CREATE_COMPLETE", "Middle CREATE_IN_PROGRESS", "Middle CREATE_IN_PROGRESS",
                  "Middle CREATE_COMPLETE", "Last CREATE_IN_PROGRESS", "Last CREATE_IN_PROGRESS",
                  "Last CREATE_COMPLETE", "s CREATE_COMPLETE"));
}

TEST_F(StackRunTest, RemovesInTheOppositeOrder) {
  ASSERT_EQ(Create("s", kThree), "CREATE_COMPLETE");
  ASSERT_EQ(Delete("s"), "DELETE_COMPLETE");

  EXPECT_THAT(groups_, IsEmpty());
  EXPECT_THAT(topics_, IsEmpty());
  const auto events = Events();
  EXPECT_THAT(std::vector(events.end() - 4, events.end()),
              ElementsAre("Middle DELETE_COMPLETE", "First DELETE_IN_PROGRESS",
                          "First DELETE_COMPLETE", "s DELETE_COMPLETE"));
}

TEST_F(StackRunTest, RollsBackWhatItMade) {
  unmakeable_.insert("first-middle-last");

  EXPECT_EQ(Create("s", kThree), "ROLLBACK_COMPLETE");

  EXPECT_THAT(groups_, IsEmpty());
  EXPECT_THAT(topics_, IsEmpty());
  const auto stack = StackStore(store_).Find("us-east-1", "s");
  EXPECT_THAT(StackStore(store_).Resources(stack->id)->at("Last").status, "DELETE_COMPLETE");
}

// A first call that succeeds and a second that fails: what the first has made goes too.
TEST_F(StackRunTest, RollsBackWhatIsHalfMade) {
  EXPECT_EQ(Create("s",
                   "Resources: {G: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: "
                   "13}}}"),
            "ROLLBACK_COMPLETE");

  EXPECT_THAT(groups_, IsEmpty());
}

TEST_F(StackRunTest, LeavesAloneWhatSomebodyElseHasMade) {
  groups_["first-middle"] = 30;

  EXPECT_EQ(Create("s", kThree), "ROLLBACK_COMPLETE");

  EXPECT_EQ(groups_.at("first-middle"), 30);
  const auto events = StackStore(store_).Events(id_);
  EXPECT_THAT(std::ranges::find(*events, "CREATE_FAILED", &EventRecord::status)->reason,
              "first-middle already exists");
}

TEST_F(StackRunTest, KeepsWhatIsToBeRetained) {
  ASSERT_EQ(Create("s",
                   "Resources: {T: {Type: AWS::SNS::Topic, DeletionPolicy: Retain}, U: {Type: "
                   "AWS::SNS::Topic}}"),
            "CREATE_COMPLETE");
  ASSERT_EQ(Delete("s"), "DELETE_COMPLETE");

  EXPECT_EQ(topics_.size(), 1U);
}

constexpr char kChanged[] = R"(
Resources:
  Middle:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: !Sub '${First.TopicName}-other', RetentionInDays: 7}
  First: {Type: AWS::SNS::Topic, Properties: {TopicName: first, DisplayName: two}}
  New: {Type: AWS::SNS::Topic, Properties: {TopicName: new}}
)";

TEST_F(StackRunTest, UpdatesReplacesAddsAndRemoves) {
  ASSERT_EQ(Create("s", kThree), "CREATE_COMPLETE");
  ASSERT_EQ(Update("s", kChanged), "UPDATE_COMPLETE");

  EXPECT_EQ(topics_,
            (std::map<std::string, std::string>{{"arn:aws:sns:us-east-1:000000000000:first", "two"},
                                                {"arn:aws:sns:us-east-1:000000000000:new", ""}}));
  EXPECT_EQ(groups_, (std::map<std::string, std::int64_t>{{"first-other", 7}}));
}

TEST_F(StackRunTest, GoesBackWhenAnUpdateFails) {
  ASSERT_EQ(Create("s", kThree), "CREATE_COMPLETE");
  const auto groups = groups_;
  const auto topics = topics_;
  unmakeable_.insert("first-other");

  EXPECT_EQ(Update("s", kChanged), "UPDATE_ROLLBACK_COMPLETE");

  EXPECT_EQ(groups_, groups);
  EXPECT_EQ(topics_, topics);
  // And it is the old template again.
  unmakeable_.clear();
  EXPECT_EQ(Update("s", kChanged), "UPDATE_COMPLETE");
}

TEST_F(StackRunTest, RefusesToReplaceWhatHasAFixedName) {
  ASSERT_EQ(
      Create("s", "Resources: {G: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: g}}}"),
      "CREATE_COMPLETE");

  EXPECT_EQ(Update("s",
                   "Resources: {G: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: g, "
                   "KmsKeyId: k}}}"),
            "UPDATE_ROLLBACK_COMPLETE");
  const auto events = StackStore(store_).Events(id_);
  EXPECT_THAT(std::ranges::find(*events, "UPDATE_FAILED", &EventRecord::status)->reason,
              HasSubstr("Rename g and update the stack again."));
}

// ---- a kill after every commit ----

// What an operation leaves must not depend on where it was interrupted.
class KilledTest : public StackRunTest {
 protected:
  // Lets `begin` start an operation, kills the server after each number of commits, and starts it
  // again. `check` is asked at the end of each round.
  void KillEverywhere(const std::function<void()>& prepare, const std::function<void()>& begin,
                      const std::function<void(const std::string& status)>& check) {
    for (int commits = 0; commits < 100; ++commits) {
      SCOPED_TRACE("killed after " + std::to_string(commits) + " commits");
      groups_.clear();
      topics_.clear();
      store_.DieAfter(1'000'000);
      prepare();
      begin();
      store_.DieAfter(commits);
      RunToEnd(id_);
      const bool was_killed = store_.is_dead();
      store_.DieAfter(1'000'000);
      check(RunToEnd(id_));
      // The next round's stack is another one.
      EXPECT_TRUE(Call<api::DeleteStack>({.stack_name = id_}));
      RunToEnd(id_);
      if (!was_killed) return;
    }
    FAIL() << "the operation takes more than 100 commits";
  }

  void Begin(const std::string& body) {
    const auto made = Call<api::CreateStack>({.stack_name = "s", .template_body = body});
    ASSERT_TRUE(made) << made.error().message;
    id_ = *made->stack_id;
  }
};

TEST_F(KilledTest, ACreationGoesOn) {
  KillEverywhere([] {}, [&] { Begin(kThree); },
                 [&](const std::string& status) {
                   EXPECT_EQ(status, "CREATE_COMPLETE");
                   EXPECT_EQ(groups_, (std::map<std::string, std::int64_t>{
                                          {"first-middle", 7}, {"first-middle-last", 0}}));
                   EXPECT_EQ(topics_.size(), 1U);
                 });
}

TEST_F(KilledTest, ARollbackLeavesNothingBehind) {
  unmakeable_.insert("first-middle-last");
  KillEverywhere([] {}, [&] { Begin(kThree); },
                 [&](const std::string& status) {
                   EXPECT_EQ(status, "ROLLBACK_COMPLETE");
                   EXPECT_THAT(groups_, IsEmpty());
                   EXPECT_THAT(topics_, IsEmpty());
                 });
}

TEST_F(KilledTest, AnUpdateGoesOn) {
  KillEverywhere([&] { Create("s", kThree); },
                 [&] {
                   EXPECT_TRUE(Call<api::UpdateStack>(
                       {.stack_name = "s", .template_body = std::string(kChanged)}));
                 },
                 [&](const std::string& status) {
                   EXPECT_EQ(status, "UPDATE_COMPLETE");
                   EXPECT_EQ(groups_, (std::map<std::string, std::int64_t>{{"first-other", 7}}));
                   EXPECT_EQ(topics_.size(), 2U);
                 });
}

TEST_F(KilledTest, AnUpdateThatFailsGoesBack) {
  unmakeable_.insert("first-other");
  KillEverywhere([&] { Create("s", kThree); },
                 [&] {
                   EXPECT_TRUE(Call<api::UpdateStack>(
                       {.stack_name = "s", .template_body = std::string(kChanged)}));
                 },
                 [&](const std::string& status) {
                   EXPECT_EQ(status, "UPDATE_ROLLBACK_COMPLETE");
                   EXPECT_EQ(groups_, (std::map<std::string, std::int64_t>{
                                          {"first-middle", 7}, {"first-middle-last", 0}}));
                   EXPECT_EQ(topics_, (std::map<std::string, std::string>{
                                          {"arn:aws:sns:us-east-1:000000000000:first", "one"}}));
                 });
}

TEST_F(KilledTest, ADeletionGoesOn) {
  KillEverywhere([&] { Create("s", kThree); },
                 [&] { EXPECT_TRUE(Call<api::DeleteStack>({.stack_name = "s"})); },
                 [&](const std::string& status) {
                   EXPECT_EQ(status, "DELETE_COMPLETE");
                   EXPECT_THAT(groups_, IsEmpty());
                   EXPECT_THAT(topics_, IsEmpty());
                 });
}

}  // namespace
}  // namespace usher::cloudformation
