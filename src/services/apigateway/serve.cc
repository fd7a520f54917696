#include "services/apigateway/serve.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "metrics/registry.h"
#include "services/apigateway/execute.h"
#include "services/apigateway/key_check.h"
#include "services/apigateway/service.h"
#include "services/apigateway/template_objects.h"
#include "tracing/ids.h"
#include "tracing/recorder.h"
#include "tracing/trace_context.h"
#include "wire/sigv4.h"

namespace usher::apigateway {
namespace {

// An answer may not set what frames it; of these the client is told under another name.
constexpr std::array<std::string_view, 4> kRemapped{"Connection", "Content-Length", "Date",
                                                    "Server"};
constexpr std::array<std::string_view, 6> kDropped{
    "Transfer-Encoding", "Keep-Alive", "TE", "Trailer", "Upgrade", "Proxy-Connection"};

bool IsAmong(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::any_of(names,
                             [&](std::string_view one) { return EqualsIgnoreCase(one, name); });
}

// 16 characters, as x-amz-apigw-id has them.
std::string NewExtendedId() {
  unsigned char bytes[11];
  SecureRandom(bytes);
  std::string text = Base64Encode({reinterpret_cast<const char*>(bytes), sizeof(bytes)});
  std::ranges::replace(text, '+', 'A');
  std::ranges::replace(text, '/', 'B');
  return text.substr(0, 15) + "=";
}

// The decoded parts of a path; a slash at its end says nothing.
Result<std::vector<std::string>> PartsOf(std::string_view path) {
  std::vector<std::string> parts;
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty()) return parts;
  for (const std::string_view part : Split(path, '/')) {
    auto text = PercentDecode(part);
    if (!text || !IsUtf8(*text)) return InvalidInput("the path is not percent-encoded UTF-8");
    parts.push_back(*std::move(text));
  }
  return parts;
}

Failure BadRequest(std::string message) {
  return {.type = "DEFAULT_4XX",
          .status = 400,
          .message = std::move(message),
          .log = {},
          .reason = {},
          .error = {}};
}

class Serving {
 public:
  Serving(Service& service, const ServedUrl& url, wire::HttpRequest request)
      : service_(service), url_(url), request_(std::move(request)) {
    call_.request_id = NewUuid();
    call_.extended_id = NewExtendedId();
    call_.time = service.clock.Now();
    call_.verb = request_.method;
    call_.path = url.path;
    call_.domain = url.domain;
    call_.peer = request_.peer;
  }

  wire::HttpResponse Run(Served& served) {
    const auto begin = std::chrono::steady_clock::now();
    served.request_id = call_.request_id;
    const auto stage = service_.stages.Find(url_.api, url_.stage);
    Outcome outcome;
    if (!stage) {
      Log(LogLevel::kError, "apigateway: a stage cannot be read",
          {{"api", url_.api}, {"stage", url_.stage}, {"message", stage.error().message}});
      outcome = Refused(ConfigurationError("the stage cannot be read", {}));
    } else if (!*stage || (*stage)->disabled) {
      outcome =
          Refused(Forbidden({}, *stage ? "the API's default endpoint is disabled"
                                       : "there is no API '" + url_.api.substr(0, 100) +
                                             "' with a stage '" + url_.stage.substr(0, 100) + "'"));
    } else {
      call_.stage = *stage;
      served.operation = call_.stage->api_id + "/" + call_.stage->stage;
      outcome = Traced();
    }
    if (outcome.failure) served.error = outcome.failure->type;
    call_.status = outcome.reply.status;
    call_.response_bytes = outcome.reply.body.size();
    const std::chrono::duration<double, std::milli> latency =
        std::chrono::steady_clock::now() - begin;
    call_.response_ms = static_cast<std::int64_t>(latency.count());
    if (call_.stage) Measure(latency.count());
    if (outcome.failure) TellServerLog(*outcome.failure);
    if (call_.stage) WriteLogs();
    return Finish(std::move(outcome.reply));
  }

 private:
  // ---- the trace ----

  Outcome Traced() {
    const std::string* const header = request_.headers.Find("X-Amzn-Trace-Id");
    auto decision = tracing::SamplingDecision::kNone;
    if (header != nullptr) decision = tracing::ReadTraceHeader(*header, call_.trace);
    if (call_.trace.root.empty()) call_.trace.parent.clear();
    call_.trace.sampled = decision == tracing::SamplingDecision::kSampled;
    tracing::Recorder* const recorder = service_.dispatcher.recorder();
    const std::string name = call_.stage->api_name + "/" + call_.stage->stage;
    if (!call_.stage->tracing || recorder == nullptr) return Route();

    call_.trace.recorder = recorder;
    if (decision == tracing::SamplingDecision::kNone) {
      call_.trace.sampled = recorder->Sample({.service_name = name,
                                              .service_type = tracing::kApiGatewayStage,
                                              .host = call_.domain,
                                              .method = call_.verb,
                                              .url_path = call_.path});
    }
    tracing::SegmentScope segment(call_.trace, name, tracing::kApiGatewayStage);
    if (segment) Describe(*segment);
    Outcome outcome = Route();
    if (segment) {
      segment->SetStatus(outcome.reply.status);
      if (outcome.failure && outcome.failure->status >= 500) {
        const Failure& failure = *outcome.failure;
        segment->AddException(failure.type, failure.reason.empty() ? failure.log : failure.reason,
                              false);
      }
    }
    return outcome;
  }

  void Describe(tracing::Segment& segment) {
    const std::string* const host = request_.headers.Find("Host");
    segment.http = tracing::HttpInfo{.method = call_.verb,
                                     .url = "http://" + (host != nullptr ? *host : call_.domain) +
                                            request_.target.substr(0, request_.target.find('?')),
                                     .user_agent = std::string(HeaderText("User-Agent")),
                                     .client_ip = call_.peer,
                                     .status = 0};
    ValueMap api;
    api.Append("account_id", wire::kAccountId);
    api.Append("rest_api_id", call_.stage->api_id);
    api.Append("stage", call_.stage->stage);
    api.Append("request_id", call_.request_id);
    segment.aws.Set("api_gateway", std::move(api));
  }

  [[nodiscard]] std::string_view HeaderText(std::string_view name) const {
    const std::string* const found = request_.headers.Find(name);
    return found != nullptr ? std::string_view(*found) : std::string_view();
  }

  // ---- the way to the method ----

  Outcome Route() {
    auto query = wire::ParseTarget(request_.target);
    if (!query) return Refused(BadRequest("Bad Request"));
    call_.query = std::move(query->query);
    const auto parts = PartsOf(call_.path);
    if (!parts) return Refused(BadRequest("Bad Request"));
    const PathNode* const resource = FindResource(call_.stage->root, *parts, call_.path_parameters);
    call_.method = resource != nullptr ? FindMethod(*resource, call_.verb) : nullptr;
    if (call_.method == nullptr) {
      call_.path_parameters.clear();
      return Refused(MissingToken("stage " + call_.stage->stage + " serves deployment " +
                                  call_.stage->deployment_id + ", which has " +
                                  (resource == nullptr
                                       ? "no resource " + call_.path.substr(0, 200)
                                       : "no method " + call_.verb + " for " + resource->path)));
    }
    call_.resource_path = call_.method->resource_path;
    call_.resource_id = call_.method->resource_id;
    if (auto failure = ReadBody()) return Refused(*failure);
    if (call_.method->iam) {
      if (auto failure = Authenticate()) return Refused(*failure);
    }
    TakeHeaders();
    if (auto failure = CheckKey(call_, service_)) return Refused(*failure);
    if (auto failure = CheckRate()) return Refused(*failure);

    ExecutionLog log(call_.request_id, call_.method->settings);
    Outcome outcome = Execute(call_, service_, log);
    lines_ = log.Take();
    return outcome;
  }

  std::optional<Failure> ReadBody() {
    const auto too_large = [] {
      return Failure{.type = "REQUEST_TOO_LARGE",
                     .status = 413,
                     .message = "Request Too Long",
                     .log = {},
                     .reason = "a request's body has at most 10 MB",
                     .error = {}};
    };
    if (const auto size = request_.body->size(); size && *size > kMaxRequestBytes) {
      return too_large();
    }
    auto body = ReadAll(*request_.body, kMaxRequestBytes);
    if (!body) {
      if (body.error().code == ErrorCode::kLimitExceeded) return too_large();
      return BadRequest("Bad Request");
    }
    call_.body = *std::move(body);
    return std::nullopt;
  }

  // A method with AWS_IAM takes requests that are signed for execute-api.
  std::optional<Failure> Authenticate() {
    const auto scope = wire::sigv4::ClaimedScope(request_);
    if (!scope)
      return MissingToken(
          "the method's authorizationType is AWS_IAM: requests are signed "
          "by SigV4 for the service execute-api");
    const auto refuse = [](std::string message) {
      return Failure{.type = "INVALID_SIGNATURE",
                     .status = 403,
                     .message = std::move(message),
                     .log = {},
                     .reason = "the method's authorizationType is AWS_IAM",
                     .error = {}};
    };
    if (scope->service != "execute-api") {
      return refuse("Credential should be scoped to correct service: 'execute-api'.");
    }
    const auto verified = wire::sigv4::Verify(
        request_, call_.body, wire::sigv4::ServiceRules(wire::sigv4::ErrorStyle::kRestJson),
        service_.credentials, call_.time);
    if (!verified) return refuse(verified.error().message);
    call_.user_arn = verified->arn;
    call_.access_key_id = verified->scope.access_key_id;
    return std::nullopt;
  }

  // Those of the client but for what concerns its connection, and those that the service adds.
  void TakeHeaders() {
    for (const auto& [name, value] : request_.headers) {
      if (!IsAmong(kDropped, name) && !EqualsIgnoreCase(name, "Connection")) {
        call_.headers.Add(name, value);
      }
    }
    const std::string_view before = HeaderOf(call_, "X-Forwarded-For");
    const std::string host(HeaderOf(call_, "Host"));
    const std::size_t colon = host.rfind(':');
    std::string forwarded = before.empty() ? call_.peer : std::string(before) + ", " + call_.peer;
    call_.headers.Set("X-Forwarded-For", std::move(forwarded));
    call_.headers.Set("X-Forwarded-Port",
                      colon == std::string::npos ? "80" : host.substr(colon + 1));
    call_.headers.Set("X-Forwarded-Proto", "http");
    // A request without a trace gets an id of its own for its headers, as in the service.
    const std::string root =
        call_.trace.root.empty() ? tracing::NewTraceId(call_.time) : call_.trace.root;
    call_.headers.Set("X-Amzn-Trace-Id", "Root=" + root);
  }

  // The limits that the stage sets for the method.
  std::optional<Failure> CheckRate() {
    const MethodSettings& settings = call_.method->settings;
    if (!settings.rate_limit && !settings.burst_limit) return std::nullopt;
    const double rate = settings.rate_limit.value_or(10'000);
    const auto burst = static_cast<double>(
        settings.burst_limit.value_or(static_cast<std::int64_t>(std::max(1.0, rate))));
    const std::string bucket = call_.stage->api_id + "/" + call_.stage->stage + "/" +
                               call_.method->resource_id + "/" + call_.method->verb;
    if (service_.throttle.Take(bucket, rate, burst, std::chrono::steady_clock::now())) {
      return std::nullopt;
    }
    return Failure{.type = "THROTTLED",
                   .status = 429,
                   .message = "Too Many Requests",
                   .log = {},
                   .reason = "the stage's throttling settings allow the method " +
                             std::to_string(rate) + " requests a second",
                   .error = {}};
  }

  // ---- what is told of it ----

  Outcome Refused(const Failure& failure) {
    // Before a method is known, its settings are those of all methods.
    ExecutionLog log(call_.request_id,
                     call_.method != nullptr ? call_.method->settings : MethodSettings());
    if (call_.headers.size() == 0) call_.headers = request_.headers;
    Outcome outcome;
    outcome.reply = ReplyTo(failure, call_, log);
    log.TellFailure("Method completed with status: " + std::to_string(outcome.reply.status));
    outcome.failure = failure;
    lines_ = log.Take();
    return outcome;
  }

  void TellServerLog(const Failure& failure) {
    std::vector<LogField> fields;
    const auto add = [&](std::string_view name, std::string value) {
      if (!value.empty()) fields.emplace_back(name, std::move(value));
    };
    add("request_id", call_.request_id);
    if (call_.stage) {
      add("api", call_.stage->api_name + " (" + call_.stage->api_id + ")");
      add("stage", call_.stage->stage);
    }
    add("method",
        call_.verb + " " +
            (call_.resource_path.empty() ? call_.path.substr(0, 200) : call_.resource_path));
    if (call_.method != nullptr && call_.method->function) {
      add("function", call_.method->function->function);
    }
    add("status", std::to_string(call_.status));
    add("error", failure.error.empty() ? failure.log : failure.error);
    add("why", failure.reason);
    if (const std::string stale = StaleHint(); !stale.empty()) {
      add("hint", stale);
      if (!lines_.empty()) lines_.push_back("(" + call_.request_id + ") Hint: " + stale);
    }
    Log(failure.status >= 500 ? LogLevel::kWarning : LogLevel::kInfo,
        "apigateway: a request was not answered by its integration", fields);
  }

  // "stage dev serves deployment X, older than …": of what was changed and not deployed.
  std::string StaleHint() {
    if (!call_.stage ||
        !service_.throttle.Take("hints", 10, 20, std::chrono::steady_clock::now())) {
      return {};
    }
    const auto current = service_.catalog.FindApi(call_.stage->api_id);
    if (!current) return {};
    const std::string serves =
        "stage " + call_.stage->stage + " serves deployment " + call_.stage->deployment_id + ", ";
    if (call_.method != nullptr) {
      const auto changed =
          current->changed.find(call_.method->resource_id + "/" + call_.method->verb);
      if (changed == current->changed.end() ||
          changed->second <= EpochMillis(call_.stage->deployed)) {
        return {};
      }
      return serves + "older than the change of " + call_.method->verb + " " +
             call_.method->resource_path + " at " +
             FormatIso8601(FromEpochMillis(changed->second)) +
             "; create-deployment brings it there";
    }
    const std::string path = call_.path == "/" ? "/" : call_.path;
    for (const api::Resource& resource : current->resources) {
      if (resource.path != path || !resource.resource_methods) continue;
      if (!resource.resource_methods->contains(call_.verb) &&
          !resource.resource_methods->contains("ANY")) {
        continue;
      }
      return serves + "made before the API had " + call_.verb + " " + path +
             "; create-deployment brings it there";
    }
    return {};
  }

  // As CloudWatch shows them under AWS/ApiGateway.
  void Measure(double latency_ms) {
    metrics::Registry* const metrics = service_.dispatcher.metrics();
    if (metrics == nullptr) return;
    constexpr std::string_view kNamespace = "AWS/ApiGateway";
    const std::initializer_list<metrics::Dimension> stage = {{"ApiName", call_.stage->api_name},
                                                             {"Stage", call_.stage->stage}};
    const int kind = call_.status / 100;
    metrics->Count(kNamespace, "Count", stage);
    metrics->Count(kNamespace, "4XXError", stage, kind == 4 ? 1 : 0);
    metrics->Count(kNamespace, "5XXError", stage, kind == 5 ? 1 : 0);
    metrics->Add(kNamespace, "Latency", stage, latency_ms, metrics::kMilliseconds);
    if (call_.integration_ms >= 0) {
      metrics->Add(kNamespace, "IntegrationLatency", stage,
                   static_cast<double>(call_.integration_ms), metrics::kMilliseconds);
    }
  }

  void WriteLogs() {
    if (!lines_.empty()) {
      service_.logs.Write(call_.stage->execution_log, call_.time, std::move(lines_));
    }
    if (!call_.stage->access_format) return;
    auto line = RenderTemplate(*call_.stage->access_format, call_, {}, "-");
    if (line && !line->text.empty()) {
      service_.logs.Write(call_.stage->access_log, call_.time, std::move(line->text));
    }
  }

  wire::HttpResponse Finish(Reply reply) {
    wire::HttpResponse response{.status = reply.status, .body = std::move(reply.body)};
    response.headers.Add("x-amzn-RequestId", call_.request_id);
    response.headers.Add("x-amz-apigw-id", call_.extended_id);
    if (call_.trace.is_recorded()) {
      response.headers.Add("X-Amzn-Trace-Id", "Root=" + call_.trace.root + ";Sampled=1");
    }
    for (const auto& [name, value] : reply.headers) {
      if (IsAmong(kDropped, name) || value.find_first_of("\r\n") != std::string::npos) continue;
      response.headers.Add(IsAmong(kRemapped, name) ? "x-amzn-Remapped-" + name : name, value);
    }
    return response;
  }

  Service& service_;
  const ServedUrl& url_;
  wire::HttpRequest request_;
  ApiCall call_;
  std::vector<std::string> lines_;  // of the execution log
};

}  // namespace

wire::HttpResponse Serve(Service& service, const ServedUrl& url, wire::HttpRequest request,
                         Served& served) {
  return Serving(service, url, std::move(request)).Run(served);
}

}  // namespace usher::apigateway
