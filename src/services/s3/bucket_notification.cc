// Operations PutBucketNotificationConfiguration and GetBucketNotificationConfiguration. A
// configuration replaces the whole of the one before; an empty one removes it. Errors:
// InvalidArgument for rules that cannot be (notification_rules.h) and, unless the caller asks to
// skip that check, for targets that do not take events.
#include "base/log.h"
#include "json/json.h"
#include "services/s3/bucket_access.h"
#include "services/s3/errors.h"
#include "services/s3/notification_rules.h"
#include "services/s3/operations.h"

namespace usher::s3 {
namespace {

Result<void> TryTarget(const NotificationRule& rule, const std::string& bucket,
                       const wire::CallContext& context, const ObjectEvents& events) {
  if (rule.kind == TargetKind::kFunction) return events.FindFunction(rule.target, context);
  return events.SendTest(rule, bucket, context);
}

// Topics and queues get their test message here, which is the check as well.
Result<void> TryTargets(const std::vector<NotificationRule>& rules, const std::string& bucket,
                        bool may_fail, const wire::CallContext& context,
                        const ObjectEvents& events) {
  for (const NotificationRule& rule : rules) {
    if (may_fail && rule.kind == TargetKind::kFunction) continue;
    const auto tried = TryTarget(rule, bucket, context, events);
    if (tried) continue;
    if (!may_fail) {
      return InvalidArgument(rule.target, rule.id,
                             "Unable to validate the following destination configurations: " +
                                 rule.target + ": " + tried.error().message);
    }
    Log(LogLevel::kWarning, "test event not delivered",
        {{"bucket", bucket}, {"target", rule.target}, {"reason", tried.error().message}});
  }
  return {};
}

}  // namespace

Result<api::s3::PutBucketNotificationConfiguration::Response> PutBucketNotificationConfiguration(
    const api::s3::PutBucketNotificationConfigurationRequest& request, wire::CallContext& context,
    storage::ObjectStore& store, ObjectEvents& events) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  api::s3::NotificationConfiguration configuration = request.notification_configuration;
  if (auto valid = CheckRules(configuration); !valid) return valid.error();
  const std::vector<NotificationRule> rules = RulesOf(configuration);
  if (auto tried = TryTargets(rules, request.bucket,
                              request.skip_destination_validation.value_or(false), context, events);
      !tried) {
    return tried.error();
  }

  const auto changed = store.ChangeBucket(request.bucket, [&](storage::Bucket& b) {
    if (rules.empty()) {
      b.settings.erase(kNotificationSetting);
    } else {
      b.settings[kNotificationSetting] = json::Write(configuration.ToValue());
    }
  });
  if (!changed) return changed.error();
  return api::s3::PutBucketNotificationConfiguration::Response{};
}

Result<api::s3::NotificationConfiguration> GetBucketNotificationConfiguration(
    const api::s3::GetBucketNotificationConfigurationRequest& request, wire::CallContext& context,
    storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  return NotificationsOf(*bucket);
}

}  // namespace usher::s3
