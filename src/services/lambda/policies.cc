// Operations AddPermission, RemovePermission, GetPolicy: the resource policy of a function, or of
// one of its versions or aliases. It is kept and given back; it restricts nobody
// (docs/security.md). Errors: not found, already exists (a statement's id), invalid input.
#include "json/json.h"
#include "services/lambda/operations.h"
#include "wire/digest.h"

namespace usher::lambda {
namespace {

constexpr std::size_t kMaxPolicyBytes = 20U << 10;

// {"Service": …} for a service, {"AWS": …} for an account or an identity.
Value PrincipalOf(const std::string& principal) {
  if (principal == "*") return principal;
  ValueMap map;
  const bool is_account =
      principal.size() == 12 && principal.find_first_not_of("0123456789") == std::string::npos;
  if (is_account) {
    map.Append("AWS", "arn:aws:iam::" + principal + ":root");
  } else if (principal.starts_with("arn:")) {
    map.Append("AWS", principal);
  } else {
    map.Append("Service", principal);
  }
  return map;
}

Value StatementOf(const api::AddPermissionRequest& request, const std::string& arn) {
  ValueMap statement;
  statement.Append("Sid", request.statement_id);
  statement.Append("Effect", "Allow");
  statement.Append("Principal", PrincipalOf(request.principal));
  statement.Append("Action", request.action);
  statement.Append("Resource", arn);
  ValueMap condition;
  const auto add = [&](const char* test, const char* key, const std::optional<std::string>& value) {
    if (!value) return;
    ValueMap one;
    one.Append(key, *value);
    if (Value* found = condition.Find(test)) {
      ValueMap merged = *found->as_map();
      merged.Append(key, *value);
      *found = merged;
    } else {
      condition.Append(test, std::move(one));
    }
  };
  add("StringEquals", "AWS:SourceAccount", request.source_account);
  add("StringEquals", "lambda:EventSourceToken", request.event_source_token);
  add("StringEquals", "lambda:FunctionUrlAuthType", request.function_url_auth_type);
  add("StringEquals", "aws:PrincipalOrgID", request.principal_org_id);
  add("ArnLike", "AWS:SourceArn", request.source_arn);
  if (!condition.empty()) statement.Append("Condition", std::move(condition));
  return statement;
}

std::string PolicyText(const ValueList& statements) {
  ValueMap policy;
  policy.Append("Version", "2012-10-17");
  policy.Append("Id", "default");
  policy.Append("Statement", statements);
  return json::Write(policy);
}

std::string RevisionOf(const std::string& text) { return wire::Sha256Hex(text).substr(0, 32); }

ValueList StatementsOf(const StoredFunction& function, const std::string& qualifier) {
  const auto found = function.policies.find(qualifier);
  const ValueList* list = found == function.policies.end() ? nullptr : found->second.as_list();
  return list != nullptr ? *list : ValueList();
}

bool HasId(const Value& statement, const std::string& id) {
  const Value* sid = statement.Find("Sid");
  return sid != nullptr && sid->as_string() != nullptr && *sid->as_string() == id;
}

Error NoPolicy() { return NotFound("The resource you requested does not exist."); }

Result<void> CheckRevision(const std::optional<std::string>& wanted, const ValueList& statements) {
  if (!wanted || *wanted == RevisionOf(PolicyText(statements))) return {};
  return Named("PreconditionFailedException", ErrorCode::kInUse,
               "The RevisionId provided does not match the latest RevisionId. Call the GetPolicy "
               "API to retrieve the latest RevisionId",
               412);
}

}  // namespace

Result<api::AddPermissionResponse> AddPermission(const api::AddPermissionRequest& request,
                                                 Service& service, wire::CallContext& context) {
  const auto name = ParseFunctionName(request.function_name, request.qualifier);
  if (!name) return name.error();
  if (const auto version = service.catalog.VersionOf(context.region, *name, 1); !version) {
    return version.error();
  }
  const Value statement =
      StatementOf(request, FunctionArn(context.region, name->name, name->qualifier));
  const auto modified = service.catalog.ModifyFunction(
      context.region, name->name, [&](StoredFunction& function) -> Result<void> {
        ValueList statements = StatementsOf(function, name->qualifier);
        if (const auto checked = CheckRevision(request.revision_id, statements); !checked) {
          return checked;
        }
        for (const Value& other : statements) {
          if (!HasId(other, request.statement_id)) continue;
          return AlreadyExists("The statement id (" + request.statement_id +
                               ") provided already exists. Please provide a new statement id, or "
                               "remove the existing statement.");
        }
        statements.push_back(statement);
        if (PolicyText(statements).size() > kMaxPolicyBytes) {
          return Named("PolicyLengthExceededException", ErrorCode::kLimitExceeded,
                       "The final policy size is bigger than the limit (20480).", 400);
        }
        function.policies[name->qualifier] = std::move(statements);
        return {};
      });
  if (!modified) return modified.error();
  return api::AddPermissionResponse{.statement = json::Write(statement)};
}

Result<api::RemovePermissionResponse> RemovePermission(const api::RemovePermissionRequest& request,
                                                       Service& service,
                                                       wire::CallContext& context) {
  const auto name = ParseFunctionName(request.function_name, request.qualifier);
  if (!name) return name.error();
  const auto modified = service.catalog.ModifyFunction(
      context.region, name->name, [&](StoredFunction& function) -> Result<void> {
        ValueList statements = StatementsOf(function, name->qualifier);
        if (statements.empty()) return NotFound("No policy is associated with the given resource.");
        if (const auto checked = CheckRevision(request.revision_id, statements); !checked) {
          return checked;
        }
        const std::size_t removed = std::erase_if(statements, [&](const Value& statement) {
          return HasId(statement, request.statement_id);
        });
        if (removed == 0) {
          return NotFound("Statement " + request.statement_id +
                          " is not found in resource policy.");
        }
        if (statements.empty()) {
          function.policies.erase(name->qualifier);
        } else {
          function.policies[name->qualifier] = std::move(statements);
        }
        return {};
      });
  if (!modified) return modified.error();
  return api::RemovePermissionResponse{};
}

Result<api::GetPolicyResponse> GetPolicy(const api::GetPolicyRequest& request, Service& service,
                                         wire::CallContext& context) {
  const auto name = ParseFunctionName(request.function_name, request.qualifier);
  if (!name) return name.error();
  const auto function = service.catalog.FindFunction(context.region, name->name);
  if (!function) return function.error();
  const ValueList statements = StatementsOf(*function, name->qualifier);
  if (statements.empty()) return NoPolicy();
  const std::string text = PolicyText(statements);
  return api::GetPolicyResponse{.policy = text, .revision_id = RevisionOf(text)};
}

}  // namespace usher::lambda
