#include "engine/batch_line.h"

#include <charconv>
#include <utility>

#include "base/result.h"
#include "base/text.h"
#include "base/value.h"
#include "engine/recommend.h"
#include "json/json.h"

namespace usher::engine {
namespace {

constexpr std::size_t kEchoBytes = 1024;  // of a line that is no JSON
constexpr int kScoreDecimals = 7;

// A line that is no JSON, as a JSON text of bounded length.
std::string EchoText(std::string_view line) {
  std::string echo;
  json::AppendString(echo, IsUtf8(line) ? line.substr(0, kEchoBytes) : "");
  return IsUtf8(echo) ? echo : "\"\"";
}

Result<std::vector<std::string>> ListMember(const Value& query) {
  const Value* member = query.Find("itemList");
  if (member == nullptr) return InvalidInput("the line has no 'itemList'");
  const ValueList* values = member->as_list();
  if (values == nullptr) return InvalidInput("'itemList' must be a list of strings");
  if (values->empty() || values->size() > kMaxRankingList) {
    return InvalidInput("'itemList' must have 1 to " + std::to_string(kMaxRankingList) +
                        " items, has " + std::to_string(values->size()));
  }
  std::vector<std::string> list;
  for (const Value& value : *values) {
    if (value.as_string() == nullptr) return InvalidInput("'itemList' must be a list of strings");
    list.push_back(*value.as_string());
  }
  return list;
}

void AppendScore(std::string& out, float score) {
  char text[64];
  const auto [end, error] =
      std::to_chars(text, text + sizeof(text), score, std::chars_format::fixed, kScoreDecimals);
  out.append(text, error == std::errc() ? end : text);
}

// Members of a JSON list, with commas between them.
class ListWriter {
 public:
  explicit ListWriter(std::string& out) : out_(out) {}
  void AddText(std::string_view text) {
    Separate();
    json::AppendString(out_, text);
  }
  void AddScore(float score) {
    Separate();
    AppendScore(out_, score);
  }

 private:
  void Separate() {
    if (!first_) out_ += ',';
    first_ = false;
  }

  std::string& out_;
  bool first_ = true;
};

}  // namespace

Result<std::string> IdMember(const Value& query, std::string_view name) {
  const Value* member = query.Find(name);
  const std::string quoted = "'" + std::string(name) + "'";
  if (member == nullptr) return InvalidInput("the line has no " + quoted);
  if (member->as_string() == nullptr) return InvalidInput(quoted + " must be a string");
  if (member->as_string()->size() > kMaxIdBytes) {
    return InvalidInput(quoted + " is longer than " + std::to_string(kMaxIdBytes) + " bytes");
  }
  return *member->as_string();
}

Result<FilterValues> FilterValuesMember(const Value& query) {
  FilterValues values;
  const Value* member = query.Find("filterValues");
  if (member == nullptr) return values;
  const Error wrong = InvalidInput("'filterValues' must be a map of strings");
  if (member->as_map() == nullptr) return wrong;
  for (const auto& [name, value] : *member->as_map()) {
    if (value.as_string() == nullptr) return wrong;
    values.emplace(name, *value.as_string());
  }
  return values;
}

Result<Value> ParseBatchObject(std::string_view line, std::string& echo) {
  if (line.size() > kMaxBatchLineBytes) {
    echo = EchoText(line);
    return InvalidInput("the line is longer than " + std::to_string(kMaxBatchLineBytes) + " bytes");
  }
  auto parsed = json::Parse(line);
  if (!parsed) {
    echo = EchoText(line);
    return InvalidInput("the line is no JSON: " + parsed.error().message);
  }
  echo = json::Write(*parsed);
  if (parsed->as_map() == nullptr) return InvalidInput("the line must be a JSON object");
  return parsed;
}

BatchLine ParseBatchLine(std::string_view line, RecipeKind kind) {
  BatchLine request;
  const auto parsed = ParseBatchObject(line, request.echo);
  if (!parsed) {
    request.error = parsed.error().message;
    return request;
  }
  auto user_id = IdMember(*parsed, "userId");
  if (!user_id) {
    request.error = user_id.error().message;
    return request;
  }
  request.user_id = *std::move(user_id);
  auto values = FilterValuesMember(*parsed);
  if (!values) {
    request.error = values.error().message;
    return request;
  }
  request.filter_values = *std::move(values);
  if (kind != RecipeKind::kPersonalizedRanking) return request;
  auto list = ListMember(*parsed);
  if (!list) {
    request.error = list.error().message;
  } else {
    request.list = *std::move(list);
  }
  return request;
}

BatchLine BatchLineOf(std::string user_id) {
  BatchLine line;
  line.echo = "{\"userId\":";
  json::AppendString(line.echo, user_id);
  line.echo += '}';
  line.user_id = std::move(user_id);
  return line;
}

void FindKnown(const recsys::Model& model, std::span<const std::string> list,
               std::vector<std::uint32_t>& known, std::vector<std::uint32_t>& known_at) {
  for (std::uint32_t at = 0; at < list.size(); ++at) {
    const auto item = model.items().Find(list[at]);
    if (!item) continue;
    known.push_back(*item);
    known_at.push_back(at);
  }
}

std::vector<std::string_view> UnknownOf(std::span<const std::string> list,
                                        std::span<const std::uint32_t> known_at) {
  std::vector<std::string_view> unknown;
  std::size_t next = 0;
  for (std::uint32_t at = 0; at < list.size(); ++at) {
    if (next < known_at.size() && known_at[next] == at) {
      ++next;
    } else {
      unknown.push_back(list[at]);
    }
  }
  return unknown;
}

void AppendAnswer(const recsys::Model& model, const BatchLine& line,
                  const std::vector<recsys::ScoredItem>& answer, std::string& out) {
  out += "{\"input\":";
  out += line.echo;
  if (!line.error.empty()) {
    out += ",\"output\":null,\"error\":";
    json::AppendString(out, line.error);
    out += "}\n";
    return;
  }
  const std::vector<std::string_view> unknown = UnknownOf(line.list, line.known_at);
  out += ",\"output\":{\"recommendedItems\":[";
  ListWriter items(out);
  for (const recsys::ScoredItem& entry : answer) items.AddText(model.items()[entry.item]);
  for (const std::string_view id : unknown) items.AddText(id);
  out += ']';
  if (model.has_scores()) {
    out += ",\"scores\":[";
    ListWriter scores(out);
    for (const recsys::ScoredItem& entry : answer) scores.AddScore(entry.score);
    for (std::size_t j = 0; j < unknown.size(); ++j) scores.AddScore(0.0F);
    out += ']';
  }
  out += "},\"error\":null}\n";
}

}  // namespace usher::engine
