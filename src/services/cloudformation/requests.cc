#include "services/cloudformation/requests.h"

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "base/random.h"
#include "base/text.h"
#include "wire/s3.h"

namespace usher::cloudformation {
namespace {

constexpr std::size_t kMaxNameBytes = 128;

struct Place {
  std::string bucket, key;
};

// Virtual-hosted names of buckets come before ".s3" of AWS, or before ".localhost".
Result<Place> PlaceOf(const std::string& url) {
  const Error refused = InvalidInput(
      "TemplateURL must be the address of an object in S3, such as s3://bucket/key or "
      "http://127.0.0.1:4566/bucket/key, not '" +
      url.substr(0, 200) + "'");
  std::string_view rest = url;
  const bool is_s3 = rest.starts_with("s3://");
  if (is_s3) rest.remove_prefix(5);
  if (rest.starts_with("https://")) rest.remove_prefix(8);
  if (rest.starts_with("http://")) rest.remove_prefix(7);
  if (rest.size() == url.size()) return refused;
  rest = rest.substr(0, rest.find('?'));
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return refused;
  const std::string_view host = rest.substr(0, slash);
  auto path = PercentDecode(rest.substr(slash + 1));
  if (!path) return refused;
  if (is_s3) return Place{std::string(host), *std::move(path)};
  const std::string_view name = host.substr(0, host.find(':'));
  for (const std::string_view mark : {".s3.", ".s3-", ".localhost"}) {
    const std::size_t at = name.find(mark);
    if (at != std::string_view::npos && at > 0) {
      return Place{std::string(name.substr(0, at)), *std::move(path)};
    }
  }
  const std::size_t end = path->find('/');
  if (end == std::string::npos || end == 0) return refused;
  return Place{path->substr(0, end), path->substr(end + 1)};
}

Result<std::string> Fetch(const std::string& url, const Service& service,
                          const wire::CallContext& context) {
  const auto place = PlaceOf(url);
  if (!place) return place.error();
  wire::CallContext inner;
  inner.region = context.region;
  inner.now = context.now;
  inner.trace = context.trace;
  const auto object = service.dispatcher.Call<usher::api::s3::GetObject>(
      {.bucket = place->bucket, .key = place->key}, inner);
  if (!object) {
    return InvalidInput("TemplateURL " + url.substr(0, 200) +
                        " cannot be read: " + object.error().message);
  }
  auto text = ReadAll(*object->body, kMaxTemplateBytes);
  if (!text) {
    return InvalidInput("the template at " + url.substr(0, 200) +
                        " cannot be read, or has more "
                        "than " +
                        std::to_string(kMaxTemplateBytes) + " bytes");
  }
  return text;
}

Result<std::map<std::string, std::string>> TagsOf(const std::vector<api::Tag>& given) {
  std::map<std::string, std::string> tags;
  if (given.size() > kMaxTags) {
    return InvalidInput("a stack has at most " + std::to_string(kMaxTags) + " tags");
  }
  for (const api::Tag& tag : given) {
    if (tag.key.starts_with("aws:")) {
      return InvalidInput("the tag '" + tag.key + "' begins with aws:, which is reserved");
    }
    if (!tags.emplace(tag.key, tag.value).second) {
      return InvalidInput("Duplicate tags found: the key '" + tag.key + "' occurs twice");
    }
  }
  return tags;
}

}  // namespace

Result<std::string> TemplateText(const std::optional<std::string>& body,
                                 const std::optional<std::string>& url, const Service& service,
                                 const wire::CallContext& context) {
  if (body.has_value() == url.has_value()) {
    return InvalidInput("Either Template URL or Template Body must be specified.");
  }
  if (url) return Fetch(*url, service, context);
  if (body->size() > kMaxBodyBytes) {
    return InvalidInput(
        "1 validation error detected: Value at 'templateBody' failed to satisfy "
        "constraint: Member must have length less than or equal to " +
        std::to_string(kMaxBodyBytes) +
        "; upload it to a bucket and give its "
        "address as TemplateURL");
  }
  return *body;
}

Result<Prepared> Prepare(const Request& request, const StackRecord& stack, const Wanted* before) {
  auto read = ReadAndCheck(request.template_text);
  if (!read) return read.error();
  Wanted wanted{.description = read->description,
                .capabilities = request.capabilities,
                .role_arn = request.role_arn};
  if (before != nullptr) {
    wanted.template_number = before->template_number;
    wanted.tags = before->tags;
    wanted.notification_arns = before->notification_arns;
  }
  if (request.tags) {
    auto tags = TagsOf(*request.tags);
    if (!tags) return tags.error();
    wanted.tags = *std::move(tags);
  }
  if (request.notification_arns) wanted.notification_arns = *request.notification_arns;
  auto parameters = ResolveParameters(
      *read, request.parameters,
      before == nullptr ? std::map<std::string, std::string>() : before->parameters);
  if (!parameters) return parameters.error();
  wanted.parameters = *std::move(parameters);
  for (const ParameterRule& rule : read->parameters) {
    if (rule.no_echo) wanted.hidden.push_back(rule.name);
  }
  if (auto checked = CheckCapability(*read, request.capabilities); !checked) {
    return checked.error();
  }
  auto plan = MakePlan(*std::move(read), wanted.parameters, PseudoOf(stack, wanted));
  if (!plan) return plan.error();
  return Prepared{std::move(wanted), *std::move(plan)};
}

Result<Plan> PlanOf(const StackRecord& stack, const StackStore& store) {
  const auto text = store.Template(stack.id, stack.now.template_number);
  if (!text) return text.error();
  auto read = ReadAndCheck(*text);
  if (!read) return read.error();
  return MakePlan(*std::move(read), stack.now.parameters, PseudoOf(stack, stack.now));
}

Result<StackRecord> NewStack(const std::string& name, const Service& service,
                             const wire::CallContext& context) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const bool is_name = !name.empty() && name.size() <= kMaxNameBytes && is_letter(name[0]) &&
                       std::ranges::all_of(name, [&](char c) {
                         return is_letter(c) || (c >= '0' && c <= '9') || c == '-';
                       });
  if (!is_name) {
    return InvalidInput("1 validation error detected: Value '" + name.substr(0, 200) +
                        "' at 'stackName' failed to satisfy constraint: Member must satisfy "
                        "regular expression pattern: [a-zA-Z][-a-zA-Z0-9]* and have at most 128 "
                        "characters");
  }
  return StackRecord{.id = "arn:aws:cloudformation:" + context.region + ":" +
                           std::string(wire::kAccountId) + ":stack/" + name + "/" + NewUuid(),
                     .name = name,
                     .region = context.region,
                     .created = service.clock.Now(),
                     .on_failure = "ROLLBACK"};
}

void Begin(storage::Batch& batch, StackRecord& stack, const std::string& status,
           const std::string& client_token, Service& service) {
  stack.status = status;
  stack.reason = "User Initiated";
  stack.client_token = client_token;
  stack.operation_id = NewUuid();
  stack.operation_began = service.clock.Now();
  StackStore::AddEvent(batch, {.stack_id = stack.id,
                               .stack_name = stack.name,
                               .event_id = NewUuid(),
                               .logical_id = stack.name,
                               .physical_id = stack.id,
                               .type = "AWS::CloudFormation::Stack",
                               .status = status,
                               .reason = stack.reason,
                               .properties = {},
                               .client_token = client_token,
                               .time = service.clock.Now()});
  service.queue.Enqueue(batch, kLane, {.key = stack.id, .payload = stack.id});
}

void AddTemplate(storage::Batch& batch, StackRecord& stack, Prepared prepared, std::string text) {
  stack.now = std::move(prepared.wanted);
  ++stack.now.template_number;
  StackStore::PutTemplate(batch, stack.id, stack.now.template_number, std::move(text));
  for (const std::string& name : prepared.plan.imports) {
    StackStore::PutImport(batch, stack.region, {name, stack.id, stack.name});
  }
}

Result<void> CheckUpdatable(const StackRecord& stack) {
  for (const char* status : {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE",
                             "UPDATE_FAILED", "CREATE_FAILED"}) {
    const bool failed = stack.status.ends_with("FAILED");
    if (stack.status == status && (!failed || stack.disable_rollback)) return {};
  }
  return InvalidInput("Stack:" + stack.id + " is in " + stack.status +
                      " state and can not be updated.");
}

Result<std::size_t> ReadToken(const std::optional<std::string>& token) {
  if (!token) return std::size_t{0};
  std::size_t offset = 0;
  const auto [rest, error] = std::from_chars(token->data(), token->data() + token->size(), offset);
  if (error != std::errc() || rest != token->data() + token->size()) {
    return InvalidInput("NextToken '" + token->substr(0, 80) + "' was not given by this server");
  }
  return offset;
}

}  // namespace usher::cloudformation
