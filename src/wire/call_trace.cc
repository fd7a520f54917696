#include "wire/call_trace.h"

#include <algorithm>
#include <array>
#include <utility>

#include "wire/dispatcher.h"
#include "wire/error_names.h"

namespace usher::wire {
namespace {

constexpr std::size_t kMaxTextBytes = 500;  // of a client's text in a segment

using NamePair = std::pair<std::string_view, std::string_view>;

constexpr std::array<NamePair, 17> kNodeNames{{{"s3", "S3"},
                                               {"lambda", "Lambda"},
                                               {"personalize", "Personalize"},
                                               {"personalize-runtime", "Personalize"},
                                               {"personalize-events", "Personalize"},
                                               {"iam", "IAM"},
                                               {"sts", "STS"},
                                               {"sns", "SNS"},
                                               {"sqs", "SQS"},
                                               {"logs", "CloudWatchLogs"},
                                               {"cloudwatch", "CloudWatch"},
                                               {"monitoring", "CloudWatch"},
                                               {"xray", "XRay"},
                                               {"apigateway", "ApiGateway"},
                                               {"stepfunctions", "StepFunctions"},
                                               {"glue", "Glue"},
                                               {"cloudformation", "CloudFormation"}}};

// Members of requests that name what they are about, and their names in a segment.
constexpr std::array<NamePair, 12> kResources{{{"Bucket", "bucket_name"},
                                               {"Key", "key"},
                                               {"FunctionName", "function_name"},
                                               {"campaignArn", "campaign_arn"},
                                               {"recommenderArn", "recommender_arn"},
                                               {"trackingId", "tracking_id"},
                                               {"TopicArn", "topic_arn"},
                                               {"QueueUrl", "queue_url"},
                                               {"QueueName", "queue_name"},
                                               {"RoleName", "role_name"},
                                               {"restApiId", "rest_api_id"},
                                               {"stateMachineArn", "state_machine_arn"}}};

std::string Clipped(std::string_view text) { return std::string(text.substr(0, kMaxTextBytes)); }

// Functions are named by name, partial or whole ARN.
std::string_view FunctionName(std::string_view text) {
  constexpr std::string_view kBefore = "function:";
  const std::size_t at = text.find(kBefore);
  if (at != std::string_view::npos) text.remove_prefix(at + kBefore.size());
  return text.substr(0, text.find(':'));
}

void DescribeRequest(tracing::HttpInfo& http, const HttpRequest& request,
                     const CallContext& context) {
  const std::string* agent = request.headers.Find("User-Agent");
  // Never the query, which may hold a signature.
  const std::string_view path =
      std::string_view(request.target).substr(0, request.target.find('?'));
  http.method = request.method;
  http.url.reserve(context.endpoint.size() + path.size());
  http.url.append(context.endpoint, 0, kMaxTextBytes).append(path.substr(0, kMaxTextBytes));
  if (agent != nullptr) http.user_agent.assign(*agent, 0, kMaxTextBytes);
  http.client_ip = context.peer;
}

}  // namespace

TraceRole RoleOf(const Operation& operation) {
  const std::string_view service = operation.service->id;
  if (service == "xray" || service == "logs" || service == "cloudwatch") return TraceRole::kSilent;
  if (service == "sqs" && operation.name == "ReceiveMessage") return TraceRole::kSilent;
  if (service == "lambda" && operation.name.starts_with("Invoke")) return TraceRole::kShowsItself;
  return TraceRole::kShown;
}

std::string_view NodeName(std::string_view service_id) {
  const auto found = std::ranges::find(kNodeNames, service_id, &NamePair::first);
  return found == kNodeNames.end() ? service_id : found->second;
}

std::string NodeType(std::string_view node_name) { return "AWS::" + std::string(node_name); }

void DescribeCall(tracing::Segment& segment, const Operation& operation, const Value& request,
                  const CallContext& context, bool from_outside) {
  segment.aws.reserve(5);
  segment.aws.Append("operation", operation.name);
  segment.aws.Append("region", context.region);
  if (from_outside && !context.request_id.empty()) {
    segment.aws.Append("request_id", context.request_id);
  }
  for (const auto& [member, name] : kResources) {
    const Value* value = request.Find(member);
    if (value == nullptr || value->as_string() == nullptr) continue;
    const std::string& text = *value->as_string();
    segment.aws.Append(std::string(name),
                       Clipped(name == "function_name" ? FunctionName(text) : text));
  }
  if (from_outside && context.http != nullptr) {
    DescribeRequest(segment.http.emplace(), *context.http, context);
  }
}

void DescribeEnd(tracing::Segment& segment, const Operation& operation, const Error* error,
                 const CallContext& context, bool from_outside) {
  if (!segment.http) segment.http.emplace();
  if (error == nullptr) {
    segment.http->status =
        context.response_status != 0 ? context.response_status : operation.success_status;
    return;
  }
  const ErrorAnswer answer = NameError(*operation.service, &operation, *error);
  segment.SetStatus(answer.status);
  segment.AddException(answer.name, Clipped(answer.message), answer.status < 500);
  segment.exceptions.back().remote = !from_outside;
}

}  // namespace usher::wire
