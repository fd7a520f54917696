// Operations ListSubscriptions, ListSubscriptionsByTopic, GetSubscriptionAttributes,
// SetSubscriptionAttributes.
#include "services/sns/catalog.h"
#include "services/sns/errors.h"
#include "services/sns/operations.h"
#include "services/sns/subscription_rules.h"

namespace usher::sns {
namespace {

constexpr std::string_view kPending = "PendingConfirmation";

std::vector<api::Subscription> Shown(std::vector<Subscription>& subscriptions) {
  std::vector<api::Subscription> shown;
  for (Subscription& one : subscriptions) {
    shown.push_back({.subscription_arn = one.confirmed ? std::move(one.arn) : std::string(kPending),
                     .owner = std::string(wire::kAccountId),
                     .protocol = std::move(one.protocol),
                     .endpoint = std::move(one.endpoint),
                     .topic_arn = std::move(one.topic_arn)});
  }
  return shown;
}

const char* Text(bool flag) { return flag ? "true" : "false"; }

}  // namespace

// Errors: invalid token.
Result<api::ListSubscriptionsResponse> ListSubscriptions(const api::ListSubscriptionsInput& request,
                                                         Service& service,
                                                         wire::CallContext& /*context*/) {
  auto page = Catalog(service.store).ListSubscriptions(std::nullopt, request.next_token);
  if (!page) return page.error();
  return api::ListSubscriptionsResponse{.subscriptions = Shown(page->items),
                                        .next_token = page->next_token};
}

// Errors: not found, invalid token.
Result<api::ListSubscriptionsByTopicResponse> ListSubscriptionsByTopic(
    const api::ListSubscriptionsByTopicInput& request, Service& service,
    wire::CallContext& /*context*/) {
  const Catalog catalog(service.store);
  if (const auto topic = catalog.FindTopic(request.topic_arn); !topic) return topic.error();
  auto page = catalog.ListSubscriptions(request.topic_arn, request.next_token);
  if (!page) return page.error();
  return api::ListSubscriptionsByTopicResponse{.subscriptions = Shown(page->items),
                                               .next_token = page->next_token};
}

// Errors: not found.
Result<api::GetSubscriptionAttributesResponse> GetSubscriptionAttributes(
    const api::GetSubscriptionAttributesInput& request, Service& service,
    wire::CallContext& /*context*/) {
  auto found = Catalog(service.store).FindSubscription(request.subscription_arn);
  if (!found) return found.error();
  Texts attributes = std::move(found->attributes);
  attributes["SubscriptionArn"] = found->arn;
  attributes["TopicArn"] = found->topic_arn;
  attributes["Owner"] = wire::kAccountId;
  attributes["Protocol"] = found->protocol;
  attributes["Endpoint"] = found->endpoint;
  attributes["PendingConfirmation"] = Text(!found->confirmed);
  attributes["ConfirmationWasAuthenticated"] = Text(found->confirmed_by_caller);
  attributes["SubscriptionPrincipal"] = "arn:aws:iam::" + std::string(wire::kAccountId) + ":root";
  attributes.emplace("RawMessageDelivery", "false");
  if (attributes.contains("FilterPolicy")) {
    attributes.emplace("FilterPolicyScope", "MessageAttributes");
  }
  return api::GetSubscriptionAttributesResponse{.attributes = std::move(attributes)};
}

// Errors: not found, invalid input.
Result<api::SetSubscriptionAttributesResponse> SetSubscriptionAttributes(
    const api::SetSubscriptionAttributesInput& request, Service& service,
    wire::CallContext& /*context*/) {
  const auto done =
      Catalog(service.store)
          .ModifySubscription(request.subscription_arn,
                              [&](Subscription& one, storage::Batch& /*batch*/) -> Result<void> {
                                auto set = SetSubscriptionAttribute(
                                    request.attribute_name, request.attribute_value.value_or(""),
                                    one.protocol, one.attributes);
                                return set ? CheckFilter(one.attributes) : set;
                              });
  if (!done) return done.error();
  return api::SetSubscriptionAttributesResponse{};
}

}  // namespace usher::sns
