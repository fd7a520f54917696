#include "services/sts/get_caller_identity.h"

namespace usher::sts {

Result<api::GetCallerIdentityResponse> GetCallerIdentity(
    const api::GetCallerIdentityRequest& /*request*/, wire::CallContext& context) {
  const wire::Caller& caller = context.caller;
  const bool is_root = caller.access_key_id.empty() || caller.arn.ends_with(":root");
  return api::GetCallerIdentityResponse{
      .user_id = is_root ? caller.account_id : caller.access_key_id,
      .account = caller.account_id,
      .arn = caller.arn.empty() ? "arn:aws:iam::" + caller.account_id + ":root" : caller.arn};
}

}  // namespace usher::sts
