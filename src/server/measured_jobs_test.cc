#include "server/measured_jobs.h"

#include <gtest/gtest.h>

#include "base/temp_folder.h"

namespace usher::server {
namespace {

// Keeps the types that it is given, so that a test runs them.
struct Types final : jobs::JobRunner {
  std::vector<jobs::JobType>* types;
  explicit Types(std::vector<jobs::JobType>* given) : types(given) {}
  void AddType(jobs::JobType type) override { types->push_back(std::move(type)); }
  std::string Enqueue(storage::Batch&, jobs::JobSpec) override { return {}; }
  void Wake() override {}
  Result<void> RequestStop(std::string_view, std::string_view) override { return {}; }
  [[nodiscard]] jobs::Progress ProgressOf(std::string_view, std::string_view) const override {
    return {};
  }
  Result<void> Start() override { return {}; }
  void Stop() override {}
};

struct NoContext final : jobs::JobContext {
  std::string text;
  jobs::JobSpec job;
  [[nodiscard]] const std::string& job_id() const override { return text; }
  [[nodiscard]] const jobs::JobSpec& spec() const override { return job; }
  [[nodiscard]] int attempt() const override { return 1; }
  [[nodiscard]] const std::string& work_folder() const override { return text; }
  [[nodiscard]] bool stop_requested() const override { return false; }
  void Report(const jobs::Progress&) override {}
  void Finish(storage::Batch&) override {}
  Result<std::string> RunChild(std::string_view, std::string_view) override { return text; }
};

TEST(MeasuredJobs, CountsBeginningsFailuresAndTimes) {
  FixedClock clock(FromEpochMillis(1'700'000'000'000));
  metrics::Registry registry(clock);
  std::vector<jobs::JobType> types;
  MeasuredJobs jobs(std::make_unique<Types>(&types), registry);
  std::vector<Result<void>> ends{Result<void>(), Internal("broken"), Cancelled("stopped")};
  std::size_t next = 0;
  jobs.AddType({.name = "personalize.train",
                .run = [&](jobs::JobContext&) { return ends[next++]; },
                .on_failed = {}});
  NoContext context;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    EXPECT_EQ(types[0].run(context).has_value(), i == 0);
  }

  std::string text;
  registry.AppendPrometheus(text);
  const auto has = [&](std::string_view line) { return text.find(line) != std::string::npos; };
  EXPECT_TRUE(has("usher_personalize_solution_training_job_requests_total{} 3\n")) << text;
  EXPECT_TRUE(has("usher_personalize_solution_training_job_error_total{} 1\n"));
  EXPECT_TRUE(has("usher_personalize_solution_training_job_execution_time_seconds_count{} 2\n"));
}

}  // namespace
}  // namespace usher::server
