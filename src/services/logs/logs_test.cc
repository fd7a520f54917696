#include "wire/logs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/temp_folder.h"
#include "services/logs/service.h"
#include "storage/document_store.h"

namespace usher::logs {
namespace {

namespace api = usher::api::logs;

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kNow = 1'658'365'323'000;
constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kDay = 24 * kHour;

class Logs : public testing::Test {
 protected:
  Logs() {
    store_ = *storage::OpenSqliteStore(folder_.path());
    Restart();
  }

  void Restart() {
    service_.reset();
    dispatcher_ = std::make_unique<wire::Dispatcher>();
    service_ = std::make_unique<Service>(*store_, clock_, folder_.path() + "/logs");
    const auto started = service_->Start();
    ASSERT_TRUE(started) << started.error().message;
    Register(*dispatcher_, *service_);
  }

  template <typename Op>
  Result<typename Op::Response> Call(const typename Op::Request& request) {
    wire::CallContext context;
    return dispatcher_->Call<Op>(request, context);
  }

  void MakeStream(const std::string& group, const std::string& stream) {
    const auto made_group = Call<api::CreateLogGroup>({.log_group_name = group});
    ASSERT_TRUE(made_group || made_group.error().code == ErrorCode::kAlreadyExists);
    const auto made =
        Call<api::CreateLogStream>({.log_group_name = group, .log_stream_name = stream});
    ASSERT_TRUE(made) << made.error().message;
  }

  Result<api::PutLogEventsResponse> Put(const std::string& stream,
                                        std::vector<api::InputLogEvent> events,
                                        const std::string& group = "g") {
    return Call<api::PutLogEvents>(
        {.log_group_name = group, .log_stream_name = stream, .log_events = std::move(events)});
  }

  std::vector<std::string> Filter(api::FilterLogEventsRequest request) {
    std::vector<std::string> messages;
    request.log_group_name = request.log_group_name.value_or("g");
    while (true) {
      const auto page = Call<api::FilterLogEvents>(request);
      EXPECT_TRUE(page) << page.error().message;
      if (!page) return messages;
      for (const auto& event : *page->events) messages.push_back(*event.message);
      if (!page->next_token) return messages;
      request.next_token = page->next_token;
    }
  }

  static std::vector<std::string> MessagesOf(const api::GetLogEventsResponse& response) {
    std::vector<std::string> messages;
    for (const auto& event : *response.events) messages.push_back(*event.message);
    return messages;
  }

  TempFolder folder_;
  FixedClock clock_{FromEpochMillis(kNow)};
  std::unique_ptr<storage::DocumentStore> store_;
  std::unique_ptr<wire::Dispatcher> dispatcher_;
  std::unique_ptr<Service> service_;
};

// ---- groups ----

TEST_F(Logs, CreateLogGroupThenDescribeLogGroupsShowsIt) {
  ASSERT_TRUE(
      Call<api::CreateLogGroup>({.log_group_name = "/aws/lambda/f", .tags = {{{"k", "v"}}}}));
  Restart();

  const auto found = Call<api::DescribeLogGroups>({});

  ASSERT_EQ(found->log_groups->size(), 1U);
  const api::LogGroup& group = found->log_groups->front();
  EXPECT_EQ(group.log_group_name, "/aws/lambda/f");
  EXPECT_EQ(group.arn, "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/f:*");
  EXPECT_EQ(group.log_group_arn, "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/f");
  EXPECT_EQ(group.creation_time, kNow);
  EXPECT_FALSE(group.retention_in_days);
  EXPECT_EQ(group.log_group_class, "STANDARD");
}

TEST_F(Logs, CreateLogGroupRefusesATakenName) {
  ASSERT_TRUE(Call<api::CreateLogGroup>({.log_group_name = "g"}));

  EXPECT_EQ(Call<api::CreateLogGroup>({.log_group_name = "g"}).error().code,
            ErrorCode::kAlreadyExists);
  EXPECT_FALSE(Call<api::CreateLogGroup>({.log_group_name = "a b"}));
}

TEST_F(Logs, DescribeLogGroupsFindsByPrefixPartAndPage) {
  for (const char* name : {"b/1", "a/2", "a/1", "c"}) {
    ASSERT_TRUE(Call<api::CreateLogGroup>({.log_group_name = name}));
  }
  const auto names = [&](api::DescribeLogGroupsRequest request) {
    std::vector<std::string> found;
    while (true) {
      const auto page = Call<api::DescribeLogGroups>(request);
      EXPECT_TRUE(page);
      for (const auto& group : *page->log_groups) found.push_back(*group.log_group_name);
      if (!page->next_token) return found;
      request.next_token = page->next_token;
    }
  };

  EXPECT_THAT(names({.limit = 1}), ElementsAre("a/1", "a/2", "b/1", "c"));
  EXPECT_THAT(names({.log_group_name_prefix = "a/"}), ElementsAre("a/1", "a/2"));
  EXPECT_THAT(names({.log_group_name_pattern = "/1"}), ElementsAre("a/1", "b/1"));
  EXPECT_EQ(Call<api::DescribeLogGroups>({.next_token = "?"}).error().code,
            ErrorCode::kInvalidNextToken);
}

TEST_F(Logs, DeleteLogGroupTakesStreamsAndEventsWithIt) {
  MakeStream("g", "s");
  ASSERT_TRUE(Put("s", {{kNow, "old"}}));

  ASSERT_TRUE(Call<api::DeleteLogGroup>({.log_group_name = "g"}));

  EXPECT_EQ(Call<api::DeleteLogGroup>({.log_group_name = "g"}).error().message,
            "The specified log group does not exist.");
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path() + "/logs"));
  MakeStream("g", "s");
  EXPECT_THAT(Filter({}), IsEmpty());
}

TEST_F(Logs, AProtectedGroupIsNotDeleted) {
  ASSERT_TRUE(
      Call<api::CreateLogGroup>({.log_group_name = "g", .deletion_protection_enabled = true}));

  EXPECT_EQ(Call<api::DeleteLogGroup>({.log_group_name = "g"}).error().wire_name,
            "ValidationException");
}

TEST_F(Logs, PutRetentionPolicyTakesOnlyTheDaysOfTheList) {
  ASSERT_TRUE(Call<api::CreateLogGroup>({.log_group_name = "g"}));

  EXPECT_EQ(Call<api::PutRetentionPolicy>({"g", 2}).error().code, ErrorCode::kInvalidInput);
  ASSERT_TRUE(Call<api::PutRetentionPolicy>({"g", 3}));
  Restart();
  EXPECT_EQ(Call<api::DescribeLogGroups>({})->log_groups->front().retention_in_days, 3);
  ASSERT_TRUE(Call<api::DeleteRetentionPolicy>({"g"}));
  EXPECT_FALSE(Call<api::DescribeLogGroups>({})->log_groups->front().retention_in_days);
}

TEST_F(Logs, EventsOlderThanTheRetentionAreNotShownAndGo) {
  MakeStream("g", "s");
  ASSERT_TRUE(Put("s", {{kNow, "old"}}));
  ASSERT_TRUE(Call<api::PutRetentionPolicy>({"g", 1}));
  clock_.Advance(std::chrono::milliseconds(kDay + 1));
  ASSERT_TRUE(Put("s", {{kNow + kDay + 1, "new"}}));

  EXPECT_THAT(Filter({}), ElementsAre("new"));
  service_->groups.Maintain();
  clock_.Advance(std::chrono::milliseconds(kDay));
  service_->groups.Maintain();
  service_->groups.Maintain();
  ASSERT_TRUE(Call<api::DeleteRetentionPolicy>({"g"}));
  EXPECT_THAT(Filter({}), ElementsAre("new"));
}

TEST_F(Logs, GroupsThatAreNotUsedAreClosedAndOpenAgainByThemselves) {
  const auto open_files = [] {
    int open = 0;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      const auto path = std::filesystem::read_symlink(entry.path(), error);
      if (!error && path.string().ends_with(".events")) ++open;
    }
    return open;
  };
  MakeStream("g", "s");
  MakeStream("h", "s");
  ASSERT_TRUE(Put("s", {{kNow, "one"}}));
  ASSERT_TRUE(Put("s", {{kNow, "other"}}, "h"));
  EXPECT_EQ(open_files(), 2);

  service_->groups.Maintain();
  EXPECT_EQ(open_files(), 2);
  ASSERT_TRUE(Put("s", {{kNow + 1, "two"}}));
  service_->groups.Maintain();
  EXPECT_EQ(open_files(), 1);
  service_->groups.Maintain();
  EXPECT_EQ(open_files(), 0);

  EXPECT_THAT(Filter({}), ElementsAre("one", "two"));
  EXPECT_EQ(open_files(), 1);
}

// ---- streams ----

TEST_F(Logs, DescribeLogStreamsOrdersByNameOrLastEvent) {
  for (const char* name : {"b", "a", "c", "none"}) MakeStream("g", name);
  ASSERT_TRUE(Put("a", {{kNow - 10, "x"}}));
  ASSERT_TRUE(Put("b", {{kNow - 30, "x"}, {kNow - 5, "y"}}));
  ASSERT_TRUE(Put("c", {{kNow - 20, "x"}}));
  Restart();
  const auto names = [&](api::DescribeLogStreamsRequest request) {
    request.log_group_name = "g";
    std::vector<std::string> found;
    while (true) {
      const auto page = Call<api::DescribeLogStreams>(request);
      EXPECT_TRUE(page);
      for (const auto& stream : *page->log_streams) found.push_back(*stream.log_stream_name);
      if (!page->next_token) return found;
      request.next_token = page->next_token;
    }
  };

  EXPECT_THAT(names({.limit = 2}), ElementsAre("a", "b", "c", "none"));
  EXPECT_THAT(names({.descending = true, .limit = 1}), ElementsAre("none", "c", "b", "a"));
  EXPECT_THAT(names({.order_by = "LastEventTime", .descending = true, .limit = 3}),
              ElementsAre("b", "a", "c", "none"));
  EXPECT_THAT(names({.log_stream_name_prefix = "no"}), ElementsAre("none"));
  const auto b =
      Call<api::DescribeLogStreams>({.log_group_name = "g", .log_stream_name_prefix = "b"});
  EXPECT_EQ(b->log_streams->front().first_event_timestamp, kNow - 30);
  EXPECT_EQ(b->log_streams->front().last_event_timestamp, kNow - 5);
  EXPECT_EQ(b->log_streams->front().last_ingestion_time, kNow);
  EXPECT_EQ(b->log_streams->front().arn,
            "arn:aws:logs:us-east-1:000000000000:log-group:g:log-stream:b");
  EXPECT_FALSE(Call<api::DescribeLogStreams>(
      {.log_group_name = "g", .log_stream_name_prefix = "b", .order_by = "LastEventTime"}));
}

TEST_F(Logs, CreateLogStreamNeedsAGroupAndANewName) {
  EXPECT_EQ(Call<api::CreateLogStream>({"g", "s"}).error().code, ErrorCode::kNotFound);
  MakeStream("g", "s");
  EXPECT_EQ(Call<api::CreateLogStream>({"g", "s"}).error().code, ErrorCode::kAlreadyExists);
}

TEST_F(Logs, DeleteLogStreamHidesItsEventsForEver) {
  MakeStream("g", "s");
  MakeStream("g", "other");
  ASSERT_TRUE(Put("s", {{kNow, "gone"}}));
  ASSERT_TRUE(Put("other", {{kNow, "stays"}}));

  ASSERT_TRUE(Call<api::DeleteLogStream>({"g", "s"}));

  EXPECT_EQ(Call<api::DeleteLogStream>({"g", "s"}).error().message,
            "The specified log stream does not exist.");
  MakeStream("g", "s");
  EXPECT_THAT(Filter({}), ElementsAre("stays"));
  Restart();
  EXPECT_THAT(Filter({}), ElementsAre("stays"));
}

// ---- PutLogEvents ----

TEST_F(Logs, PutLogEventsNeedsAGroupAndAStream) {
  EXPECT_EQ(Put("s", {{kNow, "x"}}).error().message, "The specified log group does not exist.");
  ASSERT_TRUE(Call<api::CreateLogGroup>({.log_group_name = "g"}));
  EXPECT_EQ(Put("s", {{kNow, "x"}}).error().message, "The specified log stream does not exist.");
}

TEST_F(Logs, PutLogEventsRefusesAnotherOrderThanThatOfTime) {
  MakeStream("g", "s");

  EXPECT_EQ(Put("s", {{kNow, "b"}, {kNow - 1, "a"}}).error().code, ErrorCode::kInvalidInput);
  EXPECT_THAT(Filter({}), IsEmpty());
}

TEST_F(Logs, PutLogEventsSaysWhichItRejectedAndKeepsTheRest) {
  MakeStream("g", "s");

  const auto put = Put("s", {{kNow - (15 * kDay), "too old"},
                             {kNow - (14 * kDay) - 1, "too old"},
                             {kNow - 1, "kept"},
                             {kNow + (2 * kHour), "kept too"},
                             {kNow + (2 * kHour) + 1, "too new"}});

  ASSERT_TRUE(put) << put.error().message;
  ASSERT_TRUE(put->rejected_log_events_info);
  EXPECT_EQ(put->rejected_log_events_info->too_old_log_event_end_index, 2);
  EXPECT_EQ(put->rejected_log_events_info->too_new_log_event_start_index, 4);
  EXPECT_FALSE(put->rejected_log_events_info->expired_log_event_end_index);
  EXPECT_THAT(Filter({}), ElementsAre("kept", "kept too"));
}

TEST_F(Logs, PutLogEventsRejectsWhatHasExpired) {
  MakeStream("g", "s");
  ASSERT_TRUE(Call<api::PutRetentionPolicy>({"g", 1}));

  const auto put = Put("s", {{kNow - kDay - 1, "expired"}, {kNow - kDay, "kept"}});

  EXPECT_EQ(put->rejected_log_events_info->expired_log_event_end_index, 1);
  EXPECT_THAT(Filter({}), ElementsAre("kept"));
}

TEST_F(Logs, PutLogEventsRefusesASpanOfMoreThanADay) {
  MakeStream("g", "s");

  EXPECT_FALSE(Put("s", {{kNow - kDay - 1, "a"}, {kNow, "b"}}));
  EXPECT_TRUE(Put("s", {{kNow - kDay, "a"}, {kNow, "b"}}));
}

TEST_F(Logs, PutLogEventsRefusesAnUploadOfMoreThanAMegabyte) {
  MakeStream("g", "s");
  const std::size_t most = 1'048'576 - 26;

  EXPECT_TRUE(Put("s", {{kNow, std::string(most, 'x')}}));
  const auto refused = Put("s", {{kNow, std::string(most + 1, 'x')}});
  EXPECT_EQ(refused.error().message, "Upload too large: 1048577 bytes exceeds limit of 1048576");
}

TEST_F(Logs, EventsOutliveARestart) {
  MakeStream("g", "s");
  ASSERT_TRUE(Put("s", {{kNow, "here"}}));

  Restart();

  EXPECT_THAT(Filter({}), ElementsAre("here"));
}

// ---- GetLogEvents ----

TEST_F(Logs, GetLogEventsEndsWhereTheTokenComesBackUnchanged) {
  MakeStream("g", "s");
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Put("s", {{kNow + i, std::to_string(i)}}));
  api::GetLogEventsRequest request{
      .log_group_name = "g", .log_stream_name = "s", .limit = 2, .start_from_head = true};

  std::vector<std::string> messages;
  while (true) {
    const auto page = Call<api::GetLogEvents>(request);
    ASSERT_TRUE(page);
    for (const auto& event : *page->events) messages.push_back(*event.message);
    if (page->next_forward_token == request.next_token) break;
    request.next_token = page->next_forward_token;
  }
  EXPECT_THAT(messages, ElementsAre("0", "1", "2", "3", "4"));

  // What comes later is found by the same token.
  ASSERT_TRUE(Put("s", {{kNow + 9, "later"}}));
  EXPECT_THAT(MessagesOf(*Call<api::GetLogEvents>(request)), ElementsAre("later"));
}

TEST_F(Logs, GetLogEventsBeginsWithTheNewestAndGoesBack) {
  MakeStream("g", "s");
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Put("s", {{kNow + i, std::to_string(i)}}));
  api::GetLogEventsRequest request{.log_group_name = "g", .log_stream_name = "s", .limit = 2};

  const auto newest = Call<api::GetLogEvents>(request);
  EXPECT_THAT(MessagesOf(*newest), ElementsAre("3", "4"));
  request.next_token = newest->next_backward_token;
  const auto older = Call<api::GetLogEvents>(request);
  EXPECT_THAT(MessagesOf(*older), ElementsAre("1", "2"));
  request.next_token = older->next_backward_token;
  const auto oldest = Call<api::GetLogEvents>(request);
  EXPECT_THAT(MessagesOf(*oldest), ElementsAre("0"));
  request.next_token = oldest->next_backward_token;
  const auto none = Call<api::GetLogEvents>(request);
  EXPECT_THAT(MessagesOf(*none), IsEmpty());
  EXPECT_EQ(none->next_backward_token, request.next_token);
  request.next_token = older->next_forward_token;
  EXPECT_THAT(MessagesOf(*Call<api::GetLogEvents>(request)), ElementsAre("3", "4"));
}

TEST_F(Logs, GetLogEventsGivesOnlyItsStreamAndTimes) {
  MakeStream("g", "s");
  MakeStream("g", "other");
  ASSERT_TRUE(Put("s", {{kNow, "a"}, {kNow + 1, "b"}, {kNow + 2, "c"}}));
  ASSERT_TRUE(Put("other", {{kNow + 1, "x"}}));

  const auto found =
      Call<api::GetLogEvents>({.log_group_identifier = "arn:aws:logs:us-east-1:1:log-group:g",
                               .log_stream_name = "s",
                               .start_time = kNow + 1,
                               .end_time = kNow + 2});
  EXPECT_THAT(MessagesOf(*found), ElementsAre("b"));
  EXPECT_EQ(found->events->front().ingestion_time, kNow);
}

TEST_F(Logs, GetLogEventsRefusesForeignTokensAndUnknownNames) {
  MakeStream("g", "s");

  for (const char* token : {"x", "f/1/2", "f/1/2/3/4", "q/1/2/3", "f/a/2/3", "f/1/-2/3"}) {
    EXPECT_EQ(Call<api::GetLogEvents>(
                  {.log_group_name = "g", .log_stream_name = "s", .next_token = token})
                  .error()
                  .code,
              ErrorCode::kInvalidNextToken)
        << token;
  }
  EXPECT_FALSE(Call<api::GetLogEvents>({.log_group_name = "g", .log_stream_name = "none"}));
  EXPECT_FALSE(Call<api::GetLogEvents>({.log_stream_name = "s"}));
  EXPECT_FALSE(Call<api::GetLogEvents>(
      {.log_group_name = "g", .log_group_identifier = "g", .log_stream_name = "s"}));
  EXPECT_FALSE(
      Call<api::GetLogEvents>({.log_group_identifier = "arn:aws:s3:::g", .log_stream_name = "s"}));
}

// ---- FilterLogEvents ----

TEST_F(Logs, FilterLogEventsInterleavesStreams) {
  MakeStream("g", "a");
  MakeStream("g", "b");
  ASSERT_TRUE(Put("a", {{kNow, "1"}, {kNow + 2, "3"}}));
  ASSERT_TRUE(Put("b", {{kNow + 1, "2"}, {kNow + 3, "4"}}));

  EXPECT_THAT(Filter({.limit = 3}), ElementsAre("1", "2", "3", "4"));
  EXPECT_THAT(Filter({.limit = 3, .start_from_head = false}), ElementsAre("4", "3", "2", "1"));
  EXPECT_THAT(Filter({.log_stream_names = {{"b"}}}), ElementsAre("2", "4"));
  EXPECT_THAT(Filter({.log_stream_name_prefix = "a"}), ElementsAre("1", "3"));
  EXPECT_THAT(Filter({.start_time = kNow + 1, .end_time = kNow + 2}), ElementsAre("2", "3"));
  EXPECT_THAT(Filter({.filter_pattern = "?1 ?4"}), ElementsAre("1", "4"));
}

TEST_F(Logs, FilterLogEventsNamesStreamTimeAndId) {
  MakeStream("g", "a");
  ASSERT_TRUE(Put("a", {{kNow - 1, "one"}, {kNow - 1, "two"}}));

  const auto found = Call<api::FilterLogEvents>({.log_group_name = "g"});

  ASSERT_EQ(found->events->size(), 2U);
  const auto& [one, two] = std::pair(found->events->at(0), found->events->at(1));
  EXPECT_EQ(one.log_stream_name, "a");
  EXPECT_EQ(one.timestamp, kNow - 1);
  EXPECT_EQ(one.ingestion_time, kNow);
  EXPECT_EQ(one.event_id->size(), 56U);
  EXPECT_LT(*one.event_id, *two.event_id);
}

TEST_F(Logs, FilterLogEventsRefusesBadRequests) {
  MakeStream("g", "a");

  EXPECT_FALSE(Call<api::FilterLogEvents>({.log_group_name = "none"}));
  EXPECT_FALSE(Call<api::FilterLogEvents>({.log_group_name = "g", .filter_pattern = "{ $.a"}));
  EXPECT_FALSE(Call<api::FilterLogEvents>({.log_group_name = "g", .log_stream_names = {{"none"}}}));
  EXPECT_FALSE(Call<api::FilterLogEvents>(
      {.log_group_name = "g", .log_stream_names = {{"a"}}, .log_stream_name_prefix = "a"}));
}

// ---- queries ----

TEST_F(Logs, StartQueryThenGetQueryResults) {
  MakeStream("g", "a");
  MakeStream("h", "a");
  ASSERT_TRUE(Put("a", {{kNow - 2000, "one"}, {kNow, "two"}}));
  ASSERT_TRUE(Put("a", {{kNow - 1000, "other"}}, "h"));

  const auto started = Call<api::StartQuery>({.log_group_names = {{"g", "h"}},
                                              .start_time = (kNow / 1000) - 60,
                                              .end_time = kNow / 1000,
                                              .query_string = "fields @message, @log"});

  ASSERT_TRUE(started) << started.error().message;
  const auto found = Call<api::GetQueryResults>({.query_id = *started->query_id});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->status, "Complete");
  EXPECT_EQ(found->statistics->records_scanned, 3);
  std::vector<std::string> messages;
  for (const auto& row : *found->results) messages.push_back(*row.at(0).value);
  EXPECT_THAT(messages, ElementsAre("two", "other", "one"));
  EXPECT_EQ(found->results->at(1).at(1).value, "000000000000:h");

  const auto page = Call<api::GetQueryResults>({.query_id = *started->query_id, .max_items = 2});
  EXPECT_EQ(page->results->size(), 2U);
  const auto rest = Call<api::GetQueryResults>(
      {.query_id = *started->query_id, .next_token = page->next_token, .max_items = 2});
  EXPECT_EQ(rest->results->size(), 1U);
  EXPECT_FALSE(rest->next_token);
  EXPECT_EQ(Call<api::DescribeQueries>({})->queries->front().query_id, started->query_id);
  EXPECT_FALSE(Call<api::StopQuery>({.query_id = *started->query_id}));
}

TEST_F(Logs, StartQueryRefusesBadRequests) {
  MakeStream("g", "a");
  const auto start = [&](api::StartQueryRequest request) {
    const auto answer = Call<api::StartQuery>(request);
    return answer ? ErrorCode::kInternal : answer.error().code;
  };

  EXPECT_EQ(start({.start_time = 0, .end_time = 1, .query_string = "fields a"}),
            ErrorCode::kInvalidInput);
  EXPECT_EQ(
      start({.log_group_name = "none", .start_time = 0, .end_time = 1, .query_string = "fields a"}),
      ErrorCode::kNotFound);
  EXPECT_EQ(
      start({.log_group_name = "g", .start_time = 2, .end_time = 1, .query_string = "fields a"}),
      ErrorCode::kInvalidInput);
  EXPECT_EQ(
      start({.log_group_name = "g", .start_time = 0, .end_time = 1, .query_string = "fields"}),
      ErrorCode::kInvalidInput);
  EXPECT_EQ(Call<api::GetQueryResults>({.query_id = "none"}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(Call<api::StopQuery>({.query_id = "none"}).error().code, ErrorCode::kNotFound);
}

// ---- tags ----

TEST_F(Logs, TagResourceUntagResourceAndListTagsForResource) {
  const std::string arn = "arn:aws:logs:us-east-1:000000000000:log-group:g";
  ASSERT_TRUE(Call<api::CreateLogGroup>({.log_group_name = "g", .tags = {{{"a", "1"}}}}));
  ASSERT_TRUE(Call<api::TagResource>({arn, {{"b", "2"}}}));
  ASSERT_TRUE(Call<api::UntagResource>({arn, {"a"}}));
  Restart();

  using Tags = std::map<std::string, std::string>;
  EXPECT_EQ(Call<api::ListTagsForResource>({arn})->tags, (Tags{{"b", "2"}}));
  ASSERT_TRUE(Call<api::TagLogGroup>({"g", {{"c", "3"}}}));
  ASSERT_TRUE(Call<api::UntagLogGroup>({"g", {"b"}}));
  EXPECT_EQ(Call<api::ListTagsLogGroup>({"g"})->tags, (Tags{{"c", "3"}}));
  Tags many;
  for (int i = 0; i < 50; ++i) many[std::to_string(i)] = "x";
  EXPECT_EQ(Call<api::TagResource>({arn, many}).error().wire_name, "TooManyTagsException");
  EXPECT_FALSE(Call<api::ListTagsForResource>({"arn:aws:s3:::b"}));
}

}  // namespace
}  // namespace usher::logs
