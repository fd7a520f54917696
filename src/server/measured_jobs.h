// MeasuredJobs: a job runner that also counts what it runs: how often each type of job began,
// failed, and how long it took, under the names that CloudWatch has for them in AWS/Personalize
// where it has some ("DatasetImportJobExecutionTime"), else in Usher/Jobs.
//
// A job that is tried again after a crash of the server counts again; one that a stop interrupts
// counts as begun alone.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "jobs/job_queue.h"
#include "metrics/registry.h"

namespace usher::server {

class MeasuredJobs final : public jobs::JobRunner {
 public:
  // `registry` outlives it.
  MeasuredJobs(std::unique_ptr<jobs::JobRunner> runner, metrics::Registry& registry)
      : runner_(std::move(runner)), registry_(registry) {}

  void AddType(jobs::JobType type) override;

  std::string Enqueue(storage::Batch& batch, jobs::JobSpec spec) override {
    return runner_->Enqueue(batch, std::move(spec));
  }
  void Wake() override { runner_->Wake(); }
  Result<void> RequestStop(std::string_view type, std::string_view subject) override {
    return runner_->RequestStop(type, subject);
  }
  [[nodiscard]] jobs::Progress ProgressOf(std::string_view type,
                                          std::string_view subject) const override {
    return runner_->ProgressOf(type, subject);
  }
  Result<void> Start() override { return runner_->Start(); }
  void Stop() override { runner_->Stop(); }

 private:
  std::unique_ptr<jobs::JobRunner> runner_;
  metrics::Registry& registry_;
};

}  // namespace usher::server
