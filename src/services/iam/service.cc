#include "services/iam/service.h"

#include <type_traits>

#include "services/iam/operations.h"

namespace usher::iam {

void Register(wire::Dispatcher& dispatcher, storage::DocumentStore& store, const Clock& clock) {
  struct Stores {
    RoleStore roles;
    PolicyStore policies;
  };
  // An operation takes the stores that it needs.
  const auto add = [&]<typename Op>(auto operation, Op* /*tag*/) {
    using Request = typename Op::Request;
    const Stores stores{.roles = RoleStore(store, clock), .policies = PolicyStore(store, clock)};
    dispatcher.Handle<Op>([operation, stores](const Request& request,
                                              wire::CallContext& /*context*/) {
      if constexpr (std::is_invocable_v<decltype(operation), const Request&, const RoleStore&>) {
        return operation(request, stores.roles);
      } else if constexpr (std::is_invocable_v<decltype(operation), const Request&,
                                               const PolicyStore&>) {
        return operation(request, stores.policies);
      } else {
        return operation(request, stores.roles, stores.policies);
      }
    });
  };

  add(CreateRole, static_cast<api::CreateRole*>(nullptr));
  add(GetRole, static_cast<api::GetRole*>(nullptr));
  add(ListRoles, static_cast<api::ListRoles*>(nullptr));
  add(DeleteRole, static_cast<api::DeleteRole*>(nullptr));

  add(PutRolePolicy, static_cast<api::PutRolePolicy*>(nullptr));
  add(GetRolePolicy, static_cast<api::GetRolePolicy*>(nullptr));
  add(ListRolePolicies, static_cast<api::ListRolePolicies*>(nullptr));
  add(DeleteRolePolicy, static_cast<api::DeleteRolePolicy*>(nullptr));

  add(AttachRolePolicy, static_cast<api::AttachRolePolicy*>(nullptr));
  add(DetachRolePolicy, static_cast<api::DetachRolePolicy*>(nullptr));
  add(ListAttachedRolePolicies, static_cast<api::ListAttachedRolePolicies*>(nullptr));

  add(UpdateRole, static_cast<api::UpdateRole*>(nullptr));
  add(UpdateRoleDescription, static_cast<api::UpdateRoleDescription*>(nullptr));
  add(UpdateAssumeRolePolicy, static_cast<api::UpdateAssumeRolePolicy*>(nullptr));
  add(PutRolePermissionsBoundary, static_cast<api::PutRolePermissionsBoundary*>(nullptr));
  add(DeleteRolePermissionsBoundary, static_cast<api::DeleteRolePermissionsBoundary*>(nullptr));
  add(TagRole, static_cast<api::TagRole*>(nullptr));
  add(UntagRole, static_cast<api::UntagRole*>(nullptr));
  add(ListRoleTags, static_cast<api::ListRoleTags*>(nullptr));
  add(ListInstanceProfilesForRole, static_cast<api::ListInstanceProfilesForRole*>(nullptr));

  add(CreatePolicy, static_cast<api::CreatePolicy*>(nullptr));
  add(GetPolicy, static_cast<api::GetPolicy*>(nullptr));
  add(ListPolicies, static_cast<api::ListPolicies*>(nullptr));
  add(DeletePolicy, static_cast<api::DeletePolicy*>(nullptr));
  add(TagPolicy, static_cast<api::TagPolicy*>(nullptr));
  add(UntagPolicy, static_cast<api::UntagPolicy*>(nullptr));
  add(ListPolicyTags, static_cast<api::ListPolicyTags*>(nullptr));
  add(ListEntitiesForPolicy, static_cast<api::ListEntitiesForPolicy*>(nullptr));

  add(CreatePolicyVersion, static_cast<api::CreatePolicyVersion*>(nullptr));
  add(GetPolicyVersion, static_cast<api::GetPolicyVersion*>(nullptr));
  add(ListPolicyVersions, static_cast<api::ListPolicyVersions*>(nullptr));
  add(SetDefaultPolicyVersion, static_cast<api::SetDefaultPolicyVersion*>(nullptr));
  add(DeletePolicyVersion, static_cast<api::DeletePolicyVersion*>(nullptr));

  dispatcher.Handle<api::GetUser>(GetUser);
}

}  // namespace usher::iam
