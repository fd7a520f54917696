// Operations CreateQueue, DeleteQueue, GetQueueUrl, ListQueues, PurgeQueue.
#include <algorithm>

#include "base/encoding.h"
#include "services/sqs/errors.h"
#include "services/sqs/operations.h"
#include "services/sqs/queue_rules.h"
#include "services/sqs/redrive.h"

namespace usher::sqs {
namespace {

constexpr std::int64_t kMaxListed = 1000;

// Whether a queue that is there is what the caller wants to make.
bool HasAttributes(const QueueDocument& document, const Texts& wanted) {
  Texts all = DefaultAttributes();
  for (const auto& [name, value] : document.attributes) all[name] = value;
  return std::ranges::all_of(wanted, [&](const auto& one) {
    const auto found = all.find(one.first);
    return found != all.end() && found->second == one.second;
  });
}

}  // namespace

// The same name again gives the same queue. Errors: invalid input; QueueNameExists when it was made
// with other attributes.
Answer<api::CreateQueue> CreateQueue(const api::CreateQueueRequest& request, Service& service,
                                     wire::CallContext& context) {
  if (const auto name = CheckQueueName(request.queue_name); !name) return name.error();
  QueueDocument document{
      .name = request.queue_name, .region = context.region, .tags = request.tags.value_or(Texts())};
  for (const auto& [name, value] : request.attributes.value_or(Texts())) {
    const auto set = SetQueueAttribute(name, value, document.attributes);
    if (!set) return set.error();
  }
  const auto target = CheckRedriveTarget(document, document.attributes, service.queues());
  if (!target) return target.error();
  const Texts wanted = document.attributes;
  const auto made = service.queues().GetOrCreate(std::move(document));
  if (!made) return made.error();
  const auto& [queue, is_new] = *made;
  const std::scoped_lock lock(queue->mutex);
  if (!is_new && !HasAttributes(queue->document, wanted)) {
    return Named("QueueNameExists", ErrorCode::kAlreadyExists,
                 "A queue already exists with the same name and a different value for an "
                 "attribute.",
                 400);
  }
  return api::CreateQueueResult{.queue_url = service.UrlOf(request.queue_name, context)};
}

// With its messages. Errors: QueueDoesNotExist.
Answer<api::DeleteQueue> DeleteQueue(const api::DeleteQueueRequest& request, Service& service,
                                     wire::CallContext& /*context*/) {
  const auto deleted = service.queues().Delete(request.queue_url);
  if (!deleted) return deleted.error();
  return api::DeleteQueue::Response{};
}

// Errors: QueueDoesNotExist.
Answer<api::GetQueueUrl> GetQueueUrl(const api::GetQueueUrlRequest& request, Service& service,
                                     wire::CallContext& context) {
  if (request.queue_owner_aws_account_id.value_or(std::string(wire::kAccountId)) !=
      wire::kAccountId) {
    return NoSuchQueue();
  }
  const auto queue = service.queues().Find(request.queue_name);
  if (!queue) return queue.error();
  return api::GetQueueUrlResult{.queue_url = service.UrlOf(request.queue_name, context)};
}

// By name. Errors: invalid input for a foreign token.
Answer<api::ListQueues> ListQueues(const api::ListQueuesRequest& request, Service& service,
                                   wire::CallContext& context) {
  const std::int64_t limit = request.max_results.value_or(kMaxListed);
  if (limit < 1 || limit > kMaxListed) return InvalidValue("MaxResults must be from 1 to 1000.");
  std::string from;
  if (request.next_token) {
    auto name = Base64Decode(*request.next_token);
    if (!name || !CheckQueueName(*name)) return InvalidValue("Invalid or expired next token.");
    from = *std::move(name);
  }
  auto names = service.queues().Names(request.queue_name_prefix.value_or(""), from,
                                      static_cast<std::size_t>(limit) + 1);
  if (!names) return names.error();
  api::ListQueuesResult result;
  if (names->size() > static_cast<std::size_t>(limit)) {
    // Without MaxResults there is one page, as in AWS.
    if (request.max_results) result.next_token = Base64Encode(names->back());
    names->pop_back();
  }
  if (names->empty()) return result;
  result.queue_urls.emplace();
  for (const std::string& name : *names) result.queue_urls->push_back(service.UrlOf(name, context));
  return result;
}

// Done when it returns. Errors: QueueDoesNotExist.
Answer<api::PurgeQueue> PurgeQueue(const api::PurgeQueueRequest& request, Service& service,
                                   wire::CallContext& /*context*/) {
  const auto queue = service.queues().FindByUrl(request.queue_url);
  if (!queue) return queue.error();
  if (const auto purged = service.queues().Purge(**queue); !purged) return purged.error();
  return api::PurgeQueue::Response{};
}

}  // namespace usher::sqs
