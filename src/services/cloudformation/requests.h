// What the operations that take a template share: where it comes from, what is wanted of it, and
// how an operation on a stack begins.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "services/cloudformation/plan.h"
#include "services/cloudformation/records.h"
#include "services/cloudformation/service.h"
#include "services/cloudformation/stack_store.h"
#include "services/cloudformation/template/parameters.h"
#include "wire/cloudformation.h"

namespace usher::cloudformation {

namespace api = usher::api::cloudformation;

inline constexpr std::size_t kMaxBodyBytes = 51'200;        // of TemplateBody
inline constexpr std::size_t kMaxTemplateBytes = 1U << 20;  // of what TemplateURL leads to
inline constexpr std::size_t kMaxTags = 50;

// The text of a template: in the request, or in an object of our S3 that a URL names ("s3://b/k",
// "https://b.s3.us-east-1.amazonaws.com/k", "http://127.0.0.1:4566/b/k"). Errors: ValidationError.
Result<std::string> TemplateText(const std::optional<std::string>& body,
                                 const std::optional<std::string>& url, const Service& service,
                                 const wire::CallContext& context);

// The members that CreateStack, UpdateStack and CreateChangeSet have in common.
struct Request {
  std::string template_text;
  std::vector<GivenParameter> parameters;
  std::optional<std::vector<api::Tag>> tags;
  std::vector<std::string> capabilities;
  std::optional<std::vector<std::string>> notification_arns;
  std::string role_arn;
};

template <typename Input>
Request RequestOf(const Input& input, std::string template_text) {
  Request request{.template_text = std::move(template_text),
                  .tags = input.tags,
                  .capabilities = input.capabilities.value_or(std::vector<std::string>()),
                  .notification_arns = input.notification_arns,
                  .role_arn = input.role_arn.value_or("")};
  for (const api::Parameter& given : input.parameters.value_or(std::vector<api::Parameter>())) {
    request.parameters.push_back({given.parameter_key.value_or(""), given.parameter_value,
                                  given.use_previous_value.value_or(false)});
  }
  return request;
}

struct Prepared {
  Wanted wanted;
  Plan plan;
};

// Checks everything that can be checked before a stack is touched. `before` is what the stack is
// now; nullptr for a new one. Errors: invalid input, InsufficientCapabilitiesException.
Result<Prepared> Prepare(const Request& request, const StackRecord& stack, const Wanted* before);

// The plan of a stack as it stands. Errors: internal.
Result<Plan> PlanOf(const StackRecord& stack, const StackStore& store);

// A stack without an operation, with an id of its own. Errors: invalid input (the name).
Result<StackRecord> NewStack(const std::string& name, const Service& service,
                             const wire::CallContext& context);

// Adds to the batch what starts an operation: the status with its event, and the delivery. The
// stack itself is created or updated by the caller.
void Begin(storage::Batch& batch, StackRecord& stack, const std::string& status,
           const std::string& client_token, Service& service);
// The template as the next of the stack's own, and the imports that the plan needs.
void AddTemplate(storage::Batch& batch, StackRecord& stack, Prepared prepared, std::string text);

// An update of the stack, whose document is updated with it. (update_stack.cc)
void BeginUpdate(storage::Batch& batch, StackRecord& stack, Prepared prepared, std::string text,
                 const std::string& client_token, Service& service);
// Errors: ValidationError when nothing would change, or a resource would change its type.
Result<void> CheckChanges(const StackRecord& stack, const Prepared& prepared,
                          const StackStore& store);

// Errors: ValidationError unless the stack may be updated now.
Result<void> CheckUpdatable(const StackRecord& stack);

// By ARN, or by name within a stack. Errors: ChangeSetNotFound, ValidationError. (change_sets.cc)
Result<ChangeSetRecord> FindChangeSetBy(const std::string& name_or_id,
                                        const std::optional<std::string>& stack,
                                        const StackStore& store, const wire::CallContext& context);

// As answers show them: what has NoEcho is hidden. (describe_stacks.cc)
[[nodiscard]] std::vector<api::Parameter> ShownParameters(const Wanted& wanted);
[[nodiscard]] std::vector<api::Tag> ShownTags(const Wanted& wanted);

// Offsets as page tokens.
template <typename T>
struct PageOf {
  std::vector<T> items;
  std::optional<std::string> next;
};
Result<std::size_t> ReadToken(const std::optional<std::string>& token);
template <typename T>
Result<PageOf<T>> TakePage(std::vector<T> all, const std::optional<std::string>& token,
                           std::size_t page_size = 100) {
  const auto begin = ReadToken(token);
  if (!begin) return begin.error();
  PageOf<T> page;
  for (std::size_t i = *begin; i < all.size() && page.items.size() < page_size; ++i) {
    page.items.push_back(std::move(all[i]));
  }
  const std::size_t end = *begin + page.items.size();
  if (end < all.size()) page.next = std::to_string(end);
  return page;
}

}  // namespace usher::cloudformation
