#include "services/iam/service.h"

#include "services/iam/operations.h"

namespace usher::iam {

void Register(wire::Dispatcher& dispatcher, storage::DocumentStore& store, const Clock& clock) {
  const auto add = [&]<typename Op>(auto operation, Op* /*tag*/) {
    dispatcher.Handle<Op>([operation, roles = RoleStore(store, clock)](
                              const typename Op::Request& request, wire::CallContext& /*context*/) {
      return operation(request, roles);
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
}

}  // namespace usher::iam
