#include "services/glue/catalog.h"

#include <algorithm>
#include <charconv>
#include <deque>
#include <limits>
#include <system_error>

#include "base/encoding.h"
#include "base/value_members.h"
#include "json/json.h"
#include "services/glue/names.h"
#include "wire/convert.h"

namespace usher::glue {
namespace {

constexpr std::string_view kJob = "glue/job";
constexpr std::string_view kRun = "glue/run";
constexpr std::string_view kActive = "glue/active";
constexpr std::size_t kAtOnce = 500;        // documents of one read
constexpr std::size_t kRunsOfOneRead = 50;  // their arguments may be long
constexpr std::size_t kMaxActive = 2000;    // more than ever go on or wait
constexpr std::size_t kMaxPage = 10'000;    // documents that a read may give

std::string JobKey(std::string_view region, std::string_view name) {
  return std::string(region) + "/" + std::string(name);
}

Result<Value> ParseBody(const storage::Document& document) {
  auto body = json::Parse(document.body);
  if (!body) return Corrupt("the stored " + document.kind + " '" + document.id + "' is damaged");
  return body;
}

std::string RegionOf(std::string_view key) { return std::string(key.substr(0, key.find('/'))); }

template <typename T>
T MemberOf(const Value& body, std::string_view name) {
  T member{};
  wire::ReadMember(body, name, member);
  return member;
}

Result<JobRecord> ReadJob(const storage::Document& document) {
  const auto body = ParseBody(document);
  if (!body) return body.error();
  return JobRecord{.region = RegionOf(document.id),
                   .job = MemberOf<api::Job>(*body, "job"),
                   .tags = MemberOf<Texts>(*body, "tags"),
                   .id = TextOf(*body, "id"),
                   .runs = IntegerOf(*body, "runs"),
                   .version = document.version};
}

std::string BodyOf(const JobRecord& job) {
  ValueMap body;
  body.Append("job", job.job.ToValue());
  body.Append("tags", wire::Write(job.tags));
  body.Append("id", job.id);
  body.Append("runs", job.runs);
  return json::Write(body);
}

Result<RunRecord> ReadRun(const storage::Document& document) {
  const auto body = ParseBody(document);
  if (!body) return body.error();
  return RunRecord{.region = RegionOf(document.id),
                   .run = MemberOf<api::JobRun>(*body, "run"),
                   .command = MemberOf<api::JobCommand>(*body, "command"),
                   .arguments = MemberOf<Texts>(*body, "arguments"),
                   .role = TextOf(*body, "role"),
                   .job_id = TextOf(*body, "jobId"),
                   .max_retries = IntegerOf(*body, "maxRetries"),
                   .max_at_once = IntegerOf(*body, "maxAtOnce"),
                   .begun = static_cast<int>(IntegerOf(*body, "begun")),
                   .version = document.version};
}

std::string BodyOf(const RunRecord& run) {
  ValueMap body;
  body.Append("run", run.run.ToValue());
  body.Append("command", run.command.ToValue());
  body.Append("arguments", wire::Write(run.arguments));
  body.Append("role", run.role);
  body.Append("jobId", run.job_id);
  body.Append("maxRetries", run.max_retries);
  body.Append("maxAtOnce", run.max_at_once);
  body.Append("begun", run.begun);
  return json::Write(body);
}

// A token is opaque to clients: base64 of "after " and what the next page begins after, a job's
// name or a run's sequence.
constexpr std::string_view kAfter = "after ";

std::string MakeToken(const std::string& name) { return Base64Encode(std::string(kAfter) + name); }

// "" without a token.
Result<std::string> ReadToken(const std::optional<std::string>& token) {
  if (!token || token->empty()) return std::string();
  const auto text = Base64Decode(*token);
  if (text && text->starts_with(kAfter) && text->size() > kAfter.size()) {
    return text->substr(kAfter.size());
  }
  return Error{ErrorCode::kInvalidNextToken, "The token is not valid: " + *token};
}

// Beyond every run without a token.
Result<std::int64_t> ReadSequenceToken(const std::optional<std::string>& token) {
  const auto text = ReadToken(token);
  if (!text) return text.error();
  std::int64_t sequence = std::numeric_limits<std::int64_t>::max();
  if (text->empty()) return sequence;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), sequence);
  if (error == std::errc() && end == text->data() + text->size()) return sequence;
  return Error{ErrorCode::kInvalidNextToken, "The token is not valid: " + *token};
}

}  // namespace

Error NoSuchJob(std::string_view name) {
  return NotFound("Job with name: " + std::string(name) + " not found.");
}

Error NoSuchRun(std::string_view job, std::string_view run_id) {
  return NotFound("JobRun with id " + std::string(run_id) + " of job " + std::string(job) +
                  " not found.");
}

std::string RunRecord::key() const {
  return JobKey(region, run.job_name.value_or("")) + "/" + run.id.value_or("");
}

Result<void> Catalog::AddJob(const JobRecord& job) const {
  storage::Batch batch;
  batch.Create(std::string(kJob), JobKey(job.region, *job.job.name), job.region, BodyOf(job));
  const auto committed = store_.Commit(batch);
  if (committed || committed.error().code != ErrorCode::kAlreadyExists) return committed;
  return AlreadyExists("Job with name " + *job.job.name + " already submitted.");
}

Result<JobRecord> Catalog::FindJob(std::string_view region, std::string_view name) const {
  const auto document = store_.Get(kJob, JobKey(region, name));
  if (!document) return document.error();
  if (!*document) return NoSuchJob(name);
  return ReadJob(**document);
}

Result<PageOf<JobRecord>> Catalog::ListJobs(std::string_view region,
                                            const std::optional<std::string>& token,
                                            std::size_t limit) const {
  const auto after = ReadToken(token);
  if (!after) return after.error();
  const std::string prefix = std::string(region) + "/";
  // The least id beyond the last one.
  const std::string from = after->empty() ? prefix : prefix + *after + '\0';
  const auto documents = store_.ListById(kJob, prefix, from, limit + 1);
  if (!documents) return documents.error();
  PageOf<JobRecord> page;
  for (const storage::Document& document : *documents) {
    if (page.items.size() == limit) {
      page.next_token = MakeToken(*page.items.back().job.name);
      break;
    }
    auto job = ReadJob(document);
    if (!job) return job.error();
    page.items.push_back(*std::move(job));
  }
  return page;
}

Result<std::size_t> Catalog::CountJobs(std::string_view region, std::size_t limit) const {
  const auto page = store_.List(kJob, region, 0, limit);
  if (!page) return page.error();
  return page->documents.size();
}

void Catalog::AddUpdate(storage::Batch& batch, const JobRecord& job) {
  batch.Update(std::string(kJob), JobKey(job.region, *job.job.name), job.version, BodyOf(job));
}

Result<void> Catalog::DeleteJob(const JobRecord& job) const {
  const std::string key = JobKey(job.region, *job.job.name);
  storage::Batch batch;
  for (std::int64_t after = 0;;) {
    const auto page = store_.List(kRun, key, after, kAtOnce);
    if (!page) return page.error();
    for (const storage::Document& document : page->documents) {
      batch.Delete(std::string(kRun), document.id);
      batch.Delete(std::string(kActive), document.id);
    }
    if (!page->next_after) break;
    after = *page->next_after;
  }
  batch.Delete(std::string(kJob), key);
  return store_.Commit(batch);
}

void Catalog::AddRun(storage::Batch& batch, const RunRecord& run) {
  const std::string group = JobKey(run.region, *run.run.job_name);
  batch.Create(std::string(kRun), run.key(), group, BodyOf(run));
  batch.Create(std::string(kActive), run.key(), group, run.command.name.value_or(""));
}

void Catalog::AddUpdate(storage::Batch& batch, const RunRecord& run) {
  batch.Update(std::string(kRun), run.key(), run.version, BodyOf(run));
  if (HasEnded(run.state())) batch.Delete(std::string(kActive), run.key());
}

void Catalog::AddRemove(storage::Batch& batch, const std::string& run_key) {
  batch.Delete(std::string(kRun), run_key);
}

Result<RunRecord> Catalog::FindRun(std::string_view region, std::string_view job,
                                   std::string_view run_id) const {
  auto run = FindRunByKey(JobKey(region, job) + "/" + std::string(run_id));
  if (!run && run.error().code == ErrorCode::kNotFound) return NoSuchRun(job, run_id);
  return run;
}

Result<RunRecord> Catalog::FindRunByKey(std::string_view key) const {
  const auto document = store_.Get(kRun, key);
  if (!document) return document.error();
  if (!*document) return NotFound("there is no run " + std::string(key));
  return ReadRun(**document);
}

Result<PageOf<RunRecord>> Catalog::ListRuns(const JobRecord& job,
                                            const std::optional<std::string>& token,
                                            std::size_t limit) const {
  const auto before = ReadSequenceToken(token);
  if (!before) return before.error();
  const std::string group = JobKey(job.region, *job.job.name);
  // The page, and one more, which tells whether there is a next one; oldest first.
  std::deque<storage::Document> newest;
  std::optional<std::int64_t> from = 0;
  while (from) {
    auto read = store_.List(kRun, group, *from, kRunsOfOneRead);
    if (!read) return read.error();
    from = read->next_after;
    for (storage::Document& document : read->documents) {
      if (document.sequence >= *before) {
        from.reset();
        break;
      }
      newest.push_back(std::move(document));
      if (newest.size() > limit + 1) newest.pop_front();
    }
  }
  PageOf<RunRecord> page;
  if (newest.size() > limit) {
    newest.pop_front();
    page.next_token = MakeToken(std::to_string(newest.front().sequence));
  }
  for (auto document = newest.rbegin(); document != newest.rend(); ++document) {
    auto run = ReadRun(*document);
    if (!run) return run.error();
    page.items.push_back(*std::move(run));
  }
  return page;
}

Result<std::vector<std::string>> Catalog::OldestEndedRuns(const JobRecord& job,
                                                          std::size_t count) const {
  const auto active = ActiveRuns(job.region, *job.job.name, kMaxActive);
  if (!active) return active.error();
  // Among so many there are as many that have ended, if the job has them.
  const auto page = store_.List(kRun, JobKey(job.region, *job.job.name), 0,
                                std::min(count + active->size(), kMaxPage));
  if (!page) return page.error();
  std::vector<std::string> ended;
  for (const storage::Document& document : page->documents) {
    if (ended.size() == count) break;
    if (std::ranges::find(*active, document.id) == active->end()) ended.push_back(document.id);
  }
  return ended;
}

Result<std::vector<std::string>> Catalog::ActiveRuns(std::string_view region, std::string_view job,
                                                     std::size_t limit) const {
  return ListActive(JobKey(region, job), limit);
}

Result<std::vector<std::string>> Catalog::AllActiveRuns(std::size_t limit) const {
  return ListActive(std::nullopt, limit);
}

Result<std::vector<std::string>> Catalog::ActiveRunsOfCommand(std::string_view command) const {
  const auto page = store_.List(kActive, std::nullopt, 0, kMaxActive);
  if (!page) return page.error();
  std::vector<std::string> keys;
  for (const storage::Document& document : page->documents) {
    if (document.body == command) keys.push_back(document.id);
  }
  return keys;
}

Result<std::vector<std::string>> Catalog::ListActive(std::optional<std::string_view> group,
                                                     std::size_t limit) const {
  const auto page = store_.List(kActive, group, 0, limit);
  if (!page) return page.error();
  std::vector<std::string> keys;
  for (const storage::Document& document : page->documents) keys.push_back(document.id);
  return keys;
}

}  // namespace usher::glue
