// StageSnapshot: a stage as it serves: its deployment with templates parsed, expressions compiled
// and resources in a tree, and its settings. Immutable; a request holds the one that it began with.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "log_events/log_writer.h"
#include "regex/regex.h"
#include "services/apigateway/catalog.h"
#include "services/apigateway/integration_uri.h"
#include "services/apigateway/json_schema.h"
#include "services/apigateway/vtl/template.h"
#include "wire/request_target.h"

namespace usher::apigateway {

// Where a parameter travels, and what a mapping may read or write.
enum class Place { kQuery, kPath, kHeader, kBody, kContext, kStageVariable, kStatic };

// One side of "integration.request.header.X": "method.request.querystring.y", or 'a constant'.
struct MappingEnd {
  Place place = Place::kStatic;
  bool multi = false;  // multivaluequerystring, multivalueheader
  std::string name;    // of the parameter, the JSONPath of a body, or the constant
};
struct Mapping {
  MappingEnd to;
  MappingEnd from;
};

// A template of a content type; one that cannot be read fails when it is used, saying why.
struct TypedTemplate {
  std::string type;    // lower case, without parameters
  bool empty = false;  // the body is left as it is
  Result<vtl::Template> code;
};

enum class IntegrationType { kAws, kAwsProxy, kHttp, kHttpProxy, kMock };
enum class Passthrough { kWhenNoMatch, kWhenNoTemplates, kNever };
enum class ExecutionLevel { kOff, kError, kInfo };

struct MethodSettings {
  ExecutionLevel log_level = ExecutionLevel::kOff;
  bool data_trace = false;
  std::optional<double> rate_limit;  // requests a second
  std::optional<std::int64_t> burst_limit;
};

struct ResponseRule {  // an integration response
  std::string status;
  std::optional<Regex> pattern;  // nullopt: the default one
  std::vector<Mapping> mappings;
  std::vector<TypedTemplate> templates;
  std::string content_handling;
};

struct CompiledMethod {
  std::string resource_id;
  std::string resource_path;
  std::string verb;  // as declared: may be ANY
  bool iam = false;
  bool key_required = false;
  std::int64_t changed_ms = 0;  // as of the deployment

  // Request validation.
  bool check_parameters = false;
  bool check_body = false;
  std::vector<MappingEnd> required;  // in the order of their full names
  std::vector<std::pair<std::string, Result<JsonSchema>>> models;  // by content type

  // Integration request.
  bool has_integration = false;
  IntegrationType type = IntegrationType::kMock;
  std::string integration_verb;
  std::string uri;                       // stage variables filled in
  std::optional<LambdaTarget> function;  // of AWS and AWS_PROXY
  std::string uri_error;                 // why there is none
  std::vector<TypedTemplate> templates;
  std::vector<Mapping> mappings;
  Passthrough passthrough = Passthrough::kWhenNoMatch;
  std::string content_handling;
  std::int64_t timeout_ms = 29'000;

  // Integration and method responses.
  std::vector<ResponseRule> responses;                       // those with a pattern first
  std::map<std::string, std::vector<std::string>> declared;  // status: headers, lower case
  MethodSettings settings;
};

struct CompiledGatewayResponse {
  int status = 0;  // 0: the usual one
  std::vector<Mapping> mappings;
  std::vector<TypedTemplate> templates;
};

// Resources by the parts of their paths: a literal before a variable before a greedy one.
struct PathNode {
  std::map<std::string, std::unique_ptr<PathNode>, std::less<>> literals;
  std::unique_ptr<PathNode> variable;
  std::unique_ptr<PathNode> greedy;
  std::string name;  // of the variable that leads here
  std::map<std::string, CompiledMethod, std::less<>> methods;
  bool is_resource = false;
  std::string resource_id;
  std::string path;
};

struct StageSnapshot {
  std::string api_id;
  std::string api_name;
  std::string region;
  std::string stage;
  std::string deployment_id;
  Time deployed;
  bool disabled = false;  // disableExecuteApiEndpoint
  bool tracing = false;
  std::map<std::string, std::string> variables;
  std::vector<std::string> binary_types;
  PathNode root;
  std::map<std::string, CompiledGatewayResponse, std::less<>> gateway_responses;
  std::optional<vtl::Template> access_format;
  log_events::LogWriter::Stream access_log;
  log_events::LogWriter::Stream execution_log;
};

// Compiles a stage of a deployment. Nothing in it is an error: what cannot be compiled fails when a
// request needs it.
std::shared_ptr<const StageSnapshot> CompileStage(const Api& api, const api::Stage& stage,
                                                  Time deployed);

// "method.request.querystring.x" and the like; nullopt for what is none.
[[nodiscard]] std::optional<MappingEnd> ParseMappingEnd(std::string_view text);

// The resource of a path (decoded parts), with its variables. nullptr when there is none.
[[nodiscard]] const PathNode* FindResource(const PathNode& root,
                                           const std::vector<std::string>& parts,
                                           wire::Parameters& variables);

// The method of a resource, or its ANY. nullptr when there is none.
[[nodiscard]] const CompiledMethod* FindMethod(const PathNode& resource, std::string_view verb);

}  // namespace usher::apigateway
