#include "server/measured_jobs.h"

#include <array>
#include <chrono>
#include <utility>

namespace usher::server {
namespace {

// Amazon Personalize Developer Guide, "Monitoring Amazon Personalize with Amazon CloudWatch".
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kNames{
    {{"personalize.import", "DatasetImportJob"},
     {"personalize.train", "SolutionTrainingJob"},
     {"personalize.batch", "BatchInferenceJob"},
     {"personalize.segment", "BatchSegmentJob"}}};

struct Name {
  std::string name_space = "Usher/Jobs";
  std::string name;
};

Name NameOf(std::string_view type) {
  for (const auto& [known, name] : kNames) {
    if (known == type) return {.name_space = "AWS/Personalize", .name = std::string(name)};
  }
  return {.name = std::string(type)};
}

}  // namespace

void MeasuredJobs::AddType(jobs::JobType type) {
  type.run = [run = std::move(type.run), name = NameOf(type.name),
              &registry = registry_](jobs::JobContext& context) -> Result<void> {
    registry.Count(name.name_space, name.name + "Requests", {});
    const auto begin = std::chrono::steady_clock::now();
    auto result = run(context);
    if (!result && result.error().code == ErrorCode::kCancelled) return result;
    registry.Add(name.name_space, name.name + "ExecutionTime", {},
                 std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(),
                 metrics::kSeconds);
    registry.Count(name.name_space, name.name + "Error", {}, result ? 0 : 1);
    return result;
  };
  runner_->AddType(std::move(type));
}

}  // namespace usher::server
