#include "services/s3/notification_rules.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "base/random.h"
#include "base/text.h"
#include "services/s3/errors.h"
#include "services/s3/names.h"

namespace usher::s3 {
namespace {

constexpr std::size_t kMaxIdBytes = 255;

// The events that happen here, and the families that they belong to.
constexpr std::array<std::string_view, 8> kEvents = {
    "s3:ObjectCreated:*",      "s3:ObjectCreated:Put",
    "s3:ObjectCreated:Post",   "s3:ObjectCreated:Copy",
    "s3:ObjectRemoved:*",      "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectRemoved:Delete", "s3:ObjectRemoved:DeleteMarkerCreated"};

struct Filter {
  std::string prefix;
  std::string suffix;
};

Filter FilterOf(const std::optional<api::s3::NotificationConfigurationFilter>& given) {
  Filter filter;
  if (!given || !given->key || !given->key->filter_rules) return filter;
  for (const api::s3::FilterRule& rule : *given->key->filter_rules) {
    const std::string name = AsciiLower(rule.name.value_or(""));
    if (name == "prefix") filter.prefix = rule.value.value_or("");
    if (name == "suffix") filter.suffix = rule.value.value_or("");
  }
  return filter;
}

Result<void> CheckFilter(const std::optional<api::s3::NotificationConfigurationFilter>& given) {
  if (!given || !given->key || !given->key->filter_rules) return {};
  std::set<std::string> seen;
  for (const api::s3::FilterRule& rule : *given->key->filter_rules) {
    const std::string name = AsciiLower(rule.name.value_or(""));
    if (name != "prefix" && name != "suffix") {
      return InvalidArgument("FilterRule.Name", rule.name.value_or(""),
                             "filter rule name must be either prefix or suffix");
    }
    if (!seen.insert(name).second) {
      return InvalidArgument("FilterRule.Name", rule.name.value_or(""),
                             "Cannot specify more than one " + name + " rule in a filter.");
    }
    const std::string value = rule.value.value_or("");
    if (value.size() > kMaxKeyBytes) {
      return InvalidArgument("FilterRule.Value", value.substr(0, 100),
                             "Size of filter rule value cannot exceed " +
                                 std::to_string(kMaxKeyBytes) + " bytes in UTF-8 representation");
    }
  }
  return {};
}

// "s3:ObjectCreated:Put" > "s3:ObjectCreated:"
std::string_view FamilyOf(std::string_view event) { return event.substr(0, event.rfind(':') + 1); }

bool ShareAnEvent(const NotificationRule& a, const NotificationRule& b) {
  for (const std::string_view one : a.events) {
    for (const std::string_view other : b.events) {
      if (one == other) return true;
      if (FamilyOf(one) == FamilyOf(other) && (one.ends_with('*') || other.ends_with('*'))) {
        return true;
      }
    }
  }
  return false;
}

bool ShareAKey(const NotificationRule& a, const NotificationRule& b) {
  return (a.prefix.starts_with(b.prefix) || b.prefix.starts_with(a.prefix)) &&
         (a.suffix.ends_with(b.suffix) || b.suffix.ends_with(a.suffix));
}

std::string_view ServiceOf(TargetKind kind) {
  switch (kind) {
    case TargetKind::kFunction:
      return "lambda";
    case TargetKind::kTopic:
      return "sns";
    case TargetKind::kQueue:
      break;
  }
  return "sqs";
}

// arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER], arn:aws:sns:REGION:ACCOUNT:NAME …
bool IsArnOf(TargetKind kind, std::string_view arn) {
  const std::vector<std::string_view> parts = Split(arn, ':');
  if (parts.size() < 6 || parts[0] != "arn" || parts[2] != ServiceOf(kind)) return false;
  if (std::ranges::any_of(parts, [](std::string_view part) { return part.empty(); })) return false;
  if (kind == TargetKind::kFunction) return parts.size() >= 7 && parts[5] == "function";
  return parts.size() == 6;
}

Result<void> CheckRule(const NotificationRule& rule) {
  if (!IsArnOf(rule.kind, rule.target)) {
    return InvalidArgument("Arn", rule.target, "The ARN is not well formed");
  }
  if (rule.target.ends_with(".fifo")) {
    return InvalidArgument("Arn", rule.target,
                           "FIFO destinations are not supported for event notifications");
  }
  if (rule.id.size() > kMaxIdBytes) {
    return InvalidArgument("Id", rule.id.substr(0, 100),
                           "The Id of a configuration has at most 255 bytes");
  }
  if (rule.events.empty()) return MalformedXml();
  for (const std::string& event : rule.events) {
    if (std::ranges::find(kEvents, event) == kEvents.end()) {
      return NotImplemented("Events of the kind " + event +
                            " are not supported by Usher: it has s3:ObjectCreated and "
                            "s3:ObjectRemoved");
    }
  }
  return {};
}

template <typename Configurations>
void AddIds(std::optional<Configurations>& configurations) {
  if (!configurations) return;
  for (auto& configuration : *configurations) {
    if (!configuration.id || configuration.id->empty()) configuration.id = NewUuid();
  }
}

template <typename Configurations>
Result<void> CheckFilters(const std::optional<Configurations>& configurations) {
  if (!configurations) return {};
  for (const auto& configuration : *configurations) {
    if (auto valid = CheckFilter(configuration.filter); !valid) return valid;
  }
  return {};
}

template <typename Configurations, typename Target>
void AddRules(std::vector<NotificationRule>& rules,
              const std::optional<Configurations>& configurations, TargetKind kind,
              const Target& target_of) {
  if (!configurations) return;
  for (const auto& configuration : *configurations) {
    Filter filter = FilterOf(configuration.filter);
    rules.push_back({.id = configuration.id.value_or(""),
                     .kind = kind,
                     .target = target_of(configuration),
                     .events = configuration.events,
                     .prefix = std::move(filter.prefix),
                     .suffix = std::move(filter.suffix)});
  }
}

}  // namespace

std::vector<NotificationRule> RulesOf(const api::s3::NotificationConfiguration& configuration) {
  std::vector<NotificationRule> rules;
  AddRules(rules, configuration.lambda_function_configurations, TargetKind::kFunction,
           [](const auto& one) { return one.lambda_function_arn; });
  AddRules(rules, configuration.topic_configurations, TargetKind::kTopic,
           [](const auto& one) { return one.topic_arn; });
  AddRules(rules, configuration.queue_configurations, TargetKind::kQueue,
           [](const auto& one) { return one.queue_arn; });
  return rules;
}

Result<void> CheckRules(api::s3::NotificationConfiguration& configuration) {
  if (configuration.event_bridge_configuration) {
    return NotImplemented(
        "EventBridge is not supported by Usher: give a function, a topic or a queue");
  }
  AddIds(configuration.lambda_function_configurations);
  AddIds(configuration.topic_configurations);
  AddIds(configuration.queue_configurations);
  if (auto valid = CheckFilters(configuration.lambda_function_configurations); !valid) {
    return valid;
  }
  if (auto valid = CheckFilters(configuration.topic_configurations); !valid) return valid;
  if (auto valid = CheckFilters(configuration.queue_configurations); !valid) return valid;

  const std::vector<NotificationRule> rules = RulesOf(configuration);
  if (rules.size() > kMaxRules) {
    return InvalidArgument("NotificationConfiguration", std::to_string(rules.size()),
                           "A bucket can have up to 100 notification configurations");
  }
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (auto valid = CheckRule(rules[i]); !valid) return valid;
    for (std::size_t j = 0; j < i; ++j) {
      if (rules[i].id == rules[j].id) {
        return InvalidArgument("Id", rules[i].id,
                               "Same ID used for multiple configurations. IDs must be unique");
      }
      if (ShareAnEvent(rules[i], rules[j]) && ShareAKey(rules[i], rules[j])) {
        return InvalidArgument(
            "NotificationConfiguration", rules[i].id,
            "Configurations overlap. Configuration is ambiguously defined: '" + rules[j].id +
                "' and '" + rules[i].id +
                "' share an event type, and their prefixes and suffixes overlap.");
      }
    }
  }
  return {};
}

bool TakesEvent(const NotificationRule& rule, std::string_view event) {
  return std::ranges::any_of(rule.events, [&](std::string_view taken) {
    taken.remove_prefix(std::string_view("s3:").size());
    if (!taken.ends_with('*')) return taken == event;
    return event.starts_with(taken.substr(0, taken.size() - 1));
  });
}

bool TakesKey(const NotificationRule& rule, std::string_view key) {
  return key.starts_with(rule.prefix) && key.ends_with(rule.suffix);
}

std::string NearestMiss(const std::vector<NotificationRule>& rules, std::string_view event,
                        std::string_view key) {
  const NotificationRule* nearest = nullptr;
  int nearest_agrees = -1;
  for (const NotificationRule& rule : rules) {
    if (!TakesEvent(rule, event)) continue;
    // One that looks at the right folder is closer than one that wants the right ending.
    const int agrees =
        (key.starts_with(rule.prefix) ? 2 : 0) + (key.ends_with(rule.suffix) ? 1 : 0);
    if (agrees > nearest_agrees) {
      nearest = &rule;
      nearest_agrees = agrees;
    }
  }
  if (!nearest) return "";
  std::string says = "rule " + nearest->id + " differs in ";
  if (!key.starts_with(nearest->prefix)) says += "prefix ('" + nearest->prefix + "')";
  if (nearest_agrees == 0) says += " and ";
  if (!key.ends_with(nearest->suffix)) says += "suffix ('" + nearest->suffix + "')";
  return says;
}

}  // namespace usher::s3
