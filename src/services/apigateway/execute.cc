#include "services/apigateway/execute.h"

#include <algorithm>

#include "json/json.h"
#include "services/apigateway/integration_request.h"
#include "services/apigateway/integration_response.h"
#include "services/apigateway/proxy_event.h"
#include "services/apigateway/reasons.h"
#include "services/apigateway/service.h"
#include "services/apigateway/validate_call.h"

namespace usher::apigateway {
namespace {

using Answer = std::variant<Reply, Failure>;

class Execution {
 public:
  Execution(ApiCall& call, Service& service, ExecutionLog& log)
      : call_(call), service_(service), log_(log), method_(*call.method) {}

  Answer Run() {
    TellRequest();
    if (auto failure = ValidateCall(call_)) return *std::move(failure);
    if (!method_.has_integration) {
      return ConfigurationError("the method has no integration",
                                "add one with put-integration, then create-deployment");
    }
    if (!method_.uri_error.empty()) {
      return ConfigurationError(
          "Invalid endpoint address",
          "the integration's URI '" + method_.uri.substr(0, 300) + "': " + method_.uri_error);
    }
    switch (method_.type) {
      case IntegrationType::kAwsProxy:
        return Proxy();
      case IntegrationType::kAws:
        return Function();
      case IntegrationType::kHttp:
      case IntegrationType::kHttpProxy:
        return Endpoint();
      case IntegrationType::kMock:
        break;
    }
    return Mock();
  }

 private:
  void TellRequest() {
    if (!log_.tells_all()) return;
    log_.Tell("Extended Request Id: " + call_.extended_id);
    if (!log_.tells_data()) return;
    log_.TellData("Method request query string", Shown(call_.query));
    log_.TellData("Method request path", Shown(call_.path_parameters));
    log_.TellData("Method request headers", Shown(call_.headers));
    log_.TellData("Method request body before transformations", call_.body);
  }

  void TellEndpointRequest(const std::string& uri, const wire::Headers& headers,
                           std::string_view body) {
    if (!log_.tells_all()) return;
    log_.Tell("Endpoint request URI: " + uri);
    log_.TellData("Endpoint request headers", Shown(headers));
    log_.TellData("Endpoint request body after transformations", body);
    log_.Tell("Sending request to " + uri);
  }

  void TellEndpointAnswer(int status, const wire::Headers& headers, std::string_view body) {
    call_.integration_status = status;
    if (!log_.tells_all()) return;
    log_.Tell("Received response. Status: " + std::to_string(status) +
              ", Integration latency: " + std::to_string(call_.integration_ms) + " ms");
    log_.TellData("Endpoint response headers", Shown(headers));
    log_.TellData("Endpoint response body before transformations", body);
  }

  // Runs `call`, taking its time as the integration's latency.
  template <typename F>
  auto Timed(F call) {
    const auto begin = std::chrono::steady_clock::now();
    auto answer = call();
    call_.integration_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                               std::chrono::steady_clock::now() - begin)
                               .count();
    return answer;
  }

  std::variant<FunctionAnswer, Failure> Invoke(std::string event, bool asynchronous) {
    wire::Headers headers;
    if (log_.tells_data()) {
      headers.Add("x-amzn-lambda-integration-tag", call_.request_id);
      headers.Add("X-Amz-Source-Arn", "arn:aws:execute-api:" + call_.stage->region + ":" +
                                          std::string(wire::kAccountId) + ":" +
                                          call_.stage->api_id + "/" + call_.stage->stage + "/" +
                                          call_.verb + call_.resource_path);
      headers.Add("Accept", "application/json");
      headers.Add("User-Agent", "AmazonAPIGateway_" + call_.stage->api_id);
      headers.Add("Content-Type", "application/json");
    }
    TellEndpointRequest(method_.function->url, headers, event);
    if (method_.integration_verb != "POST") {
      return ConfigurationError(
          "Invalid HTTP method of the Lambda integration: " + method_.integration_verb,
          "functions are invoked by POST whatever the client's method: set the integration's "
          "httpMethod to POST");
    }
    auto answer =
        Timed([&] { return service_.functions.Call(call_, std::move(event), asynchronous); });
    if (const auto* function = std::get_if<FunctionAnswer>(&answer)) {
      wire::Headers of_answer;
      if (log_.tells_data()) {
        of_answer.Add("x-amzn-RequestId", function->request_id);
        of_answer.Add("Content-Type", "application/json");
        if (function->failed) of_answer.Add("X-Amz-Function-Error", "Unhandled");
      }
      TellEndpointAnswer(asynchronous ? 202 : 200, of_answer, function->payload);
    }
    return answer;
  }

  Answer Proxy() {
    auto answer = Invoke(ProxyEvent(call_), false);
    if (auto* failure = std::get_if<Failure>(&answer)) return std::move(*failure);
    const FunctionAnswer& function = std::get<FunctionAnswer>(answer);
    const auto bad = [&](std::string said, std::string reason, std::string error) {
      return Failure{.type = "DEFAULT_5XX",
                     .status = 502,
                     .message = "Internal server error",
                     .log = std::move(said),
                     .reason = std::move(reason),
                     .error = std::move(error)};
    };
    if (function.failed) {
      const std::string error = FunctionErrorOf(function.payload);
      return bad("Lambda execution failed with status 200 due to customer function error: " +
                     error + ". Lambda request id: " + function.request_id,
                 ReasonOfFunctionError(call_, error), error);
    }
    auto reply = ReadProxyAnswer(function.payload, call_);
    if (!reply) {
      return bad("Execution failed due to configuration error: Malformed Lambda proxy response",
                 "the function's answer is no proxy response: " + reply.error().message,
                 "malformed proxy response");
    }
    return *std::move(reply);
  }

  Answer Function() {
    auto body = MapRequestBody(call_);
    if (auto* failure = std::get_if<Failure>(&body)) return std::move(*failure);
    std::string event = std::move(std::get<MappedBody>(body).text);
    const auto invocation = MappedHeader(call_, "X-Amz-Invocation-Type");
    auto answer = Invoke(event.empty() ? "{}" : std::move(event), invocation == "Event");
    if (auto* failure = std::get_if<Failure>(&answer)) return std::move(*failure);
    FunctionAnswer& function = std::get<FunctionAnswer>(answer);
    BackendAnswer backend;
    if (function.failed) {
      // Patterns are matched against the message alone.
      const auto document = json::Parse(function.payload);
      const Value* const message = document ? document->Find("errorMessage") : nullptr;
      backend.selector =
          message != nullptr && message->as_string() ? *message->as_string() : std::string();
      call_.integration_error = FunctionErrorOf(function.payload);
      function_error_ = call_.integration_error;
    }
    backend.body = std::move(function.payload);
    return MapResponse(call_, std::move(backend));
  }

  Answer Endpoint() {
    const bool proxy = method_.type == IntegrationType::kHttpProxy;
    MappedBody body{
        .text = call_.body, .type = MediaType(HeaderOf(call_, "Content-Type")), .overrides = {}};
    if (!proxy) {
      auto mapped = MapRequestBody(call_);
      if (auto* failure = std::get_if<Failure>(&mapped)) return std::move(*failure);
      body = std::move(std::get<MappedBody>(mapped));
    }
    outbound::HttpCall request = EndpointRequest(call_, body);
    wire::Headers sent;
    if (log_.tells_data()) {
      for (const auto& [name, value] : request.headers) sent.Add(name, value);
    }
    TellEndpointRequest(request.url, sent, request.body);
    auto answer = Timed([&] { return CallEndpoint(service_.http, call_, std::move(request)); });
    if (auto* failure = std::get_if<Failure>(&answer)) return std::move(*failure);
    auto& endpoint = std::get<outbound::HttpReply>(answer);
    wire::Headers headers;
    for (auto& [name, value] : endpoint.headers) headers.Add(std::move(name), std::move(value));
    TellEndpointAnswer(endpoint.status, headers, endpoint.body);
    if (proxy) {
      return Reply{.status = endpoint.status,
                   .headers = std::move(headers),
                   .body = std::move(endpoint.body)};
    }
    const std::string* const type = headers.Find("Content-Type");
    BackendAnswer backend{.selector = std::to_string(endpoint.status),
                          .headers = {},
                          .body = std::move(endpoint.body),
                          .type = type != nullptr ? *type : "application/json"};
    backend.headers = std::move(headers);
    return MapResponse(call_, std::move(backend));
  }

  Answer Mock() {
    auto body = MapRequestBody(call_);
    if (auto* failure = std::get_if<Failure>(&body)) return std::move(*failure);
    const std::string& text = std::get<MappedBody>(body).text;
    const auto document = json::Parse(text);
    const Value* const status = document ? document->Find("statusCode") : nullptr;
    if (status == nullptr || !status->as_int()) {
      return ConfigurationError(
          "Unable to parse statusCode. It should be an integer that is defined in the request "
          "template.",
          "a MOCK integration needs a request template such as {\"statusCode\": 200}; this request "
          "made '" +
              text.substr(0, 100) + "'");
    }
    call_.integration_ms = 0;
    call_.integration_status = static_cast<int>(*status->as_int());
    return MapResponse(call_, {.selector = std::to_string(*status->as_int()),
                               .headers = {},
                               .body = {},
                               .type = "application/json"});
  }

 public:
  // What a function said whose error became an ordinary answer.
  std::string function_error_;

 private:
  ApiCall& call_;
  Service& service_;
  ExecutionLog& log_;
  const CompiledMethod& method_;
};

}  // namespace

Outcome Execute(ApiCall& call, Service& service, ExecutionLog& log) {
  Execution execution(call, service, log);
  Answer answer = execution.Run();
  Outcome outcome;
  if (auto* failure = std::get_if<Failure>(&answer)) {
    if (failure->error.empty()) failure->error = execution.function_error_;
    if (!execution.function_error_.empty()) {
      const std::string why = ReasonOfFunctionError(call, execution.function_error_);
      if (!why.empty()) failure->reason += (failure->reason.empty() ? "" : ". Also: ") + why;
    }
    outcome.reply = ReplyTo(*failure, call, log);
    outcome.failure = std::move(*failure);
  } else {
    outcome.reply = std::move(std::get<Reply>(answer));
    if (!execution.function_error_.empty()) {
      log.TellFailure("Lambda execution failed with status 200 due to customer function error: " +
                      execution.function_error_);
      const std::string why = ReasonOfFunctionError(call, execution.function_error_);
      if (!why.empty()) log.TellFailure("Reason: " + why);
    }
  }
  if (log.tells_all()) {
    log.TellData("Method response body after transformations", outcome.reply.body);
    log.TellData("Method response headers", Shown(outcome.reply.headers));
  }
  const std::string end = "Method completed with status: " + std::to_string(outcome.reply.status);
  if (outcome.failure) {
    log.TellFailure(end);
  } else {
    log.Tell(end);
  }
  return outcome;
}

}  // namespace usher::apigateway
