// What subscriptions may be: protocols, endpoints, attributes.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "services/sns/catalog.h"

namespace usher::sns {

// The lane that delivers to a protocol; empty when there is no such protocol.
[[nodiscard]] std::string_view LaneOf(std::string_view protocol);

// True where the owner of the endpoint must agree first.
[[nodiscard]] bool NeedsConfirmation(std::string_view protocol);

// Errors: invalid input for a protocol that is unknown or not built and for an endpoint that is not
// one of the protocol's.
Result<void> CheckEndpoint(std::string_view protocol, std::string_view endpoint);

// Checks and sets one; an empty value removes it. Errors: invalid input.
Result<void> SetSubscriptionAttribute(std::string_view name, const std::string& value,
                                      std::string_view protocol, Texts& attributes);

// The attributes together: a filter policy must suit its scope.
Result<void> CheckFilter(const Texts& attributes);

}  // namespace usher::sns
