// Operation GetCallerIdentity.
#pragma once

#include "base/result.h"
#include "wire/dispatcher.h"
#include "wire/sts.h"

namespace usher::sts {

namespace api = usher::api::sts;

// UserId is the account for its root, else the access key: Usher has no users. Errors: none.
Result<api::GetCallerIdentityResponse> GetCallerIdentity(
    const api::GetCallerIdentityRequest& request, wire::CallContext& context);

}  // namespace usher::sts
