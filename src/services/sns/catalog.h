// Topics and subscriptions as documents (docs/formats.md).
//
// Threads: safe from any thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "storage/document_store.h"

namespace usher::sns {

inline constexpr std::size_t kMaxSubscriptionsPerTopic = 1000;
inline constexpr std::size_t kPageSize = 100;  // of everything that is listed

using Texts = std::map<std::string, std::string>;

struct Topic {
  std::string arn;
  Texts attributes;  // those that were set
  Texts tags;
  std::int64_t version = 0;
};

struct Subscription {
  std::string arn;  // of the topic, ':' and a UUID
  std::string topic_arn;
  std::string protocol;
  std::string endpoint;
  Texts attributes;  // those that were set
  bool confirmed = false;
  bool confirmed_by_caller = false;  // by a signed request, not by a link
  bool signed_unsubscribe = false;   // AuthenticateOnUnsubscribe
  std::string token;                 // confirms it; empty when nothing is to be confirmed
  Time token_made;
  std::string server;  // "http://127.0.0.1:4566", as the subscriber reached us: for links
  std::int64_t version = 0;
};

template <typename T>
struct PageOf {
  std::vector<T> items;
  std::optional<std::string> next_token;
};

class Catalog {
 public:
  explicit Catalog(storage::DocumentStore& store) : store_(store) {}

  // Errors: already exists.
  Result<void> AddTopic(const Topic& topic) const;
  // Errors: not found.
  Result<Topic> FindTopic(std::string_view arn) const;
  Result<PageOf<Topic>> ListTopics(const std::optional<std::string>& token) const;
  // Reads, lets `change` alter it, writes; again when somebody else wrote between.
  Result<void> ModifyTopic(std::string_view arn,
                           const std::function<Result<void>(Topic&)>& change) const;
  // With its subscriptions. Nothing happens when it is not there.
  Result<void> DeleteTopic(std::string_view arn) const;

  // Commits the subscription with what is in `batch`. Errors: not found without the topic; already
  // exists when the topic has this endpoint; limit exceeded.
  Result<void> AddSubscription(const Subscription& subscription, storage::Batch batch) const;
  // Errors: not found.
  Result<Subscription> FindSubscription(std::string_view arn) const;
  // The subscription of this endpoint; nullopt when there is none.
  Result<std::optional<Subscription>> FindByEndpoint(std::string_view topic_arn,
                                                     std::string_view protocol,
                                                     std::string_view endpoint) const;
  Result<PageOf<Subscription>> ListSubscriptions(std::optional<std::string_view> topic_arn,
                                                 const std::optional<std::string>& token) const;
  // All of a topic. Cost: reads each.
  Result<std::vector<Subscription>> SubscriptionsOf(std::string_view topic_arn) const;
  Result<Subscription> ModifySubscription(
      std::string_view arn,
      const std::function<Result<void>(Subscription&, storage::Batch&)>& change) const;
  // Nothing happens when it is not there.
  Result<void> DeleteSubscription(std::string_view arn) const;

 private:
  storage::DocumentStore& store_;
};

}  // namespace usher::sns
