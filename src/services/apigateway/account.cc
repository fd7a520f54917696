// Operations GetAccount and UpdateAccount. The role for logs is kept and given back: the logs are
// written without one.
#include "services/apigateway/operations.h"
#include "services/apigateway/patch.h"

namespace usher::apigateway {
namespace {

constexpr PatchRule kRules[] = {{"/cloudwatchRoleArn"}};

api::Account Shown(const std::string& role) {
  api::Account account{
      .throttle_settings = api::ThrottleSettings{.burst_limit = 5000, .rate_limit = 10'000.0},
      .features = std::vector<std::string>{"UsagePlans"},
      .api_key_version = "4"};
  if (!role.empty()) account.cloudwatch_role_arn = role;
  return account;
}

}  // namespace

Result<api::Account> GetAccount(const api::GetAccountRequest& /*request*/, Service& service,
                                wire::CallContext& context) {
  const auto role = service.catalog.CloudwatchRole(context.region);
  if (!role) return role.error();
  return Shown(*role);
}

// Errors: invalid input.
Result<api::Account> UpdateAccount(const api::UpdateAccountRequest& request, Service& service,
                                   wire::CallContext& context) {
  const auto role = service.catalog.CloudwatchRole(context.region);
  if (!role) return role.error();
  const auto patched = Patched(Shown(*role), request.patch_operations, kRules);
  if (!patched) return patched.error();
  const std::string arn = patched->cloudwatch_role_arn.value_or("");
  if (!arn.empty() && (!arn.starts_with("arn:") || arn.find(":iam::") == std::string::npos)) {
    return InvalidInput("The role ARN is not well formed: " + arn.substr(0, 200));
  }
  const auto set = service.catalog.SetCloudwatchRole(context.region, arn);
  if (!set) return set.error();
  return Shown(arn);
}

}  // namespace usher::apigateway
