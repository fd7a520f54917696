#include "services/sts/session_operations.h"

#include "json/json.h"
#include "wire/iam.h"

namespace usher::sts {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kRoleSeconds = 3600;     // where the caller names none
constexpr std::int64_t kChainedSeconds = 3600;  // at most, for a role that assumes another
constexpr std::int64_t kTokenSeconds = 43200;

Error Invalid(std::string message) {
  return Named("ValidationError", ErrorCode::kInvalidInput, std::move(message), 400);
}

bool IsSession(const wire::Caller& caller) {
  return caller.access_key_id.starts_with(kSessionKeyPrefix);
}

api::Credentials Shown(const Sessions::Session& session) {
  return {.access_key_id = session.access_key_id,
          .secret_access_key = session.key.secret,
          .session_token = session.key.session_token,
          .expiration = session.expires};
}

Result<void> CheckNoDevice(const std::optional<std::string>& serial,
                           const std::optional<std::string>& code) {
  if (!serial && !code) return {};
  return AccessDenied("MultiFactorAuthentication failed: Usher knows no devices");
}

Result<void> CheckSessionPolicy(const std::optional<std::string>& policy) {
  if (!policy) return {};
  const auto parsed = json::Parse(*policy);
  if (parsed && parsed->as_map() != nullptr) return {};
  return Named("MalformedPolicyDocument", ErrorCode::kInvalidInput,
               "This policy contains invalid Json", 400);
}

}  // namespace

Result<api::AssumeRoleResponse> AssumeRole(const api::AssumeRoleRequest& request,
                                           Sessions& sessions, const wire::Dispatcher& dispatcher,
                                           wire::CallContext& context) {
  if (const auto none = CheckNoDevice(request.serial_number, request.token_code); !none) {
    return none.error();
  }
  if (const auto policy = CheckSessionPolicy(request.policy); !policy) return policy.error();
  const std::string name = request.role_arn.substr(request.role_arn.rfind('/') + 1);
  const auto found = dispatcher.Call<usher::api::iam::GetRole>({.role_name = name}, context);
  if (!found && found.error().code == ErrorCode::kInternal) return found.error();
  if (!found || found->role.arn != request.role_arn) {
    return AccessDenied(
        "User: " + context.caller.arn +
        " is not authorized to perform: sts:AssumeRole on resource: " + request.role_arn);
  }
  const std::int64_t duration = request.duration_seconds.value_or(kRoleSeconds);
  if (IsSession(context.caller) && duration > kChainedSeconds) {
    return Invalid(
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role "
        "chaining");
  }
  if (duration > found->role.max_session_duration.value_or(kRoleSeconds)) {
    return Invalid(
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  }
  const std::string arn = "arn:aws:sts::" + std::string(wire::kAccountId) + ":assumed-role/" +
                          found->role.role_name + "/" + request.role_session_name;
  const auto session = sessions.Begin(arn, seconds(duration));
  if (!session) return session.error();
  return api::AssumeRoleResponse{
      .credentials = Shown(*session),
      .assumed_role_user =
          api::AssumedRoleUser{
              .assumed_role_id = found->role.role_id + ":" + request.role_session_name, .arn = arn},
      .packed_policy_size = {},
      .source_identity = request.source_identity};
}

Result<api::GetSessionTokenResponse> GetSessionToken(const api::GetSessionTokenRequest& request,
                                                     Sessions& sessions,
                                                     wire::CallContext& context) {
  if (const auto none = CheckNoDevice(request.serial_number, request.token_code); !none) {
    return none.error();
  }
  if (IsSession(context.caller)) {
    return AccessDenied("Cannot call GetSessionToken with session credentials");
  }
  const auto session =
      sessions.Begin(context.caller.arn, seconds(request.duration_seconds.value_or(kTokenSeconds)));
  if (!session) return session.error();
  return api::GetSessionTokenResponse{.credentials = Shown(*session)};
}

Result<api::GetAccessKeyInfoResponse> GetAccessKeyInfo(const api::GetAccessKeyInfoRequest& request,
                                                       const Sessions& sessions) {
  if (!sessions.Find(request.access_key_id)) {
    return Invalid("The access key " + request.access_key_id + " was not given out by this server");
  }
  return api::GetAccessKeyInfoResponse{.account = std::string(wire::kAccountId)};
}

}  // namespace usher::sts
