#include "services/states/store.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "base/encoding.h"
#include "base/random.h"
#include "base/value_members.h"
#include "json/json.h"
#include "services/states/errors.h"

namespace usher::states {
namespace {

constexpr std::string_view kMachine = "states/machine";
constexpr std::string_view kRevision = "states/revision";
constexpr std::string_view kExecution = "states/execution";
constexpr std::string_view kListed = "states/listed";
constexpr std::string_view kProgress = "states/progress";
constexpr std::string_view kEvent = "states/event";
constexpr std::string_view kActivity = "states/activity";
constexpr std::string_view kActivityTask = "states/activity-task";
// How many executions ListExecutions looks at in one go when it seeks those of one status.
constexpr std::size_t kScanPage = 1000;
constexpr std::size_t kRemovedAtOnce = 500;             // events of one commit
constexpr std::int64_t kFarFuture = 9'999'999'999'999;  // milliseconds

Value ValueOf(const Texts& texts) {
  ValueMap map;
  for (const auto& [name, text] : texts) map.Append(name, text);
  return map;
}
Texts TextsOf(const Value* value) {
  Texts texts;
  if (!value || !value->as_map()) return texts;
  for (const auto& [name, text] : *value->as_map()) {
    if (text.as_string()) texts.emplace(name, *text.as_string());
  }
  return texts;
}

Result<Value> ParseBody(const storage::Document& document) {
  auto body = json::Parse(document.body);
  if (!body) return Corrupt("the stored " + document.kind + " '" + document.id + "' is damaged");
  return body;
}

std::string Encode(const MachineRecord& machine) {
  ValueMap body;
  body.Append("name", machine.name);
  body.Append("express", machine.express);
  body.Append("revision", machine.revision);
  body.Append("created", EpochMillis(machine.created));
  body.Append("tags", ValueOf(machine.tags));
  return json::Write(body);
}

Result<MachineRecord> DecodeMachine(const storage::Document& document) {
  const auto body = ParseBody(document);
  if (!body) return body.error();
  return MachineRecord{.arn = document.id,
                       .name = TextOf(*body, "name"),
                       .express = FlagOf(*body, "express"),
                       .revision = TextOf(*body, "revision"),
                       .created = FromEpochMillis(IntegerOf(*body, "created")),
                       .tags = TextsOf(body->Find("tags")),
                       .version = document.version};
}

std::string Encode(const Revision& revision) {
  ValueMap body;
  body.Append("definition", revision.definition);
  body.Append("roleArn", revision.role_arn);
  body.Append("logging", revision.logging);
  body.Append("tracing", revision.tracing);
  body.Append("made", EpochMillis(revision.made));
  return json::Write(body);
}

std::string Encode(const Activity& activity) {
  ValueMap body;
  body.Append("name", activity.name);
  body.Append("created", EpochMillis(activity.created));
  body.Append("tags", ValueOf(activity.tags));
  return json::Write(body);
}

Result<Activity> DecodeActivity(const storage::Document& document) {
  const auto body = ParseBody(document);
  if (!body) return body.error();
  return Activity{.arn = document.id,
                  .name = TextOf(*body, "name"),
                  .created = FromEpochMillis(IntegerOf(*body, "created")),
                  .tags = TextsOf(body->Find("tags")),
                  .version = document.version};
}

std::string RevisionId(std::string_view machine_arn, std::string_view id) {
  return std::string(machine_arn) + "\n" + std::string(id);
}

std::string EventId(std::string_view arn, std::int64_t id) {
  std::array<char, 24> digits{};
  std::snprintf(digits.data(), digits.size(), "%010lld", static_cast<long long>(id));
  return std::string(arn) + "\n" + digits.data();
}

// Sorts the newest first.
std::string ListedId(const Execution& execution) {
  std::array<char, 24> digits{};
  std::snprintf(digits.data(), digits.size(), "%013lld",
                static_cast<long long>(kFarFuture - EpochMillis(execution.started)));
  return execution.machine_arn + "\n" + digits.data() + "\n" + execution.arn;
}

// Tokens are the place at which a page ended, in a form that says nothing.
// As GetExecutionHistory gives it. Errors: corrupt.
Result<Value> EventOf(const storage::Document& document) {
  const auto body = ParseBody(document);
  if (!body) return body.error();
  ValueMap event;
  event.Append("timestamp", FromEpochMillis(IntegerOf(*body, "time")));
  event.Append("type", TextOf(*body, "type"));
  event.Append("id", IntegerOf(*body, "id"));
  event.Append("previousEventId", IntegerOf(*body, "previous"));
  const std::string member = TextOf(*body, "member");
  const Value* details = body->Find("details");
  if (!member.empty() && details) event.Append(member, *details);
  return Value(std::move(event));
}

std::string TokenOf(std::string_view place) { return Base64Encode(place); }
Result<std::string> PlaceOf(const std::optional<std::string>& token) {
  if (!token) return std::string();
  auto place = Base64Decode(*token);
  if (!place || place->empty()) return InvalidPageToken();
  return *std::move(place);
}
Result<std::int64_t> NumberOf(const std::optional<std::string>& token, std::int64_t otherwise) {
  const auto place = PlaceOf(token);
  if (!place) return place.error();
  if (place->empty()) return otherwise;
  std::int64_t number = 0;
  const char* last = place->data() + place->size();
  const auto [end, error] = std::from_chars(place->data(), last, number);
  if (error != std::errc() || end != last || number < 0) return InvalidPageToken();
  return number;
}

// Pages of everything of a kind, by the order of creation.
template <typename T, typename Decode>
Result<PageOf<T>> ListAll(const storage::DocumentStore& documents, std::string_view kind,
                          const std::optional<std::string>& token, std::size_t limit,
                          Decode decode) {
  const auto after = NumberOf(token, 0);
  if (!after) return after.error();
  const auto found = documents.List(kind, std::nullopt, *after, limit);
  if (!found) return found.error();
  PageOf<T> page;
  for (const storage::Document& document : found->documents) {
    auto item = decode(document);
    if (!item) return item.error();
    page.items.push_back(*std::move(item));
  }
  if (found->next_after) page.next_token = TokenOf(std::to_string(*found->next_after));
  return page;
}

// "<kind> was changed meanwhile" under the name that clients know.
Error Conflict(const Error& error) {
  if (error.code != ErrorCode::kInUse) return error;
  return Named("ConflictException", ErrorCode::kInUse,
               "The resource was changed by another request at the same time: try again", 400);
}

}  // namespace

// ---- machines ----

Result<void> Store::AddMachine(const MachineRecord& machine, const Revision& revision) const {
  storage::Batch batch;
  batch.Create(std::string(kMachine), machine.arn, "", Encode(machine));
  batch.Create(std::string(kRevision), RevisionId(machine.arn, machine.revision), machine.arn,
               Encode(revision));
  return documents_.Commit(batch);
}

Result<MachineRecord> Store::FindMachine(std::string_view arn) const {
  const auto document = documents_.Get(kMachine, arn);
  if (!document) return document.error();
  if (!*document) return MachineDoesNotExist(arn);
  return DecodeMachine(**document);
}

Result<void> Store::UpdateMachine(const MachineRecord& machine,
                                  const std::optional<Revision>& revision) const {
  storage::Batch batch;
  batch.Update(std::string(kMachine), machine.arn, machine.version, Encode(machine));
  if (revision) {
    batch.Create(std::string(kRevision), RevisionId(machine.arn, machine.revision), machine.arn,
                 Encode(*revision));
  }
  if (const auto done = documents_.Commit(batch); !done) return Conflict(done.error());
  return {};
}

Result<void> Store::DeleteMachine(std::string_view arn) const {
  storage::Batch batch;
  batch.Delete(std::string(kMachine), std::string(arn));
  return documents_.Commit(batch);
}

Result<PageOf<MachineRecord>> Store::ListMachines(const std::optional<std::string>& token,
                                                  std::size_t limit) const {
  return ListAll<MachineRecord>(documents_, kMachine, token, limit, DecodeMachine);
}

Result<Revision> Store::FindRevision(std::string_view machine_arn, std::string_view id) const {
  const auto document = documents_.Get(kRevision, RevisionId(machine_arn, id));
  if (!document) return document.error();
  if (!*document) return MachineDoesNotExist(machine_arn);
  const auto body = ParseBody(**document);
  if (!body) return body.error();
  const Value* logging = body->Find("logging");
  return Revision{.definition = TextOf(*body, "definition"),
                  .role_arn = TextOf(*body, "roleArn"),
                  .logging = logging ? *logging : Value(),
                  .tracing = FlagOf(*body, "tracing"),
                  .made = FromEpochMillis(IntegerOf(*body, "made"))};
}

// ---- activities ----

Result<void> Store::AddActivity(const Activity& activity) const {
  storage::Batch batch;
  batch.Create(std::string(kActivity), activity.arn, "", Encode(activity));
  return documents_.Commit(batch);
}

Result<Activity> Store::FindActivity(std::string_view arn) const {
  const auto document = documents_.Get(kActivity, arn);
  if (!document) return document.error();
  if (!*document) return ActivityDoesNotExist(arn);
  return DecodeActivity(**document);
}

Result<void> Store::UpdateActivity(const Activity& activity) const {
  storage::Batch batch;
  batch.Update(std::string(kActivity), activity.arn, activity.version, Encode(activity));
  if (const auto done = documents_.Commit(batch); !done) return Conflict(done.error());
  return {};
}

Result<void> Store::DeleteActivity(std::string_view arn) const {
  storage::Batch batch;
  batch.Delete(std::string(kActivity), std::string(arn));
  return documents_.Commit(batch);
}

Result<PageOf<Activity>> Store::ListActivities(const std::optional<std::string>& token,
                                               std::size_t limit) const {
  return ListAll<Activity>(documents_, kActivity, token, limit, DecodeActivity);
}

void Store::AddActivityTask(storage::Batch& batch, std::string_view activity_arn,
                            std::string_view token, std::string_view input) {
  ValueMap body;
  body.Append("token", token);
  body.Append("input", input);
  batch.Create(std::string(kActivityTask), NewUuid(), std::string(activity_arn), json::Write(body));
}

Result<std::optional<Store::ActivityTask>> Store::NextActivityTask(
    std::string_view activity_arn) const {
  const auto page = documents_.List(kActivityTask, activity_arn, 0, 1);
  if (!page) return page.error();
  if (page->documents.empty()) return std::optional<ActivityTask>();
  const storage::Document& document = page->documents.front();
  const auto body = ParseBody(document);
  if (!body) return body.error();
  return std::optional(ActivityTask{
      .id = document.id, .token = TextOf(*body, "token"), .input = TextOf(*body, "input")});
}

// Fails the batch when another worker has taken it.
void Store::AddTakeActivityTask(storage::Batch& batch, const ActivityTask& task) {
  batch.Delete(std::string(kActivityTask), task.id, 1);
}

// ---- executions ----

Result<StoredExecution> Store::FindExecution(std::string_view arn) const {
  const auto document = documents_.Get(kExecution, arn);
  if (!document) return document.error();
  if (!*document) return ExecutionDoesNotExist(arn);
  auto execution = DecodeExecution(arn, (*document)->body);
  if (!execution) return execution.error();
  return StoredExecution{*std::move(execution), (*document)->version};
}

Result<std::optional<StoredProgress>> Store::FindProgress(std::string_view arn) const {
  const auto document = documents_.Get(kProgress, arn);
  if (!document) return document.error();
  if (!*document) return std::optional<StoredProgress>();
  auto progress = DecodeProgress((*document)->body);
  if (!progress) return progress.error();
  return std::optional(StoredProgress{*std::move(progress), (*document)->version});
}

Result<PageOf<Execution>> Store::ListExecutions(std::string_view machine_arn,
                                                std::optional<std::string_view> status,
                                                const std::optional<std::string>& token,
                                                std::size_t limit) const {
  const auto place = PlaceOf(token);
  if (!place) return place.error();
  const std::string prefix = std::string(machine_arn) + "\n";
  if (!place->empty() && !place->starts_with(prefix)) return InvalidPageToken();
  PageOf<Execution> page;
  std::string from = *place;
  while (true) {
    const auto listed = documents_.ListById(kListed, prefix, from, kScanPage);
    if (!listed) return listed.error();
    for (const storage::Document& document : *listed) {
      if (page.items.size() == limit) {
        page.next_token = TokenOf(document.id);
        return page;
      }
      auto found = FindExecution(document.body);
      if (!found) return found.error();
      if (!status || NameOf(found->execution.status) == *status) {
        page.items.push_back(std::move(found->execution));
      }
      from = document.id + '\0';
    }
    if (listed->size() < kScanPage) return page;
  }
}

Result<bool> Store::RemoveSome(std::string_view execution_arn) const {
  const auto events =
      documents_.ListById(kEvent, std::string(execution_arn) + "\n", "", kRemovedAtOnce);
  if (!events) return events.error();
  storage::Batch batch;
  for (const storage::Document& event : *events) batch.Delete(std::string(kEvent), event.id);
  if (events->empty()) {
    const auto execution = FindExecution(execution_arn);
    if (!execution && execution.error().code == ErrorCode::kNotFound) return false;
    if (!execution) return execution.error();
    batch.Delete(std::string(kListed), ListedId(execution->execution));
    batch.Delete(std::string(kExecution), std::string(execution_arn));
  }
  if (const auto done = documents_.Commit(batch); !done) return done.error();
  return !events->empty();
}

Result<std::optional<Value>> Store::FindEvent(std::string_view execution_arn,
                                              std::int64_t id) const {
  const auto found = documents_.Get(kEvent, EventId(execution_arn, id));
  if (!found) return found.error();
  if (!*found) return std::optional<Value>();
  auto event = EventOf(**found);
  if (!event) return event.error();
  return std::optional<Value>(*std::move(event));
}

Result<PageOf<Value>> Store::ListEvents(std::string_view execution_arn, bool newest_first,
                                        const std::optional<std::string>& token,
                                        std::size_t limit) const {
  std::int64_t first = 1;
  auto count = static_cast<std::int64_t>(limit);
  if (newest_first) {
    // Ids have no gaps, so that the last page begins where it must.
    const auto last = NumberOf(token, kMaxHistoryEvents * 2);
    if (!last) return last.error();
    std::int64_t high = *last;
    if (!token) {
      std::int64_t low = 0;  // the greatest id that exists, by halving
      while (low < high) {
        const std::int64_t middle = low + (high - low + 1) / 2;
        const auto there = documents_.Get(kEvent, EventId(execution_arn, middle));
        if (!there) return there.error();
        if (*there) {
          low = middle;
        } else {
          high = middle - 1;
        }
      }
    }
    first = std::max<std::int64_t>(1, high - count + 1);
    count = high - first + 1;
  } else {
    const auto from = NumberOf(token, 1);
    if (!from) return from.error();
    first = *from;
  }
  PageOf<Value> page;
  if (count <= 0) return page;
  const auto found =
      documents_.ListById(kEvent, std::string(execution_arn) + "\n", EventId(execution_arn, first),
                          static_cast<std::size_t>(count) + (newest_first ? 0 : 1));
  if (!found) return found.error();
  for (const storage::Document& document : *found) {
    if (page.items.size() == limit) {
      page.next_token = TokenOf(std::to_string(first + count));
      break;
    }
    auto event = EventOf(document);
    if (!event) return event.error();
    page.items.push_back(*std::move(event));
  }
  if (newest_first) {
    std::ranges::reverse(page.items);
    if (first > 1) page.next_token = TokenOf(std::to_string(first - 1));
  }
  return page;
}

void Store::AddCreate(storage::Batch& batch, const Execution& execution, const Progress& progress) {
  batch.Create(std::string(kExecution), execution.arn, "", Encode(execution));
  batch.Create(std::string(kProgress), execution.arn, "", Encode(progress));
  if (!execution.express) {
    batch.Create(std::string(kListed), ListedId(execution), "", execution.arn);
  }
}

void Store::AddEnd(storage::Batch& batch, const StoredExecution& stored,
                   std::int64_t progress_version) {
  const Execution& execution = stored.execution;
  batch.Delete(std::string(kProgress), execution.arn, progress_version);
  if (execution.express) {
    batch.Delete(std::string(kExecution), execution.arn);
  } else {
    batch.Update(std::string(kExecution), execution.arn, stored.version, Encode(execution));
  }
}

void Store::AddProgress(storage::Batch& batch, std::string_view arn,
                        const StoredProgress& progress) {
  batch.Update(std::string(kProgress), std::string(arn), progress.version,
               Encode(progress.progress));
}

void Store::AddEvents(storage::Batch& batch, std::string_view arn,
                      const std::vector<HistoryEvent>& events) {
  for (const HistoryEvent& event : events) {
    ValueMap body;
    body.Append("id", event.id);
    body.Append("previous", event.previous);
    body.Append("time", EpochMillis(event.time));
    body.Append("type", event.type);
    body.Append("member", event.details_member);
    body.Append("details", event.details);
    batch.Create(std::string(kEvent), EventId(arn, event.id), "", json::Write(body));
  }
}

}  // namespace usher::states
