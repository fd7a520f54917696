#include "services/sts/service.h"

#include "services/sts/get_caller_identity.h"
#include "services/sts/session_operations.h"

namespace usher::sts {

void Register(wire::Dispatcher& dispatcher, Sessions& sessions) {
  dispatcher.Handle<api::GetCallerIdentity>(GetCallerIdentity);
  dispatcher.Handle<api::AssumeRole>(
      [&](const api::AssumeRoleRequest& request, wire::CallContext& context) {
        return AssumeRole(request, sessions, dispatcher, context);
      });
  dispatcher.Handle<api::GetSessionToken>(
      [&](const api::GetSessionTokenRequest& request, wire::CallContext& context) {
        return GetSessionToken(request, sessions, context);
      });
  dispatcher.Handle<api::GetAccessKeyInfo>(
      [&](const api::GetAccessKeyInfoRequest& request, wire::CallContext& /*context*/) {
        return GetAccessKeyInfo(request, sessions);
      });
}

}  // namespace usher::sts
