// Operation GetUser. The account's root, to whom the server's own key belongs, is the one user.
#include "services/iam/operations.h"

namespace usher::iam {
namespace {

constexpr std::string_view kRoot = "root";

}  // namespace

// Without a name, the caller. The root is as old as time: its creation is given as the epoch.
// Errors: not found; invalid input when a caller without a user names none.
Result<api::GetUserResponse> GetUser(const api::GetUserRequest& request,
                                     const wire::CallContext& context) {
  const wire::Caller& caller = context.caller;
  const bool is_root = caller.arn.empty() || caller.arn.ends_with(":root");
  if (!request.user_name && !is_root) {
    return Named("ValidationError", ErrorCode::kInvalidInput,
                 "Must specify userName when calling with non-User credentials", 400);
  }
  if (request.user_name && *request.user_name != kRoot) {
    return NotFound("The user with name " + *request.user_name + " cannot be found.");
  }
  const std::string account(wire::kAccountId);
  return api::GetUserResponse{.user = {.path = "/",
                                       .user_name = std::string(kRoot),
                                       .user_id = account,
                                       .arn = "arn:aws:iam::" + account + ":root",
                                       .create_date = FromEpochMillis(0)}};
}

}  // namespace usher::iam
