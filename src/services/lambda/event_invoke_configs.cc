// Operations Put-, Update-, Get-, List- and DeleteFunctionEventInvokeConfig(s): how asynchronous
// invocations are retried and where their results go. Errors: invalid input, not found.
#include "json/json.h"
#include "services/lambda/destinations.h"
#include "services/lambda/operations.h"
#include "services/lambda/pages.h"

namespace usher::lambda {
namespace {

struct Place {
  std::string name;
  std::string qualifier;  // $LATEST when none was given
  std::string id;
  std::string arn;
};

Result<Place> PlaceOf(const std::string& text, const std::optional<std::string>& qualifier,
                      const Service& service, const wire::CallContext& context) {
  const auto name = ParseFunctionName(text, qualifier);
  if (!name) return name.error();
  if (const auto version = service.catalog.VersionOf(context.region, *name, 1); !version) {
    return version.error();
  }
  if (const auto function = service.catalog.FindFunction(context.region, name->name); !function) {
    return function.error();
  }
  Place place{.name = name->name, .qualifier = name->qualifier};
  if (place.qualifier.empty()) place.qualifier = kLatest;
  place.id = IdOf(place.name, place.qualifier);
  place.arn = FunctionArn(context.region, place.name, place.qualifier);
  return place;
}

Error NoConfig(const Place& place) {
  return NotFound("The function " + place.arn + " doesn't have an EventInvokeConfig");
}

Result<void> CheckDestinations(const std::optional<api::DestinationConfig>& config) {
  if (!config) return {};
  for (const auto& destination :
       {config->on_success ? config->on_success->destination : std::nullopt,
        config->on_failure ? config->on_failure->destination : std::nullopt}) {
    if (!destination || destination->empty()) continue;
    if (!IsDestination(*destination)) {
      return InvalidInput("The destination ARN " + *destination +
                          " is invalid: topics (sns), queues (sqs) and functions (lambda) are "
                          "accepted");
    }
  }
  return {};
}

Result<api::FunctionEventInvokeConfig> Store(const Place& place,
                                             api::FunctionEventInvokeConfig config,
                                             Service& service) {
  if (const auto checked = CheckDestinations(config.destination_config); !checked) {
    return checked.error();
  }
  config.last_modified = service.clock.Now();
  config.function_arn = place.arn;
  if (!config.destination_config) config.destination_config.emplace();
  if (!config.destination_config->on_success) config.destination_config->on_success.emplace();
  if (!config.destination_config->on_failure) config.destination_config->on_failure.emplace();
  storage::Batch batch;
  batch.Require(std::string(kFunctionKind), place.name);
  batch.Put(std::string(kEventConfigKind), place.id, place.name, json::Write(config.ToValue()));
  if (const auto committed = service.store.Commit(batch); !committed) return committed.error();
  service.catalog.Changed(place.name);
  return config;
}

}  // namespace

Result<api::FunctionEventInvokeConfig> PutFunctionEventInvokeConfig(
    const api::PutFunctionEventInvokeConfigRequest& request, Service& service,
    wire::CallContext& context) {
  const auto place = PlaceOf(request.function_name, request.qualifier, service, context);
  if (!place) return place.error();
  if (!request.maximum_retry_attempts && !request.maximum_event_age_in_seconds &&
      !request.destination_config) {
    return InvalidInput("You must specify at least one of error handling or destination setting.");
  }
  return Store(*place,
               {.maximum_retry_attempts = request.maximum_retry_attempts,
                .maximum_event_age_in_seconds = request.maximum_event_age_in_seconds,
                .destination_config = request.destination_config},
               service);
}

Result<api::FunctionEventInvokeConfig> UpdateFunctionEventInvokeConfig(
    const api::UpdateFunctionEventInvokeConfigRequest& request, Service& service,
    wire::CallContext& context) {
  const auto place = PlaceOf(request.function_name, request.qualifier, service, context);
  if (!place) return place.error();
  auto config = service.catalog.FindEventConfig(place->name, place->qualifier);
  if (!config) return config.error();
  if (!*config) return NoConfig(*place);
  api::FunctionEventInvokeConfig changed = **config;
  if (request.maximum_retry_attempts) {
    changed.maximum_retry_attempts = request.maximum_retry_attempts;
  }
  if (request.maximum_event_age_in_seconds) {
    changed.maximum_event_age_in_seconds = request.maximum_event_age_in_seconds;
  }
  if (request.destination_config) {
    api::DestinationConfig& destinations = changed.destination_config
                                               ? *changed.destination_config
                                               : changed.destination_config.emplace();
    if (request.destination_config->on_success) {
      destinations.on_success = request.destination_config->on_success;
    }
    if (request.destination_config->on_failure) {
      destinations.on_failure = request.destination_config->on_failure;
    }
  }
  return Store(*place, std::move(changed), service);
}

Result<api::FunctionEventInvokeConfig> GetFunctionEventInvokeConfig(
    const api::GetFunctionEventInvokeConfigRequest& request, Service& service,
    wire::CallContext& context) {
  const auto place = PlaceOf(request.function_name, request.qualifier, service, context);
  if (!place) return place.error();
  auto config = service.catalog.FindEventConfig(place->name, place->qualifier);
  if (!config) return config.error();
  if (!*config) return NoConfig(*place);
  return **std::move(config);
}

Result<api::ListFunctionEventInvokeConfigsResponse> ListFunctionEventInvokeConfigs(
    const api::ListFunctionEventInvokeConfigsRequest& request, Service& service,
    wire::CallContext& context) {
  const auto name = ParseFunctionName(request.function_name, std::nullopt);
  if (!name) return name.error();
  if (const auto found = service.catalog.FindFunction(context.region, name->name); !found) {
    return found.error();
  }
  const auto page = ListPage(service.store, kEventConfigKind, name->name + ":", request.marker,
                             request.max_items);
  if (!page) return page.error();
  api::ListFunctionEventInvokeConfigsResponse answer;
  answer.function_event_invoke_configs.emplace();
  for (const storage::Document& document : page->documents) {
    const auto body = json::Parse(document.body);
    if (!body) return Corrupt("an event invoke configuration is damaged");
    answer.function_event_invoke_configs->push_back(
        api::FunctionEventInvokeConfig::FromValue(*body));
  }
  answer.next_marker = page->next_marker;
  return answer;
}

Result<api::DeleteFunctionEventInvokeConfigResponse> DeleteFunctionEventInvokeConfig(
    const api::DeleteFunctionEventInvokeConfigRequest& request, Service& service,
    wire::CallContext& context) {
  const auto place = PlaceOf(request.function_name, request.qualifier, service, context);
  if (!place) return place.error();
  const auto config = service.catalog.FindEventConfig(place->name, place->qualifier);
  if (!config) return config.error();
  if (!*config) return NoConfig(*place);
  storage::Batch batch;
  batch.Delete(std::string(kEventConfigKind), place->id);
  if (const auto committed = service.store.Commit(batch); !committed) return committed.error();
  service.catalog.Changed(place->name);
  return api::DeleteFunctionEventInvokeConfigResponse{};
}

}  // namespace usher::lambda
