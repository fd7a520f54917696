// Operation TestInvokeMethod: a request to a method as it is edited, without a deployment, a key or
// a signature, with the execution log in the answer. Errors: not found; invalid input.
#include <algorithm>

#include "base/encoding.h"
#include "base/random.h"
#include "services/apigateway/errors.h"
#include "services/apigateway/execute.h"
#include "services/apigateway/operations.h"

namespace usher::apigateway {
namespace {

constexpr std::string_view kStage = "test-invoke-stage";

// Fri Jul 22 01:02:03 UTC 2022
std::string LogTime(Time time) {
  const std::string http = FormatHttpDate(time);  // Fri, 22 Jul 2022 01:02:03 GMT
  return http.substr(0, 3) + " " + http.substr(8, 3) + " " + http.substr(5, 2) + " " +
         http.substr(17, 8) + " UTC " + http.substr(12, 4);
}

}  // namespace

Result<api::TestInvokeMethodResponse> TestInvokeMethod(const api::TestInvokeMethodRequest& request,
                                                       Service& service,
                                                       wire::CallContext& context) {
  auto api = service.catalog.FindApi(request.rest_api_id);
  if (!api) return api.error();
  if (const auto method = api->FindMethod(request.resource_id, request.http_method); !method) {
    return method.error();
  }
  const api::Resource& resource = *api->FindResource(request.resource_id);
  api::Stage stage{.deployment_id = "test",
                   .stage_name = std::string(kStage),
                   .method_settings =
                       std::map<std::string, api::MethodSetting>{
                           {"*/*", {.logging_level = "INFO", .data_trace_enabled = true}}},
                   .variables = request.stage_variables};
  ApiCall call;
  call.stage = CompileStage(*api, stage, service.clock.Now());
  call.is_test = true;
  call.request_id = NewUuid();
  call.extended_id = call.request_id.substr(0, 15) + "=";
  call.time = service.clock.Now();
  call.domain = "testPrefix.testDomainName";
  call.peer = "test-invoke-source-ip";
  call.resource_path = resource.path.value_or("/");
  call.resource_id = request.resource_id;
  call.body = request.body.value_or("");
  call.trace = context.trace;

  const std::string target = request.path_with_query_string.value_or(call.resource_path);
  if (!target.starts_with('/')) {
    return InvalidInput("pathWithQueryString begins with '/', got '" + target.substr(0, 100) + "'");
  }
  auto parsed = wire::ParseTarget(target);
  if (!parsed) return InvalidInput("pathWithQueryString: " + parsed.error().message);
  call.path = parsed->path;
  call.query = std::move(parsed->query);
  std::vector<std::string> parts;
  std::string_view rest = std::string_view(call.path).substr(1);
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    auto text = PercentDecode(part);
    if (!text) return InvalidInput("pathWithQueryString: " + text.error().message);
    parts.push_back(*std::move(text));
  }
  const PathNode* node = FindResource(call.stage->root, parts, call.path_parameters);
  if (node == nullptr || node->resource_id != request.resource_id) {
    // A path that leads elsewhere still tests this method, only without path parameters.
    call.path_parameters.clear();
    std::vector<const PathNode*> waiting{&call.stage->root};
    node = nullptr;
    while (node == nullptr && !waiting.empty()) {
      const PathNode* const one = waiting.back();
      waiting.pop_back();
      if (one->is_resource && one->resource_id == request.resource_id) node = one;
      for (const auto& [name, child] : one->literals) waiting.push_back(child.get());
      if (one->variable) waiting.push_back(one->variable.get());
      if (one->greedy) waiting.push_back(one->greedy.get());
    }
  }
  Check(node != nullptr, "a resource that was found is in the compiled tree");
  call.method = FindMethod(*node, request.http_method);
  Check(call.method != nullptr, "a method that was found is in the compiled tree");
  call.verb = request.http_method == "ANY" ? "GET" : request.http_method;
  if (request.headers) {
    for (const auto& [name, value] : *request.headers) call.headers.Add(name, value);
  }
  if (request.multi_value_headers) {
    for (const auto& [name, values] : *request.multi_value_headers) {
      for (const std::string& value : values) call.headers.Add(name, value);
    }
  }

  ExecutionLog log(call.request_id, call.method->settings);
  const auto begin = std::chrono::steady_clock::now();
  const Outcome outcome = Execute(call, service, log);
  const auto latency = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begin);

  api::TestInvokeMethodResponse response{
      .status = outcome.reply.status,
      .body = outcome.reply.body,
      .headers = std::map<std::string, std::string>(),
      .multi_value_headers = std::map<std::string, std::vector<std::string>>(),
      .log = "Execution log for request " + call.request_id + "\n",
      .latency = latency.count()};
  for (const auto& [name, value] : outcome.reply.headers) {
    response.headers->insert_or_assign(name, value);
    (*response.multi_value_headers)[name].push_back(value);
  }
  const std::size_t prefix = call.request_id.size() + sizeof("() ") - 1;
  for (const std::string& line : log.Take()) {
    *response.log += LogTime(call.time) + " : " + line.substr(prefix) + "\n";
  }
  return response;
}

}  // namespace usher::apigateway
