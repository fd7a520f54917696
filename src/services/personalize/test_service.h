// TestService: the whole service over a store in a folder of the test's own, objects in memory and
// jobs that run when the test says so, children within the process.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "base/temp_folder.h"
#include "json/json.h"
#include "services/personalize/batch_job.h"
#include "services/personalize/import_job.h"
#include "services/personalize/service.h"
#include "services/personalize/train_job.h"
#include "storage/document_store.h"
#include "wire/s3.h"

namespace usher::personalize {

// Keeps what was enqueued until the test runs it.
class ManualQueue final : public jobs::JobRunner {
 public:
  std::string Enqueue(storage::Batch& /*batch*/, jobs::JobSpec spec) override {
    waiting.push_back(std::move(spec));
    return "job-" + std::to_string(waiting.size());
  }
  void Wake() override {}
  Result<void> RequestStop(std::string_view type, std::string_view subject) override {
    stops.push_back(std::string(type) + " " + std::string(subject));
    return {};
  }
  [[nodiscard]] jobs::Progress ProgressOf(std::string_view /*type*/,
                                          std::string_view /*subject*/) const override {
    return {};
  }
  void AddType(jobs::JobType type) override { types.emplace(type.name, type); }
  Result<void> Start() override { return {}; }
  void Stop() override {}

  std::deque<jobs::JobSpec> waiting;
  std::vector<std::string> stops;
  std::map<std::string, jobs::JobType> types;
};

class InProcessJob final : public jobs::JobContext {
 public:
  InProcessJob(jobs::JobSpec spec, std::string folder)
      : spec_(std::move(spec)), folder_(std::move(folder)) {}
  [[nodiscard]] const std::string& job_id() const override { return spec_.subject; }
  [[nodiscard]] const jobs::JobSpec& spec() const override { return spec_; }
  [[nodiscard]] int attempt() const override { return 1; }
  [[nodiscard]] const std::string& work_folder() const override { return folder_; }
  [[nodiscard]] bool stop_requested() const override { return false; }
  void Report(const jobs::Progress& /*progress*/) override {}
  void Finish(storage::Batch& /*batch*/) override {}
  Result<std::string> RunChild(std::string_view name, std::string_view request) override {
    const std::map<std::string_view, Result<Value> (*)(const Value&, jobs::ChildContext&)>
        children = {
            {kImportChild, ImportChild}, {kTrainChild, TrainChild}, {kBatchChild, BatchChild}};
    jobs::ChildContext child(folder_);
    auto answer = children.at(name)(*json::Parse(request), child);
    if (!answer) return answer.error();
    return json::Write(*answer);
  }

 private:
  jobs::JobSpec spec_;
  std::string folder_;
};

class TestService : public testing::Test {
 protected:
  static constexpr const char* kRole = "arn:aws:iam::000000000000:role/personalize";

  TestService()
      : store_(*storage::OpenSqliteStore(folder_.path())),
        service_(*store_, queue_, dispatcher_, clock_, {.data_folder = folder_.path()}) {
    Register(dispatcher_, queue_, service_);
    RegisterObjects();
  }

  template <typename Op>
  Result<typename Op::Response> Call(const typename Op::Request& request) {
    wire::CallContext context;
    context.now = clock_.Now();
    return dispatcher_.Call<Op>(request, context);
  }
  // The error's kind and text, or "" on success.
  template <typename Op>
  std::string Complaint(const typename Op::Request& request, ErrorCode expected) {
    const auto response = Call<Op>(request);
    if (response) return "";
    EXPECT_EQ(response.error().code, expected) << response.error().message;
    return response.error().message;
  }

  // Runs every waiting job, also those that they enqueue.
  void RunJobs() {
    while (!queue_.waiting.empty()) {
      const jobs::JobSpec spec = queue_.waiting.front();
      queue_.waiting.pop_front();
      const std::string folder = folder_.path() + "/jobs/" + std::to_string(++jobs_run_);
      std::filesystem::create_directories(folder);
      InProcessJob job(spec, folder);
      const jobs::JobType& type = queue_.types.at(spec.type);
      if (const auto done = type.run(job); !done) type.on_failed(spec, done.error());
    }
  }

  static std::string Arn(const std::string& rest) {
    return "arn:aws:personalize:us-east-1:000000000000:" + rest;
  }
  static std::string RecipeArn(const std::string& name) {
    return "arn:aws:personalize:::recipe/" + name;
  }

  static std::string InteractionsSchema() {
    return R"({"type":"record","name":"Interactions","namespace":"com.amazonaws.personalize.schema","fields":[
      {"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},{"name":"TIMESTAMP","type":"long"}],
      "version":"1.0"})";
  }

  // 60 users with 25 interactions each over 40 items, half of the users in each of two tastes.
  static std::string InteractionsCsv() {
    std::string csv = "USER_ID,ITEM_ID,TIMESTAMP\n";
    for (int user = 0; user < 60; ++user) {
      for (int k = 0; k < 25; ++k) {
        const int item = (k < 18 ? (user % 2) * 20 : 0) + (user * 7 + k * 3) % (k < 18 ? 20 : 40);
        csv += "u" + std::to_string(user) + ",i" + std::to_string(item) + "," +
               std::to_string(1'600'000'000 + user * 1000 + k * 60) + "\n";
      }
    }
    return csv;
  }

  // Dataset group "movies" with an Interactions dataset, not imported yet. Gives the dataset's ARN.
  std::string CreateInteractions() {
    EXPECT_TRUE(Call<api::CreateDatasetGroup>({.name = "movies"}));
    EXPECT_TRUE(Call<api::CreateSchema>({.name = "interactions", .schema = InteractionsSchema()}));
    const auto dataset = Call<api::CreateDataset>({.name = "interactions",
                                                   .schema_arn = Arn("schema/interactions"),
                                                   .dataset_group_arn = Arn("dataset-group/movies"),
                                                   .dataset_type = "Interactions"});
    EXPECT_TRUE(dataset);
    return Arn("dataset/movies/INTERACTIONS");
  }

  Result<api::CreateDatasetImportJobResponse> Import(const std::string& name,
                                                     const std::string& key,
                                                     const std::string& mode = "FULL") {
    return Call<api::CreateDatasetImportJob>(
        {.job_name = name,
         .dataset_arn = Arn("dataset/movies/INTERACTIONS"),
         .data_source = {.data_location = "s3://bucket/" + key},
         .role_arn = kRole,
         .import_mode = mode});
  }

  void ImportInteractions() {
    CreateInteractions();
    objects_["interactions.csv"] = InteractionsCsv();
    EXPECT_TRUE(Import("first", "interactions.csv"));
    RunJobs();
  }

  std::string CreateSolution(const std::string& name, const std::string& recipe) {
    const auto solution =
        Call<api::CreateSolution>({.name = name,
                                   .recipe_arn = RecipeArn(recipe),
                                   .dataset_group_arn = Arn("dataset-group/movies")});
    EXPECT_TRUE(solution);
    return Arn("solution/" + name);
  }

  // Trains a version of the solution; gives its ARN.
  std::string Train(const std::string& solution_arn) {
    const auto version = Call<api::CreateSolutionVersion>({.solution_arn = solution_arn});
    EXPECT_TRUE(version);
    RunJobs();
    return *version->solution_version_arn;
  }

  std::string StatusOf(const std::string& version_arn) {
    return *Call<api::DescribeSolutionVersion>({.solution_version_arn = version_arn})
                ->solution_version->status;
  }

  TempFolder folder_;
  FixedClock clock_{FromEpochMillis(1'700'000'000'000)};
  std::unique_ptr<storage::DocumentStore> store_;
  wire::Dispatcher dispatcher_;
  ManualQueue queue_;
  Service service_;
  std::map<std::string, std::string> objects_;  // of bucket "bucket", by key
  int jobs_run_ = 0;

 private:
  void RegisterObjects() {
    namespace s3 = usher::api::s3;
    dispatcher_.Handle<s3::ListObjectsV2>(
        [this](const s3::ListObjectsV2Request& request,
               wire::CallContext&) -> Result<s3::ListObjectsV2Output> {
          if (request.bucket != "bucket") {
            return Named("NoSuchBucket", ErrorCode::kNotFound,
                         "The specified bucket does not exist");
          }
          s3::ListObjectsV2Output output;
          output.contents.emplace();
          for (const auto& [key, bytes] : objects_) {
            if (key.starts_with(request.prefix.value_or("")))
              output.contents->emplace_back().key = key;
          }
          return output;
        });
    dispatcher_.Handle<s3::GetObject>([this](const s3::GetObjectRequest& request,
                                             wire::CallContext&) -> Result<s3::GetObjectOutput> {
      s3::GetObjectOutput output;
      output.body = std::make_shared<StringSource>(objects_.at(request.key));
      return output;
    });
    dispatcher_.Handle<s3::PutObject>([this](const s3::PutObjectRequest& request,
                                             wire::CallContext&) -> Result<s3::PutObjectOutput> {
      auto bytes = ReadAll(*request.body, 1 << 20);
      if (!bytes) return bytes.error();
      objects_[request.key] = *bytes;
      return s3::PutObjectOutput{};
    });
  }
};

}  // namespace usher::personalize
