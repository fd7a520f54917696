#include "services/personalize/batch_job.h"

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "engine/recommend.h"
#include "json/json.h"
#include "services/personalize/batch_filter.h"
#include "services/personalize/exploration.h"
#include "services/personalize/files.h"
#include "services/personalize/objects.h"
#include "services/personalize/pinned_rows.h"
#include "wire/convert.h"

namespace usher::personalize {
namespace {

struct BatchFile {
  std::string key;     // of the input object
  std::string input;   // its name in the work folder
  std::string output;  // the answers', likewise
};

std::string OutputName(const std::string& key) { return key.substr(key.rfind('/') + 1) + ".out"; }

Result<std::vector<BatchFile>> FetchInputs(const Service& service, const S3Uri& from,
                                           const std::string& work_folder) {
  const auto keys = ListObjects(service, from, kMaxBatchFiles);
  if (!keys) return keys.error();
  std::vector<BatchFile> files;
  for (const std::string& key : *keys) {
    const std::string name = work_folder + "/" + std::to_string(files.size());
    BatchFile file{.key = key, .input = name + ".in", .output = name + ".out"};
    for (const BatchFile& other : files) {
      if (OutputName(other.key) == OutputName(key)) {
        return InvalidInput("inputs " + other.key + " and " + key + " would both become " +
                            OutputName(key));
      }
    }
    if (auto fetched = FetchObject(service, from.bucket, key, file.input); !fetched)
      return fetched.error();
    files.push_back(std::move(file));
  }
  return files;
}

// What a job asks for beside its places.
ValueMap QuestionOf(const api::BatchInferenceJob& job, const Recipe& recipe) {
  ValueMap question;
  question.Set("numResults", *job.num_results);
  const auto& config = job.batch_inference_job_config;
  const engine::ExplorationOptions exploration =
      ExplorationOf(recipe, config ? config->item_exploration_config : std::nullopt);
  question.Set("explorationWeight", exploration.weight);
  question.Set("explorationItemAgeCutOff", exploration.item_age_cut_off_days);
  question.Set("explorationSeed", *job.batch_inference_job_arn);
  return question;
}

ValueMap QuestionOf(const api::BatchSegmentJob& job, const Recipe& /*recipe*/) {
  ValueMap question;
  question.Set("numResults", *job.num_results);
  question.Set("explorationWeight", 0.0);
  return question;
}

Value ChildRequest(const Service& service, ValueMap request, const std::string& model,
                   const std::vector<BatchFile>& files) {
  ValueList list;
  for (const BatchFile& file : files) {
    ValueMap entry;
    entry.Set("input", file.input);
    entry.Set("output", file.output);
    list.emplace_back(std::move(entry));
  }
  request.Set("model", model);
  request.Set("includeSeen", service.options.include_seen);
  request.Set("files", std::move(list));
  return request;
}

template <typename Job>
Result<void> Run(Service& service, jobs::JobContext& context) {
  const std::string& arn = context.spec().subject;
  const auto job = service.catalog.Modify<Job>(arn, [](Stored<Job>& stored) -> Result<void> {
    if (stored.resource.status == kCreatePending) stored.resource.status = kCreateInProgress;
    return {};
  });
  if (!job) return job.error();
  if (job->resource.status == kActive) return {};  // an earlier attempt came to the end of it
  const auto version =
      service.catalog.Find<api::SolutionVersion>(*job->resource.solution_version_arn);
  if (!version) return version.error();
  const auto model = ModelFolder(service, *version);
  if (!model)
    return InvalidInput("solution version " + *job->resource.solution_version_arn +
                        " has no model");
  const auto from =
      ParseS3Uri(job->resource.job_input->s3_data_source.path, "Invalid S3 input path");
  if (!from) return from.error();
  const auto to =
      ParseS3Uri(job->resource.job_output->s3_data_destination.path, "Invalid S3 output path");
  if (!to) return to.error();

  const auto files = FetchInputs(service, *from, context.work_folder());
  if (!files) return files.error();
  const Recipe* recipe = FindRecipe(version->resource.recipe_arn.value_or(""));
  if (!recipe) return Corrupt("the solution version names no known recipe");
  ValueMap question = QuestionOf(job->resource, *recipe);
  if (job->resource.filter_arn) {
    auto pinned = PinFilter(service, *job->resource.filter_arn, context.work_folder());
    if (!pinned) return pinned.error();
    question.Set("filter", *std::move(pinned));
  }
  if (recipe->type == kUserPersonalization || recipe->type == kPersonalizedRanking) {
    const auto events =
        PinEvents(service, *version->resource.dataset_group_arn, context.work_folder());
    if (!events) return events.error();
    if (!events->empty()) question.Set("events", *events);
    const auto& config = version->resource.solution_config;
    if (config && config->event_value_threshold) {
      question.Set("eventValueThreshold", *config->event_value_threshold);
    }
  }
  const Value request = ChildRequest(service, std::move(question), model->string(), *files);
  const auto answer = context.RunChild(kBatchChild, json::Write(request));
  if (!answer) return answer.error();
  for (const BatchFile& file : *files) {
    auto stored = StoreObject(service, file.output, to->bucket, to->key + OutputName(file.key),
                              "application/json");
    if (!stored) return stored;
  }
  const auto done = service.catalog.Modify<Job>(arn, [](Stored<Job>& stored) -> Result<void> {
    stored.resource.status = std::string(kActive);
    return {};
  });
  return done ? Result<void>{} : Result<void>(done.error());
}

template <typename Job>
void Fail(Service& service, const jobs::JobSpec& spec, const Error& reason) {
  const auto changed =
      service.catalog.Modify<Job>(spec.subject, [&](Stored<Job>& stored) -> Result<void> {
        stored.resource.status = std::string(kCreateFailed);
        stored.resource.failure_reason = reason.message;
        return {};
      });
  ReportLostFailure(changed, spec, reason);
}

template <typename Job>
jobs::JobType TypeOf(std::string_view name, Service& service) {
  return {.name = std::string(name),
          .run = [&service](jobs::JobContext& job) { return Run<Job>(service, job); },
          .on_failed = [&service](const jobs::JobSpec& spec,
                                  const Error& reason) { Fail<Job>(service, spec, reason); },
          .at_once = 1};  // one alone keeps all cores busy, and deployments shall find room
}

// Answers one file's lines.
Result<engine::BatchCounts> Answer(const engine::LoadedModel& model, const std::string& input,
                                   const std::string& output, const engine::BatchOptions& options) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(output.c_str(), "we"),
                                                             &std::fclose);
  if (!file) return SystemError("cannot write the answers", errno);
  auto counts =
      engine::RecommendFile(model, input, options, [&](std::string_view lines) -> Result<void> {
        if (std::fwrite(lines.data(), 1, lines.size(), file.get()) == lines.size()) return {};
        return SystemError("cannot write the answers", errno);
      });
  if (counts && std::fflush(file.get()) != 0) return SystemError("cannot write the answers", errno);
  return counts;
}

// What users did since the training; nullptr when nothing was pinned.
Result<std::unique_ptr<const engine::UserEvents>> ReadEvents(const Value& request,
                                                             const engine::LoadedModel& model) {
  std::string path;
  std::optional<std::string> text;
  wire::ReadMember(request, "events", path);
  wire::ReadMember(request, "eventValueThreshold", text);
  if (path.empty()) return std::unique_ptr<const engine::UserEvents>();
  std::optional<double> threshold;
  if (text) {
    double value = 0;  // CreateSolution has checked that it is a number
    std::from_chars(text->data(), text->data() + text->size(), value);
    threshold = value;
  }
  return engine::UserEvents::Load(path, model.info.events, threshold);
}

}  // namespace

jobs::JobType BatchJob(Service& service) {
  return TypeOf<api::BatchInferenceJob>(kBatchJob, service);
}

jobs::JobType SegmentJob(Service& service) {
  return TypeOf<api::BatchSegmentJob>(kSegmentJob, service);
}

Result<Value> BatchChild(const Value& request, jobs::ChildContext& context) {
  std::string folder;
  std::int64_t num_results = 0;
  bool include_seen = false;
  std::vector<std::map<std::string, std::string>> files;
  wire::ReadMember(request, "model", folder);
  wire::ReadMember(request, "numResults", num_results);
  wire::ReadMember(request, "includeSeen", include_seen);
  wire::ReadMember(request, "files", files);
  const auto model = engine::LoadModel(folder);
  if (!model) return model.error();

  engine::BatchOptions options;
  options.num_results = static_cast<std::size_t>(num_results);
  options.exclude_seen = !include_seen;
  engine::ExplorationOptions exploration;
  std::string seed;
  wire::ReadMember(request, "explorationWeight", exploration.weight);
  wire::ReadMember(request, "explorationItemAgeCutOff", exploration.item_age_cut_off_days);
  wire::ReadMember(request, "explorationSeed", seed);
  const auto explorer = engine::Explorer::Make(*model, exploration);
  options.explorer = explorer.get();
  options.exploration_seed = engine::SeedOf(seed);
  std::unique_ptr<const engine::ModelFilter> filter;
  if (const Value* pinned = request.Find("filter")) {
    auto read = ReadFilter(*pinned, *model);
    if (!read) return std::move(read).error();
    filter = *std::move(read);
  }
  options.filter = filter.get();
  const auto events = ReadEvents(request, *model);
  if (!events) return events.error();
  options.events = events->get();
  std::int64_t lines = 0;
  std::int64_t failed = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    options.progress = [&](double fraction) {
      context.Report((static_cast<double>(i) + fraction) / static_cast<double>(files.size()),
                     "recommending");
    };
    const auto counts = Answer(*model, files[i]["input"], files[i]["output"], options);
    if (!counts) return counts.error();
    lines += static_cast<std::int64_t>(counts->lines);
    failed += static_cast<std::int64_t>(counts->failed);
  }
  ValueMap result;
  result.Set("lines", lines);
  result.Set("failed", failed);
  return Value(std::move(result));
}

}  // namespace usher::personalize
