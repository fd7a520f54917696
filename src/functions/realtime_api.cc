#include "functions/realtime_api.h"

#include <charconv>
#include <map>
#include <optional>
#include <variant>

#include "functions/variables.h"
#include "json/json.h"
#include "wire/error_names.h"
#include "wire/personalize_runtime.h"

namespace usher::functions {
namespace {

namespace runtime_api = usher::api::personalize_runtime;

constexpr std::int64_t kDefaultNumResults = 10;
constexpr std::size_t kMaxEventDepth = 32;

using Texts = std::map<std::string, std::string>;

// What an event asks for, from either kind.
struct Asked {
  bool is_proxy = false;
  Texts parameters;  // of the query, or those members of a mapped event that are known here
  Value context;     // as it was given: JSON text or an object; null when it was not
};

Error NotAnEvent(const std::string& why) {
  return InvalidInput("the event is neither API Gateway's nor {\"user_id\": …}: " + why);
}

// Of several values the last one.
void AddQuery(const Value& event, Texts& query) {
  const Value* single = event.Find("queryStringParameters");
  if (const ValueMap* map = single ? single->as_map() : nullptr) {
    for (const auto& [name, value] : *map) {
      if (value.as_string()) query[name] = *value.as_string();
    }
  }
  const Value* multiple = event.Find("multiValueQueryStringParameters");
  if (const ValueMap* map = multiple ? multiple->as_map() : nullptr) {
    for (const auto& [name, values] : *map) {
      const ValueList* list = values.as_list();
      if (list && !list->empty() && list->back().as_string()) {
        query[name] = *list->back().as_string();
      }
    }
  }
}

Result<void> AddContext(const Value& context, Texts& texts) {
  const ValueMap* map = context.as_map();
  if (!map) return InvalidInput("context must be a JSON object like {\"DEVICE\": \"phone\"}");
  for (const auto& [name, value] : *map) {
    if (!value.as_string()) {
      return InvalidInput("the value of " + name + " in context must be a text, got " +
                          json::Write(value));
    }
    texts[name] = *value.as_string();
  }
  return {};
}

Result<void> AddContextText(const std::string& text, Texts& texts) {
  const auto parsed = json::Parse(text, kMaxEventDepth);
  if (!parsed) return InvalidInput("context is not JSON: " + parsed.error().message);
  return AddContext(*parsed, texts);
}

// The parameters of a mapped event: texts as they are, numbers as they are written.
void AddMembers(const ValueMap& event, Texts& members) {
  for (const char* name : {"user_id", "num_results"}) {
    const Value* value = event.Find(name);
    if (!value) continue;
    if (value->as_string()) {
      members[name] = *value->as_string();
    } else if (value->as_int()) {
      members[name] = std::to_string(*value->as_int());
    }
  }
}

Result<Asked> ReadEvent(const std::string& event) {
  const auto parsed = json::Parse(event, kMaxEventDepth);
  if (!parsed) return NotAnEvent(parsed.error().message);
  const ValueMap* map = parsed->as_map();
  if (!map) return NotAnEvent("it is no JSON object");
  Asked asked;
  asked.is_proxy = map->Find("queryStringParameters") != nullptr ||
                   map->Find("multiValueQueryStringParameters") != nullptr ||
                   map->Find("requestContext") != nullptr;
  if (!asked.is_proxy) {
    AddMembers(*map, asked.parameters);
    if (const Value* given = map->Find("context")) asked.context = *given;
    return asked;
  }
  AddQuery(*parsed, asked.parameters);
  if (const auto given = asked.parameters.extract("context")) asked.context = given.mapped();
  return asked;
}

// The situation of the request. Errors: invalid input, which the caller can put right.
Result<Texts> ContextOf(const Asked& asked) {
  Texts context;
  if (asked.is_proxy) {
    context = asked.parameters;
    context.erase("user_id");
    context.erase("num_results");
  }
  if (asked.context.is_null()) return context;
  const auto added = asked.context.as_string() ? AddContextText(*asked.context.as_string(), context)
                                               : AddContext(asked.context, context);
  if (!added) return added.error();
  return context;
}

Result<std::int64_t> NumResults(const Asked& asked, FunctionContext& context) {
  const auto given = asked.parameters.find("num_results");
  if (given == asked.parameters.end()) {
    const auto count = Count(context, "NUM_RESULTS");
    if (!count) return count.error();
    return count->value_or(kDefaultNumResults);
  }
  const std::string& text = given->second;
  std::int64_t count = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (bad != std::errc() || end != text.data() + text.size() || count < 1) {
    return InvalidInput("num_results must be a number that is at least 1, got \"" + text + "\"");
  }
  return count;
}

Value Shown(const runtime_api::PredictedItem& item, const MovieCatalogue& catalogue) {
  const std::string id = item.item_id.value_or("");
  const Movie* movie = catalogue.Find(id);
  ValueMap shown;
  shown.Append("itemId", id);
  shown.Append("title", movie ? movie->title : id);
  ValueList genres;
  if (movie) genres.assign(movie->genres.begin(), movie->genres.end());
  shown.Append("genres", std::move(genres));
  if (item.score) shown.Append("score", *item.score);
  return shown;
}

// Whose turn it is to put something right.
struct Failure {
  Error error;
  bool is_callers = false;
};

// The answer, or what went wrong.
std::variant<std::string, Failure> Recommend(const Asked& asked, FunctionContext& context,
                                             MovieCatalogues& catalogues) {
  const auto campaign = Needed(context, "CAMPAIGN_ARN", "the ARN of a campaign");
  if (!campaign) return Failure{campaign.error()};
  const auto bucket = Needed(context, "BUCKET", "the bucket of movies.csv");
  if (!bucket) return Failure{bucket.error()};
  const auto key = Needed(context, "METADATA_KEY", "the key of movies.csv");
  if (!key) return Failure{key.error()};
  const auto count = NumResults(asked, context);
  if (!count) return Failure{count.error(), asked.parameters.contains("num_results")};
  const auto user = asked.parameters.find("user_id");
  if (user == asked.parameters.end() || user->second.empty()) {
    return Failure{
        InvalidInput(asked.is_proxy ? "user_id is missing: ask with ?user_id=… in the query"
                                    : "user_id is missing: the event must be {\"user_id\": …}"),
        true};
  }
  auto situation = ContextOf(asked);
  if (!situation) return Failure{situation.error(), true};

  runtime_api::GetRecommendationsRequest request{
      .campaign_arn = *campaign, .user_id = user->second, .num_results = *count};
  if (!situation->empty()) request.context = *std::move(situation);
  const auto answer =
      context.dispatcher.Call<runtime_api::GetRecommendations>(request, context.call);
  if (!answer) {
    if (answer.error().code == ErrorCode::kInvalidInput) return Failure{answer.error(), true};
    Error error = answer.error();
    error.message =
        "cannot ask the campaign " + *campaign + ", which CAMPAIGN_ARN names: " + error.message;
    return Failure{std::move(error)};
  }
  const auto catalogue = catalogues.Get(*bucket, *key, context.dispatcher, context.call);
  if (!catalogue) return Failure{catalogue.error()};

  ValueList shown;
  if (answer->item_list) {
    for (const auto& item : *answer->item_list) shown.push_back(Shown(item, **catalogue));
  }
  ValueMap body;
  body.Append("userId", user->second);
  if (answer->recommendation_id) body.Append("recommendationId", *answer->recommendation_id);
  body.Append("recommendations", std::move(shown));
  return json::Write(std::move(body));
}

std::string ProxyResponse(int status, std::string body) {
  ValueMap headers;
  headers.Append("Content-Type", "application/json");
  headers.Append("Cache-Control", "no-store");
  ValueMap response;
  response.Append("statusCode", status);
  response.Append("headers", std::move(headers));
  response.Append("body", std::move(body));
  response.Append("isBase64Encoded", false);
  return json::Write(std::move(response));
}

// An error of a service is the function's, under the name that clients know.
Error WithPublicName(Error error) {
  if (wire::IsInternal(error) || !error.wire_name.empty()) return error;
  const auto& operation = runtime_api::GetRecommendations::operation();
  error.wire_name = wire::NameError(*operation.service, &operation, error).name;
  return error;
}

}  // namespace

Result<std::string> RealtimeApi(const std::string& event, FunctionContext& context,
                                MovieCatalogues& catalogues) {
  const auto asked = ReadEvent(event);
  if (!asked) return asked.error();
  auto outcome = Recommend(*asked, context, catalogues);
  if (auto* answer = std::get_if<std::string>(&outcome)) {
    return asked->is_proxy ? ProxyResponse(200, *std::move(answer)) : *std::move(answer);
  }
  auto& [error, is_callers] = std::get<Failure>(outcome);
  if (!asked->is_proxy || !is_callers) return WithPublicName(std::move(error));
  context.log("refused with 400: " + error.message);
  ValueMap body;
  body.Append("message", error.message);
  return ProxyResponse(400, json::Write(std::move(body)));
}

}  // namespace usher::functions
