#include "services/sns/catalog.h"

#include <charconv>

#include "base/encoding.h"
#include "base/value_members.h"
#include "json/json.h"
#include "services/sns/errors.h"

namespace usher::sns {
namespace {

constexpr std::string_view kTopicKind = "sns/topic";
constexpr std::string_view kSubscriptionKind = "sns/subscription";
constexpr std::string_view kEndpointKind = "sns/endpoint";

Value ToValue(const Texts& texts) {
  ValueMap map;
  for (const auto& [name, text] : texts) map.Append(name, text);
  return map;
}

Texts TextsOf(const Value* value) {
  Texts texts;
  const ValueMap* map = value ? value->as_map() : nullptr;
  if (!map) return texts;
  for (const auto& [name, text] : *map) {
    if (text.as_string()) texts.emplace(name, *text.as_string());
  }
  return texts;
}

std::string Encode(const Topic& topic) {
  ValueMap body;
  body.Append("attributes", ToValue(topic.attributes));
  body.Append("tags", ToValue(topic.tags));
  return json::Write(body);
}

Result<Topic> DecodeTopic(const storage::Document& document) {
  const auto body = json::Parse(document.body);
  if (!body || !body->as_map()) {
    return Corrupt("the stored topic '" + document.id + "' cannot be read");
  }
  return Topic{.arn = document.id,
               .attributes = TextsOf(body->Find("attributes")),
               .tags = TextsOf(body->Find("tags")),
               .version = document.version};
}

std::string Encode(const Subscription& subscription) {
  ValueMap body;
  body.Append("protocol", subscription.protocol);
  body.Append("endpoint", subscription.endpoint);
  body.Append("attributes", ToValue(subscription.attributes));
  body.Append("confirmed", subscription.confirmed);
  body.Append("confirmedByCaller", subscription.confirmed_by_caller);
  body.Append("signedUnsubscribe", subscription.signed_unsubscribe);
  body.Append("token", subscription.token);
  body.Append("tokenMade", EpochMillis(subscription.token_made));
  body.Append("server", subscription.server);
  return json::Write(body);
}

Result<Subscription> DecodeSubscription(const storage::Document& document) {
  const auto body = json::Parse(document.body);
  if (!body || !body->as_map()) {
    return Corrupt("the stored subscription '" + document.id + "' cannot be read");
  }
  const Value* made = body->Find("tokenMade");
  return Subscription{.arn = document.id,
                      .topic_arn = document.group,
                      .protocol = TextOf(*body, "protocol"),
                      .endpoint = TextOf(*body, "endpoint"),
                      .attributes = TextsOf(body->Find("attributes")),
                      .confirmed = FlagOf(*body, "confirmed"),
                      .confirmed_by_caller = FlagOf(*body, "confirmedByCaller"),
                      .signed_unsubscribe = FlagOf(*body, "signedUnsubscribe"),
                      .token = TextOf(*body, "token"),
                      .token_made = FromEpochMillis(made && made->as_int() ? *made->as_int() : 0),
                      .server = TextOf(*body, "server"),
                      .version = document.version};
}

// One endpoint subscribes to a topic once. No part holds a line end: arns and protocols never,
// endpoints are checked.
std::string EndpointId(std::string_view topic_arn, std::string_view protocol,
                       std::string_view endpoint) {
  return std::string(topic_arn) + "\n" + std::string(protocol) + "\n" + std::string(endpoint);
}

Error BadToken() {
  return Named("InvalidParameter", ErrorCode::kInvalidInput, "Invalid parameter: NextToken", 400);
}

// Tokens are opaque to clients: the sequence after which to go on.
std::string WriteToken(std::int64_t after) { return Base64Encode(std::to_string(after)); }

Result<std::int64_t> ReadToken(const std::optional<std::string>& token) {
  if (!token || token->empty()) return std::int64_t{0};
  const auto text = Base64Decode(*token);
  std::int64_t after = 0;
  if (!text) return BadToken();
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), after);
  if (error != std::errc() || end != text->data() + text->size() || after <= 0) return BadToken();
  return after;
}

template <typename T, typename Decode>
Result<PageOf<T>> List(const storage::DocumentStore& store, std::string_view kind,
                       std::optional<std::string_view> group,
                       const std::optional<std::string>& token, Decode decode) {
  const auto after = ReadToken(token);
  if (!after) return after.error();
  const auto found = store.List(kind, group, *after, kPageSize);
  if (!found) return found.error();
  PageOf<T> page;
  for (const storage::Document& document : found->documents) {
    auto item = decode(document);
    if (!item) return item.error();
    page.items.push_back(*std::move(item));
  }
  if (found->next_after) page.next_token = WriteToken(*found->next_after);
  return page;
}

}  // namespace

Result<void> Catalog::AddTopic(const Topic& topic) const {
  storage::Batch batch;
  batch.Create(std::string(kTopicKind), topic.arn, "", Encode(topic));
  return store_.Commit(batch);
}

Result<Topic> Catalog::FindTopic(std::string_view arn) const {
  const auto document = store_.Get(kTopicKind, arn);
  if (!document) return document.error();
  if (!*document) return NoSuchTopic();
  return DecodeTopic(**document);
}

Result<PageOf<Topic>> Catalog::ListTopics(const std::optional<std::string>& token) const {
  return List<Topic>(store_, kTopicKind, std::nullopt, token, DecodeTopic);
}

Result<void> Catalog::ModifyTopic(std::string_view arn,
                                  const std::function<Result<void>(Topic&)>& change) const {
  while (true) {
    auto topic = FindTopic(arn);
    if (!topic) return topic.error();
    if (auto changed = change(*topic); !changed) return changed;
    storage::Batch batch;
    batch.Update(std::string(kTopicKind), topic->arn, topic->version, Encode(*topic));
    auto committed = store_.Commit(batch);
    if (committed || committed.error().code != ErrorCode::kInUse) return committed;
  }
}

Result<void> Catalog::DeleteTopic(std::string_view arn) const {
  while (true) {
    const auto subscriptions = SubscriptionsOf(arn);
    if (!subscriptions) return subscriptions.error();
    storage::Batch batch;
    batch.Delete(std::string(kTopicKind), std::string(arn));
    for (const Subscription& one : *subscriptions) {
      batch.Delete(std::string(kSubscriptionKind), one.arn);
      batch.Delete(std::string(kEndpointKind), EndpointId(arn, one.protocol, one.endpoint));
    }
    batch.RequireEmpty(std::string(kSubscriptionKind), std::string(arn));
    auto committed = store_.Commit(batch);
    if (committed || committed.error().code != ErrorCode::kInUse) return committed;
    // Somebody subscribed in between.
  }
}

Result<void> Catalog::AddSubscription(const Subscription& subscription,
                                      storage::Batch batch) const {
  const auto all = SubscriptionsOf(subscription.topic_arn);
  if (!all) return all.error();
  if (all->size() >= kMaxSubscriptionsPerTopic) {
    return Named(
        "SubscriptionLimitExceeded", ErrorCode::kLimitExceeded,
        "A topic has at most " + std::to_string(kMaxSubscriptionsPerTopic) + " subscriptions", 403);
  }
  batch.Require(std::string(kTopicKind), subscription.topic_arn);
  batch.Create(std::string(kEndpointKind),
               EndpointId(subscription.topic_arn, subscription.protocol, subscription.endpoint), "",
               subscription.arn);
  batch.Create(std::string(kSubscriptionKind), subscription.arn, subscription.topic_arn,
               Encode(subscription));
  auto committed = store_.Commit(batch);
  if (!committed && committed.error().code == ErrorCode::kNotFound) return NoSuchTopic();
  return committed;
}

Result<Subscription> Catalog::FindSubscription(std::string_view arn) const {
  const auto document = store_.Get(kSubscriptionKind, arn);
  if (!document) return document.error();
  if (!*document) return NoSuchSubscription();
  return DecodeSubscription(**document);
}

Result<std::optional<Subscription>> Catalog::FindByEndpoint(std::string_view topic_arn,
                                                            std::string_view protocol,
                                                            std::string_view endpoint) const {
  const auto document = store_.Get(kEndpointKind, EndpointId(topic_arn, protocol, endpoint));
  if (!document) return document.error();
  if (!*document) return std::optional<Subscription>();
  auto found = FindSubscription((*document)->body);
  if (!found && found.error().code == ErrorCode::kNotFound) return std::optional<Subscription>();
  if (!found) return found.error();
  return std::optional(*std::move(found));
}

Result<PageOf<Subscription>> Catalog::ListSubscriptions(
    std::optional<std::string_view> topic_arn, const std::optional<std::string>& token) const {
  return List<Subscription>(store_, kSubscriptionKind, topic_arn, token, DecodeSubscription);
}

Result<std::vector<Subscription>> Catalog::SubscriptionsOf(std::string_view topic_arn) const {
  std::vector<Subscription> all;
  std::int64_t after = 0;
  while (true) {
    const auto page = store_.List(kSubscriptionKind, topic_arn, after, kMaxSubscriptionsPerTopic);
    if (!page) return page.error();
    for (const storage::Document& document : page->documents) {
      auto subscription = DecodeSubscription(document);
      if (!subscription) return subscription.error();
      all.push_back(*std::move(subscription));
    }
    if (!page->next_after) return all;
    after = *page->next_after;
  }
}

Result<Subscription> Catalog::ModifySubscription(
    std::string_view arn,
    const std::function<Result<void>(Subscription&, storage::Batch&)>& change) const {
  while (true) {
    auto subscription = FindSubscription(arn);
    if (!subscription) return subscription;
    storage::Batch batch;
    if (const auto changed = change(*subscription, batch); !changed) return changed.error();
    batch.Update(std::string(kSubscriptionKind), subscription->arn, subscription->version,
                 Encode(*subscription));
    const auto committed = store_.Commit(batch);
    if (committed) return subscription;
    if (committed.error().code == ErrorCode::kNotFound) return NoSuchSubscription();
    if (committed.error().code != ErrorCode::kInUse) return committed.error();
  }
}

Result<void> Catalog::DeleteSubscription(std::string_view arn) const {
  const auto found = FindSubscription(arn);
  if (!found && found.error().code == ErrorCode::kNotFound) return {};
  if (!found) return found.error();
  storage::Batch batch;
  batch.Delete(std::string(kSubscriptionKind), found->arn);
  batch.Delete(std::string(kEndpointKind),
               EndpointId(found->topic_arn, found->protocol, found->endpoint));
  return store_.Commit(batch);
}

}  // namespace usher::sns
