#include "server/console_operations.h"

#include "services/personalize/insight.h"

namespace usher::server {
namespace {

const std::string* Text(const Value& request, std::string_view name) {
  const Value* value = request.Find(name);
  return value ? value->as_string() : nullptr;
}

Result<Value> Titles(const Value& request, functions::MovieCatalogues& catalogues,
                     const wire::Dispatcher& dispatcher, wire::CallContext& context) {
  const std::string* bucket = Text(request, "bucket");
  const std::string* key = Text(request, "key");
  const Value* given = request.Find("itemIds");
  const ValueList* ids = given ? given->as_list() : nullptr;
  if (!bucket || !key || !ids || ids->size() > kMaxTitles) {
    return InvalidInput("bucket, key and a list of at most " + std::to_string(kMaxTitles) +
                        " itemIds are needed");
  }
  const auto catalogue = catalogues.Get(*bucket, *key, dispatcher, context);
  if (!catalogue) return catalogue.error();
  ValueMap movies;
  for (const Value& id : *ids) {
    if (!id.as_string()) return InvalidInput("itemIds must be texts");
    const functions::Movie* movie = (*catalogue)->Find(*id.as_string());
    if (!movie) continue;
    ValueMap entry;
    entry.Append("title", movie->title);
    entry.Append("genres", ValueList(movie->genres.begin(), movie->genres.end()));
    movies.Set(*id.as_string(), std::move(entry));
  }
  ValueMap answer;
  answer.Append("movies", std::move(movies));
  return Value(std::move(answer));
}

}  // namespace

std::map<std::string, console::OwnOperation, std::less<>> ConsoleOperations(
    ServerFacts facts, personalize::Service& personalize, functions::MovieCatalogues& catalogues,
    const wire::Dispatcher& dispatcher) {
  const auto of = [&personalize](Result<Value> (*run)(const Value&, personalize::Service&)) {
    return [&personalize, run](const Value& request, wire::CallContext& /*context*/) {
      return run(request, personalize);
    };
  };
  return {
      {"Server",
       [facts = std::move(facts)](const Value& /*request*/,
                                  wire::CallContext& /*context*/) -> Result<Value> {
         ValueMap answer;
         answer.Append("version", facts.version);
         answer.Append("endpoint", facts.endpoint);
         answer.Append("started", facts.started);
         return Value(std::move(answer));
       }},
      {"Titles",
       [&](const Value& request, wire::CallContext& context) {
         return Titles(request, catalogues, dispatcher, context);
       }},
      {"Campaign", of(personalize::DescribeModel)},
      {"History", of(personalize::UserHistory)},
      {"Explain", of(personalize::ExplainRecommendation)},
      {"Progress", of(personalize::ProgressOf)},
  };
}

}  // namespace usher::server
