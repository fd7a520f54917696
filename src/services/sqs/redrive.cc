#include "services/sqs/redrive.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "json/json.h"
#include "services/sqs/errors.h"
#include "wire/dispatcher.h"

namespace usher::sqs {
namespace {

constexpr std::int64_t kMaxReceives = 1000;
constexpr std::size_t kMaxSources = 10;  // that a policy names
constexpr const char* kRedrive = "RedrivePolicy";
constexpr const char* kAllow = "RedriveAllowPolicy";

Error BadPolicy(std::string_view attribute, std::string_view policy, std::string_view reason) {
  return InvalidValue("Value " + std::string(policy.substr(0, 300)) + " for parameter " +
                      std::string(attribute) + " is invalid. Reason: " + std::string(reason));
}

// A number, or a text that is one.
std::optional<std::int64_t> NumberOf(const Value* value) {
  if (value == nullptr) return std::nullopt;
  if (value->as_int() != nullptr) return *value->as_int();
  const std::string* text = value->as_string();
  if (text == nullptr) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return number;
}

std::string ArnOf(const QueueDocument& queue) {
  return "arn:aws:sqs:" + queue.region + ":" + std::string(wire::kAccountId) + ":" + queue.name;
}

Result<void> CheckRedriveMembers(const ValueMap& policy, std::string_view text) {
  for (const auto& [name, value] : policy) {
    if (name != "deadLetterTargetArn" && name != "maxReceiveCount") {
      return BadPolicy(kRedrive, text, "Unknown key '" + name + "'.");
    }
  }
  const Value* target = policy.Find("deadLetterTargetArn");
  if (target == nullptr || target->as_string() == nullptr ||
      !target->as_string()->starts_with("arn:aws:sqs:")) {
    return BadPolicy(kRedrive, text,
                     "Redrive policy must contain deadLetterTargetArn, the ARN of a queue.");
  }
  const auto most = NumberOf(policy.Find("maxReceiveCount"));
  if (!most || *most < 1 || *most > kMaxReceives) {
    return BadPolicy(kRedrive, text,
                     "Redrive policy must contain maxReceiveCount, a number from 1 to 1000.");
  }
  return {};
}

Result<void> CheckAllowMembers(const ValueMap& policy, std::string_view text) {
  const Value* permission = policy.Find("redrivePermission");
  const Value* sources = policy.Find("sourceQueueArns");
  const std::string* kind = permission == nullptr ? nullptr : permission->as_string();
  if (kind == nullptr || (*kind != "allowAll" && *kind != "denyAll" && *kind != "byQueue")) {
    return BadPolicy(kAllow, text, "redrivePermission must be allowAll, denyAll or byQueue.");
  }
  const bool needs_sources = *kind == "byQueue";
  const bool has_sources = sources != nullptr && sources->as_list() != nullptr &&
                           !sources->as_list()->empty() &&
                           sources->as_list()->size() <= kMaxSources;
  if (needs_sources != (sources != nullptr) || (needs_sources && !has_sources)) {
    return BadPolicy(kAllow, text,
                     "sourceQueueArns must name 1 to 10 queues with byQueue, and none otherwise.");
  }
  return {};
}

bool MayUse(const QueueDocument& source, const Texts& attributes_of_target) {
  const auto found = attributes_of_target.find(kAllow);
  if (found == attributes_of_target.end()) return true;
  const auto policy = json::Parse(found->second);
  if (!policy) return true;  // checked when it was set
  const Value* permission = policy->Find("redrivePermission");
  if (permission == nullptr || *permission == Value("allowAll")) return true;
  const Value* sources = policy->Find("sourceQueueArns");
  if (*permission == Value("denyAll") || sources == nullptr) return false;
  return std::ranges::find(*sources->as_list(), Value(ArnOf(source))) != sources->as_list()->end();
}

}  // namespace

Result<void> CheckRedriveForm(std::string_view attribute, std::string_view policy) {
  if (policy.empty()) return {};
  const auto parsed = json::Parse(policy);
  if (!parsed || parsed->as_map() == nullptr) {
    return BadPolicy(attribute, policy, "It is not a JSON object.");
  }
  return attribute == kRedrive ? CheckRedriveMembers(*parsed->as_map(), policy)
                               : CheckAllowMembers(*parsed->as_map(), policy);
}

std::optional<Redrive> RedriveOf(const Texts& attributes) {
  const auto found = attributes.find(kRedrive);
  if (found == attributes.end()) return std::nullopt;
  const auto policy = json::Parse(found->second);
  const Value* target = policy ? policy->Find("deadLetterTargetArn") : nullptr;
  if (target == nullptr || target->as_string() == nullptr) return std::nullopt;
  const std::string& arn = *target->as_string();
  return Redrive{.target = arn.substr(arn.rfind(':') + 1),
                 .max_receives = NumberOf(policy->Find("maxReceiveCount")).value_or(kMaxReceives)};
}

Result<void> CheckRedriveTarget(const QueueDocument& source, const Texts& attributes,
                                Queues& queues) {
  const auto redrive = RedriveOf(attributes);
  if (!redrive) return {};
  const std::string& text = attributes.at(kRedrive);
  const auto target = queues.Find(redrive->target);
  const Error missing = BadPolicy(kRedrive, text, "Dead letter target does not exist.");
  if (!target) return target.error().code == ErrorCode::kNotFound ? missing : target.error();
  QueueDocument there;
  {
    const std::scoped_lock lock((*target)->mutex);
    there = (*target)->document;
  }
  const auto policy = json::Parse(text);
  if (*policy->Find("deadLetterTargetArn") != Value(ArnOf(there))) return missing;
  if (!MayUse(source, there.attributes)) {
    return BadPolicy(kRedrive, text, "The dead letter target's RedriveAllowPolicy denies it.");
  }
  return {};
}

Result<bool> MoveDeadLetters(Queue& source, std::vector<Received>& taken, Queues& queues) {
  std::optional<Redrive> redrive;
  {
    const std::scoped_lock lock(source.mutex);
    redrive = RedriveOf(source.document.attributes);
  }
  if (!redrive) return false;
  std::vector<std::string> dead;
  for (const Received& one : taken) {
    if (one.count > redrive->max_receives) dead.push_back(one.id);
  }
  if (dead.empty()) return false;
  const auto target = queues.Find(redrive->target);
  if (!target && target.error().code == ErrorCode::kNotFound) return false;
  if (!target) return target.error();
  const auto moved = queues.Move(source, **target, dead);
  if (!moved) return moved.error();
  if (!*moved) return false;  // the target was deleted just now
  std::erase_if(taken, [&](const Received& one) { return one.count > redrive->max_receives; });
  return true;
}

}  // namespace usher::sqs
