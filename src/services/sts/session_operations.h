// Operations AssumeRole, GetSessionToken, GetAccessKeyInfo.
#pragma once

#include "base/result.h"
#include "services/sts/sessions.h"
#include "wire/dispatcher.h"
#include "wire/sts.h"

namespace usher::sts {

namespace api = usher::api::sts;

// The role must be there; whom its trust policy names is not looked at, as no policy is enforced.
// Errors: access denied for a role that is not there; invalid input for a duration beyond the
// role's, or beyond an hour for a caller that is a role itself; malformed policy document.
Result<api::AssumeRoleResponse> AssumeRole(const api::AssumeRoleRequest& request,
                                           Sessions& sessions, const wire::Dispatcher& dispatcher,
                                           wire::CallContext& context);

// Errors: access denied for a caller whose own key is of a session.
Result<api::GetSessionTokenResponse> GetSessionToken(const api::GetSessionTokenRequest& request,
                                                     Sessions& sessions,
                                                     wire::CallContext& context);

// Errors: invalid input for a key that this server has not given out.
Result<api::GetAccessKeyInfoResponse> GetAccessKeyInfo(const api::GetAccessKeyInfoRequest& request,
                                                       const Sessions& sessions);

}  // namespace usher::sts
