#include "services/personalize/live_interactions.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <mutex>
#include <utility>

#include "engine/row_file.h"
#include "engine/row_hash.h"
#include "json/json.h"
#include "services/personalize/schema_columns.h"
#include "wire/convert.h"

namespace usher::personalize {
namespace {

constexpr double kNoValue = std::numeric_limits<double>::quiet_NaN();

void AppendText(std::string& out, std::string_view name, std::string_view text) {
  out += out.size() > 1 ? ",\"" : "\"";
  out.append(name).append("\":");
  json::AppendString(out, text);
}

void AppendMember(std::string& out, std::string_view name, const Value& value) {
  out += out.size() > 1 ? ",\"" : "\"";
  out.append(name).append("\":");
  json::Append(out, value);
}

// A row of the log; docs/formats.md names the members.
std::string RowOf(std::string_view user_id, std::string_view session_id, const LiveEvent& event) {
  std::string row = "{";
  if (!user_id.empty()) AppendText(row, "u", user_id);
  AppendText(row, "s", session_id);
  AppendText(row, "i", event.item_id);
  AppendText(row, "t", event.type);
  AppendMember(row, "at", Value(event.sent_at_ms));
  if (event.value) AppendMember(row, "v", Value(*event.value));
  if (event.event_id) AppendText(row, "e", *event.event_id);
  if (event.recommendation_id) AppendText(row, "r", *event.recommendation_id);
  if (!event.impression.empty()) AppendMember(row, "m", wire::Write(event.impression));
  if (event.attribution) AppendText(row, "a", *event.attribution);
  if (!event.columns.empty()) AppendMember(row, "c", Value(event.columns));
  row += '}';
  return row;
}

struct ReadRow {
  std::string user;
  std::string session;
  LiveEvent event;
};

ReadRow ReadRowOf(const Value& value) {
  ReadRow row;
  wire::ReadMember(value, "u", row.user);
  wire::ReadMember(value, "s", row.session);
  wire::ReadMember(value, "i", row.event.item_id);
  wire::ReadMember(value, "t", row.event.type);
  wire::ReadMember(value, "at", row.event.sent_at_ms);
  wire::ReadMember(value, "v", row.event.value);
  wire::ReadMember(value, "e", row.event.event_id);
  wire::ReadMember(value, "r", row.event.recommendation_id);
  wire::ReadMember(value, "m", row.event.impression);
  wire::ReadMember(value, "a", row.event.attribution);
  const Value* columns = value.Find("c");
  if (columns && columns->as_map()) row.event.columns = *columns->as_map();
  return row;
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string joined;
  for (const std::string& part : parts) joined += (joined.empty() ? "" : "|") + part;
  return joined;
}

std::int64_t SecondsOf(std::int64_t ms) { return ms / 1000; }

// The value of one of the schema's columns.
Value CellOf(const SchemaField& field, const std::string& user_id, const LiveEvent& event) {
  const auto text = [](const std::optional<std::string>& value) {
    return value ? Value(*value) : Value();
  };
  if (field.name == "USER_ID") return Value(user_id);
  if (field.name == "ITEM_ID") return Value(event.item_id);
  if (field.name == "TIMESTAMP") return Value(SecondsOf(event.sent_at_ms));
  if (field.name == "EVENT_TYPE") return Value(event.type);
  if (field.name == "EVENT_VALUE") return event.value ? Value(*event.value) : Value();
  if (field.name == "RECOMMENDATION_ID") return text(event.recommendation_id);
  if (field.name == "EVENT_ATTRIBUTION_SOURCE") return text(event.attribution);
  if (field.name == "IMPRESSION") {
    return event.impression.empty() ? Value() : Value(Joined(event.impression));
  }
  const Value* value = event.columns.Find(field.name);
  return value ? *value : Value();
}

// 128 bits of a text, two different ones of 64.
engine::RowHash HashOf(std::string_view text) {
  std::uint64_t low = 0xcbf29ce484222325;
  std::uint64_t high = 0x9e3779b97f4a7c15;
  for (const char c : text) {
    low = (low ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    high = (high + static_cast<unsigned char>(c)) * 0xff51afd7ed558ccd;
    high ^= high >> 32;
  }
  return {low, high};
}

}  // namespace

Result<std::unique_ptr<LiveInteractions>> LiveInteractions::Open(std::string folder) {
  std::unique_ptr<LiveInteractions> live(new LiveInteractions(std::move(folder)));
  std::error_code error;
  if (!std::filesystem::exists(live->folder_, error)) return live;
  const auto log = live->OpenLog();
  if (!log) return log.error();
  const auto read = (*log)->ForEach([&](const Value& value) -> Result<void> {
    const ReadRow row = ReadRowOf(value);
    live->Take(row.user, row.session, row.event.item_id, row.event.type, row.event.sent_at_ms,
               row.event.value);
    return {};
  });
  if (!read) return read.error();
  return live;
}

Result<RowLog*> LiveInteractions::OpenLog() {
  const std::lock_guard lock(log_mutex_);
  if (!log_) {
    auto log = RowLog::Open(folder_);
    if (!log) return log.error();
    log_ = *std::move(log);
  }
  return log_.get();
}

bool LiveInteractions::empty() const {
  const std::lock_guard lock(log_mutex_);
  return !log_;
}

Result<void> LiveInteractions::Put(std::int64_t now_ms, std::string_view user_id,
                                   std::string_view session_id, std::span<const LiveEvent> events) {
  {
    const std::shared_lock lock(mutex_);
    if (pair_count_ >= kMaxLivePairs) {
      return LimitExceeded("more than " + std::to_string(kMaxLivePairs) +
                           " pairs of user and item are known from events; no more are taken. "
                           "Export what is needed and create the dataset anew");
    }
  }
  const auto log = OpenLog();
  if (!log) return log.error();
  std::vector<std::string> rows;
  rows.reserve(events.size());
  for (const LiveEvent& event : events) rows.push_back(RowOf(user_id, session_id, event));
  if (auto written = (*log)->Append(now_ms, rows); !written) return written;
  const std::unique_lock lock(mutex_);
  for (const LiveEvent& event : events) {
    Take(user_id, session_id, event.item_id, event.type, event.sent_at_ms, event.value);
  }
  return {};
}

void LiveInteractions::Take(std::string_view user_id, std::string_view session_id,
                            std::string_view item_id, std::string_view type,
                            std::int64_t sent_at_ms, std::optional<double> value) {
  const Pair pair{.item = items_.CodeOf(item_id),
                  .type = types_.CodeOf(type),
                  .first = SecondsOf(sent_at_ms),
                  .value = value.value_or(kNoValue)};
  Session& session = SessionOf(session_id);
  if (!user_id.empty()) {
    Join(user_id, session);
    AddPair(users_[std::string(user_id)], pair);
  } else {
    AddPair(session.events, pair);
    if (!session.user.empty()) AddPair(users_[session.user], pair);
  }
}

// The user's, from now on; what nobody had done so far becomes the user's.
void LiveInteractions::Join(std::string_view user_id, Session& session) {
  if (session.user == user_id) return;
  if (session.user.empty()) {
    std::vector<Pair>& pairs = users_[std::string(user_id)];
    for (const Pair& pair : session.events) AddPair(pairs, pair);
  }
  session.user = user_id;
}

LiveInteractions::Session& LiveInteractions::SessionOf(std::string_view session_id) {
  const auto found = sessions_.find(session_id);
  if (found != sessions_.end()) return found->second;
  if (session_order_.size() >= kMaxSessions) {
    const auto oldest = sessions_.find(session_order_.front());
    pair_count_ -= oldest->second.events.size();
    sessions_.erase(oldest);
    session_order_.pop_front();
  }
  session_order_.emplace_back(session_id);
  return sessions_[std::string(session_id)];
}

void LiveInteractions::AddPair(std::vector<Pair>& pairs, const Pair& pair) {
  const auto same = std::ranges::find_if(
      pairs, [&](const Pair& other) { return other.item == pair.item && other.type == pair.type; });
  if (same != pairs.end()) {
    same->first = std::min(same->first, pair.first);
    same->value = std::fmax(same->value, pair.value);  // a number wins over NaN
    return;
  }
  if (pairs.size() >= kMaxPairsOfUser) {
    pairs.erase(pairs.begin());
    --pair_count_;
  }
  pairs.push_back(pair);
  ++pair_count_;
}

void LiveInteractions::ForEachOf(std::string_view user_id,
                                 const std::function<void(const LivePair&)>& visit) const {
  const std::shared_lock lock(mutex_);
  const std::vector<Pair>* pairs = nullptr;
  if (const auto user = users_.find(user_id); user != users_.end()) {
    pairs = &user->second;
  } else if (const auto session = sessions_.find(user_id); session != sessions_.end()) {
    pairs = &session->second.events;
  }
  if (pairs == nullptr) return;
  for (const Pair& pair : *pairs) {
    visit({.item_id = items_.strings()[pair.item],
           .type = types_.strings()[pair.type],
           .first = pair.first,
           .value = pair.value});
  }
}

Result<std::uint64_t> LiveInteractions::WriteRows(const AvroSchema& schema,
                                                  const std::string& path) const {
  auto file = engine::RowFile::Create(path, ColumnsOf(schema));
  if (!file) return file.error();
  const RowLog* log = nullptr;
  {
    const std::lock_guard lock(log_mutex_);
    log = log_.get();
  }
  if (log == nullptr) return (*file)->Finish();

  ByName<std::string> first_user;  // who appeared first in each session
  auto read = log->ForEach([&](const Value& value) -> Result<void> {
    ReadRow row = ReadRowOf(value);
    if (!row.user.empty()) first_user.try_emplace(std::move(row.session), std::move(row.user));
    return {};
  });
  if (!read) return read.error();

  ByName<std::string> latest_user;
  engine::RowHashSet seen;
  std::vector<Value> cells;
  read = log->ForEach([&](const Value& value) -> Result<void> {
    ReadRow row = ReadRowOf(value);
    if (row.event.event_id && !seen.MarkFirst(HashOf("e" + *row.event.event_id))) return {};
    if (!row.user.empty()) {
      latest_user[row.session] = row.user;
    } else if (const auto latest = latest_user.find(row.session); latest != latest_user.end()) {
      row.user = latest->second;
    } else {
      const auto first = first_user.find(row.session);
      // One who came into the session since then, in the second reading, does not matter.
      row.user = first != first_user.end() ? first->second : row.session;
    }
    cells.clear();
    for (const SchemaField& field : schema.fields) {
      cells.push_back(CellOf(field, row.user, row.event));
    }
    if (!seen.MarkFirst(HashOf("r" + json::Write(ValueList(cells))))) return {};
    return (*file)->Add(cells);
  });
  if (!read) return read.error();
  return (*file)->Finish();
}

}  // namespace usher::personalize
