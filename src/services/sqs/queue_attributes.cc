// Operations GetQueueAttributes, SetQueueAttributes, TagQueue, UntagQueue, ListQueueTags.
#include "services/sqs/errors.h"
#include "services/sqs/operations.h"
#include "services/sqs/queue_rules.h"
#include "services/sqs/redrive.h"

namespace usher::sqs {
namespace {

constexpr std::size_t kMaxTags = 50;
constexpr std::size_t kMaxTagKeyBytes = 512;     // 128 characters
constexpr std::size_t kMaxTagValueBytes = 1024;  // 256 characters

Texts AllAttributes(const Queue& queue, Time now) {
  Texts all = DefaultAttributes();
  for (const auto& [name, value] : queue.document.attributes) all[name] = value;
  const MessageIndex::Counts counts = queue.index.Count(now);
  all["QueueArn"] = "arn:aws:sqs:" + queue.document.region + ":" + std::string(wire::kAccountId) +
                    ":" + queue.document.name;
  all["CreatedTimestamp"] = std::to_string(EpochMillis(queue.document.created) / 1000);
  all["LastModifiedTimestamp"] = std::to_string(EpochMillis(queue.document.modified) / 1000);
  all["ApproximateNumberOfMessages"] = std::to_string(counts.visible);
  all["ApproximateNumberOfMessagesNotVisible"] = std::to_string(counts.in_flight);
  all["ApproximateNumberOfMessagesDelayed"] = std::to_string(counts.delayed);
  all.emplace("SqsManagedSseEnabled", "false");
  return all;
}

}  // namespace

// Errors: QueueDoesNotExist.
Answer<api::GetQueueAttributes> GetQueueAttributes(const api::GetQueueAttributesRequest& request,
                                                   Service& service,
                                                   wire::CallContext& /*context*/) {
  const auto queue = service.queues().FindByUrl(request.queue_url);
  if (!queue) return queue.error();
  Texts all;
  {
    const std::scoped_lock lock((*queue)->mutex);
    all = AllAttributes(**queue, service.queues().Now());
  }
  Texts wanted;
  for (const std::string& name : request.attribute_names.value_or(std::vector<std::string>())) {
    if (name == "All") {
      wanted = all;
      break;
    }
    // The model names those that exist; one that is not set is not told.
    if (const auto found = all.find(name); found != all.end()) wanted.insert(*found);
  }
  api::GetQueueAttributesResult result;
  if (!wanted.empty()) result.attributes = std::move(wanted);
  return result;
}

// Errors: QueueDoesNotExist, InvalidAttributeName, InvalidAttributeValue.
Answer<api::SetQueueAttributes> SetQueueAttributes(const api::SetQueueAttributesRequest& request,
                                                   Service& service,
                                                   wire::CallContext& /*context*/) {
  if (request.attributes.contains("RedrivePolicy")) {
    // Form, then target, before the change: it may not wait for another queue.
    const auto queue = service.queues().FindByUrl(request.queue_url);
    if (!queue) return queue.error();
    QueueDocument source;
    {
      const std::scoped_lock lock((*queue)->mutex);
      source = (*queue)->document;
    }
    const std::string& policy = request.attributes.at("RedrivePolicy");
    if (const auto form = CheckRedriveForm("RedrivePolicy", policy); !form) return form.error();
    const auto target = CheckRedriveTarget(source, {{"RedrivePolicy", policy}}, service.queues());
    if (!target) return target.error();
  }
  const auto done =
      service.queues().Modify(request.queue_url, [&](QueueDocument& document) -> Result<void> {
        for (const auto& [name, value] : request.attributes) {
          if (auto set = SetQueueAttribute(name, value, document.attributes); !set) return set;
        }
        return {};
      });
  if (!done) return done.error();
  return api::SetQueueAttributes::Response{};
}

// Errors: QueueDoesNotExist, invalid input.
Answer<api::TagQueue> TagQueue(const api::TagQueueRequest& request, Service& service,
                               wire::CallContext& /*context*/) {
  const auto done =
      service.queues().Modify(request.queue_url, [&](QueueDocument& document) -> Result<void> {
        for (const auto& [key, value] : request.tags) {
          if (key.empty() || key.size() > kMaxTagKeyBytes || value.size() > kMaxTagValueBytes) {
            return InvalidValue("Tag keys have 1 to 128 characters, values at most 256.");
          }
          document.tags[key] = value;
        }
        if (document.tags.size() > kMaxTags) {
          return InvalidValue("A queue has at most " + std::to_string(kMaxTags) + " tags.");
        }
        return {};
      });
  if (!done) return done.error();
  return api::TagQueue::Response{};
}

// Errors: QueueDoesNotExist.
Answer<api::UntagQueue> UntagQueue(const api::UntagQueueRequest& request, Service& service,
                                   wire::CallContext& /*context*/) {
  const auto done =
      service.queues().Modify(request.queue_url, [&](QueueDocument& document) -> Result<void> {
        for (const std::string& key : request.tag_keys) document.tags.erase(key);
        return {};
      });
  if (!done) return done.error();
  return api::UntagQueue::Response{};
}

// Errors: QueueDoesNotExist.
Answer<api::ListQueueTags> ListQueueTags(const api::ListQueueTagsRequest& request, Service& service,
                                         wire::CallContext& /*context*/) {
  const auto queue = service.queues().FindByUrl(request.queue_url);
  if (!queue) return queue.error();
  const std::scoped_lock lock((*queue)->mutex);
  api::ListQueueTagsResult result;
  if (!(*queue)->document.tags.empty()) result.tags = (*queue)->document.tags;
  return result;
}

}  // namespace usher::sqs
