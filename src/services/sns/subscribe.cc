// Operations Subscribe, ConfirmSubscription, Unsubscribe.
#include <algorithm>
#include <array>

#include "base/random.h"
#include "services/sns/errors.h"
#include "services/sns/message.h"
#include "services/sns/operations.h"
#include "services/sns/subscription_rules.h"
#include "wire/digest.h"

namespace usher::sns {
namespace {

constexpr std::chrono::hours kTokenLife{72};
constexpr std::size_t kUuidBytes = 36;
constexpr std::size_t kTokenSecretBytes = 48;
constexpr std::string_view kPending = "pending confirmation";

// Begins with the subscription's UUID, by which it is found again.
std::string NewToken(std::string_view subscription_arn) {
  std::string token(subscription_arn.substr(subscription_arn.size() - kUuidBytes));
  std::erase(token, '-');
  return token + SecureHex(kTokenSecretBytes);
}

// The subscription's ARN that a token speaks of; empty when it is none of ours.
std::string ArnOfToken(std::string_view topic_arn, std::string_view token) {
  constexpr std::array<std::size_t, 5> groups{8, 4, 4, 4, 12};
  if (token.size() != 2 * kTokenSecretBytes + kUuidBytes - 4) return {};
  std::string arn(topic_arn);
  char separator = ':';
  for (const std::size_t group : groups) {
    arn += separator;
    arn += token.substr(0, group);
    token.remove_prefix(group);
    separator = '-';
  }
  return arn;
}

Error InvalidToken() { return InvalidParameter("Token", "Invalid token"); }

// The question whether the endpoint's owner wants this.
void AskOwner(Service& service, const Subscription& subscription, storage::Batch& batch) {
  Message message{.kind = Message::Kind::kConfirmation,
                  .id = NewUuid(),
                  .topic_arn = subscription.topic_arn,
                  .subscription_arn = subscription.arn,
                  .text = "You have chosen to subscribe to the topic " + subscription.topic_arn +
                          ".\nTo confirm the subscription, visit the SubscribeURL included in "
                          "this message.",
                  .token = subscription.token,
                  .time = service.clock.Now()};
  service.queue.Enqueue(batch, LaneOf(subscription.protocol),
                        {.key = subscription.topic_arn, .payload = EncodePayload(message)});
}

// For an endpoint that has subscribed before.
Result<Subscription> SubscribeAgain(const Subscription& there, const Texts* attributes,
                                    Service& service) {
  if (attributes && *attributes != there.attributes) {
    return InvalidParameter("Attributes", "Subscription already exists with different attributes");
  }
  if (there.confirmed) return there;
  return Catalog(service.store)
      .ModifySubscription(there.arn, [&](Subscription& one, storage::Batch& batch) -> Result<void> {
        if (one.confirmed) return {};
        // The token stays: links in earlier mails go on working, for longer.
        one.token_made = service.clock.Now();
        AskOwner(service, one, batch);
        return {};
      });
}

}  // namespace

// Errors: not found, invalid input, limit exceeded.
Result<api::SubscribeResponse> Subscribe(const api::SubscribeInput& request, Service& service,
                                         wire::CallContext& context) {
  const std::string endpoint = request.endpoint.value_or("");
  if (const auto valid = CheckEndpoint(request.protocol, endpoint); !valid) return valid.error();
  if (LaneOf(request.protocol) == "sns/http") {
    const auto open = service.http.CheckTarget(endpoint);
    if (!open) return InvalidParameter("Endpoint", open.error().message);
  }
  const Catalog catalog(service.store);
  if (const auto topic = catalog.FindTopic(request.topic_arn); !topic) return topic.error();
  Texts attributes;
  for (const auto& [name, value] : request.attributes.value_or(Texts())) {
    const auto set = SetSubscriptionAttribute(name, value, request.protocol, attributes);
    if (!set) return set.error();
  }
  if (const auto filter = CheckFilter(attributes); !filter) return filter.error();

  Subscription subscription{
      .arn = request.topic_arn + ":" + NewUuid(),
      .topic_arn = request.topic_arn,
      .protocol = request.protocol,
      .endpoint = endpoint,
      .attributes = attributes,
      .confirmed = service.options.auto_confirm || !NeedsConfirmation(request.protocol),
      .token_made = service.clock.Now(),
      .server = context.endpoint.empty() ? service.options.endpoint : context.endpoint};
  subscription.confirmed_by_caller = subscription.confirmed;
  storage::Batch batch;
  if (!subscription.confirmed) {
    subscription.token = NewToken(subscription.arn);
    AskOwner(service, subscription, batch);
  }
  while (true) {
    const auto there = catalog.FindByEndpoint(request.topic_arn, request.protocol, endpoint);
    if (!there) return there.error();
    if (*there) {
      auto again = SubscribeAgain(**there, request.attributes ? &attributes : nullptr, service);
      if (!again) return again.error();
      subscription = *std::move(again);
      break;
    }
    const auto added = catalog.AddSubscription(subscription, batch);
    if (added) break;
    if (added.error().code != ErrorCode::kAlreadyExists) return added.error();
    // The same endpoint subscribed in between.
  }
  service.queue.Wake();
  const bool tells = subscription.confirmed || request.return_subscription_arn.value_or(false);
  return api::SubscribeResponse{.subscription_arn =
                                    tells ? subscription.arn : std::string(kPending)};
}

// Also by a link, without a signature: the token is the proof. Errors: invalid input for a token
// that is wrong or too old, not found.
Result<api::ConfirmSubscriptionResponse> ConfirmSubscription(
    const api::ConfirmSubscriptionInput& request, Service& service, wire::CallContext& context) {
  const Catalog catalog(service.store);
  if (const auto topic = catalog.FindTopic(request.topic_arn); !topic) return topic.error();
  const std::string arn = ArnOfToken(request.topic_arn, request.token);
  if (arn.empty()) return InvalidToken();
  const bool must_sign =
      request.authenticate_on_unsubscribe && *request.authenticate_on_unsubscribe == "true";
  if (must_sign && context.caller.anonymous) {
    return Named("AuthorizationError", ErrorCode::kAccessDenied,
                 "AuthenticateOnUnsubscribe needs a signed request", 403);
  }
  const Time now = service.clock.Now();
  const auto confirmed = catalog.ModifySubscription(
      arn, [&](Subscription& one, storage::Batch& /*batch*/) -> Result<void> {
        if (one.token.empty() || !wire::EqualInConstantTime(one.token, request.token)) {
          return InvalidToken();
        }
        if (one.confirmed) return {};
        if (now - one.token_made > kTokenLife) {
          return InvalidParameter("Token",
                                  "the token is older than 3 days; subscribe again for "
                                  "a new one");
        }
        one.confirmed = true;
        one.confirmed_by_caller = !context.caller.anonymous;
        one.signed_unsubscribe = must_sign;
        return {};
      });
  if (!confirmed && confirmed.error().code == ErrorCode::kNotFound) return InvalidToken();
  if (!confirmed) return confirmed.error();
  return api::ConfirmSubscriptionResponse{.subscription_arn = confirmed->arn};
}

// Also by a link, without a signature, unless the subscription was confirmed otherwise.
Result<api::UnsubscribeResponse> Unsubscribe(const api::UnsubscribeInput& request, Service& service,
                                             wire::CallContext& context) {
  const Catalog catalog(service.store);
  if (!request.subscription_arn.starts_with("arn:aws:sns:")) {
    return InvalidParameter("SubscriptionArn", "it is no ARN of a subscription");
  }
  const auto found = catalog.FindSubscription(request.subscription_arn);
  if (!found && found.error().code == ErrorCode::kNotFound) return api::UnsubscribeResponse{};
  if (!found) return found.error();
  if (found->signed_unsubscribe && context.caller.anonymous) {
    return Named("AuthorizationError", ErrorCode::kAccessDenied,
                 "This subscription is ended by signed requests alone", 403);
  }
  if (const auto deleted = catalog.DeleteSubscription(found->arn); !deleted) return deleted.error();
  return api::UnsubscribeResponse{};
}

}  // namespace usher::sns
