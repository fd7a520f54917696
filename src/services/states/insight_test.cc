#include "services/states/insight.h"

#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "storage/document_store.h"

namespace usher::states {
namespace {

const std::string kArn = "arn:aws:states:us-east-1:000000000000:execution:m:e";

class InsightTest : public testing::Test {
 protected:
  InsightTest()
      : documents_(*storage::OpenSqliteStore(folder_.path())),
        deliveries_(jobs::DeliveryQueue::Create(*documents_, clock_)),
        service_(*documents_, *deliveries_, dispatcher_, clock_, {}) {}
  ~InsightTest() override { deliveries_->Stop(); }

  void Keep(const std::string& trace, const std::vector<HistoryEvent>& events = {}) {
    storage::Batch batch;
    Store::AddCreate(batch, {.arn = kArn, .started = clock_.Now(), .trace_root = trace}, {});
    Store::AddEvents(batch, kArn, events);
    ASSERT_TRUE(documents_->Commit(batch));
  }
  static Value Request(const std::string& arn, ValueList ids = {}) {
    ValueMap request;
    request.Append("executionArn", arn);
    request.Append("ids", std::move(ids));
    return Value(std::move(request));
  }

  TempFolder folder_;
  FixedClock clock_{FromEpochMillis(1'700'000'000'000)};
  wire::Dispatcher dispatcher_;
  std::unique_ptr<storage::DocumentStore> documents_;
  std::unique_ptr<jobs::DeliveryQueue> deliveries_;
  Service service_;
};

TEST_F(InsightTest, TellsTheTraceOfAnExecution) {
  Keep("1-6b0bd659-94e44a3640fdc97e9116970c");
  const auto answer = TraceOfExecution(Request(kArn), service_);
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer->Find("traceId")->as_string(), "1-6b0bd659-94e44a3640fdc97e9116970c");
}

TEST_F(InsightTest, AnExecutionThatIsNotTracedHasNone) {
  Keep("");
  EXPECT_EQ(TraceOfExecution(Request(kArn), service_)->Find("traceId"), nullptr);
}

TEST_F(InsightTest, GivesTheEventsThatAreAskedForWithTheirData) {
  const auto event = [](std::int64_t id) {
    ValueMap details;
    details.Append("input", "{\"n\":" + std::to_string(id) + "}");
    return HistoryEvent{.id = id,
                        .previous = id - 1,
                        .type = "PassStateEntered",
                        .details_member = "stateEnteredEventDetails",
                        .details = std::move(details)};
  };
  Keep("", {event(1), event(2), event(3)});

  const auto answer = EventsOfExecution(Request(kArn, {3, 1, 7}), service_);

  ASSERT_TRUE(answer);
  const ValueList& events = *answer->Find("events")->as_list();
  ASSERT_EQ(events.size(), 2U);  // there is no seventh
  EXPECT_EQ(*events[0].Find("id")->as_int(), 3);
  EXPECT_EQ(*events[0].Find("stateEnteredEventDetails")->Find("input")->as_string(), "{\"n\":3}");
  EXPECT_EQ(*events[1].Find("id")->as_int(), 1);
}

TEST_F(InsightTest, RefusesWhatIsNotARequest) {
  Keep("");
  const auto code = [&](const Value& request) {
    return EventsOfExecution(request, service_).error().code;
  };
  EXPECT_EQ(code(Value(ValueMap())), ErrorCode::kInvalidInput);
  EXPECT_EQ(code(Request("arn:none")), ErrorCode::kInvalidInput);
  EXPECT_EQ(code(Request(kArn + "2")), ErrorCode::kNotFound);
  EXPECT_EQ(code(Request(kArn, {"one"})), ErrorCode::kInvalidInput);
  EXPECT_EQ(code(Request(kArn, ValueList(kMaxAskedEvents + 1, Value(1)))),
            ErrorCode::kInvalidInput);
  EXPECT_EQ(TraceOfExecution(Request(kArn + "2"), service_).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace usher::states
