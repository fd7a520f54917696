// Managed policies as documents: a policy, its versions and the roles that it is attached to are
// one document. Names are told apart without case, whatever their paths are, as IAM does.
//
// Threads: safe from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "storage/document_store.h"
#include "wire/iam.h"

namespace usher::iam {

namespace api = usher::api::iam;

struct StoredPolicy {
  struct Version {
    std::string document;  // as it was given
    Time created;
  };

  api::Policy policy;  // without what the members below say
  std::map<std::int64_t, Version> versions;
  std::int64_t default_version = 1;
  std::int64_t last_version = 1;  // a number is not given twice
  // The roles it is attached to; their own documents say so too, changed in the same commit.
  std::set<std::string> roles;
  std::int64_t version = 0;  // of the document
};

struct PolicyPage {
  std::vector<StoredPolicy> policies;  // by name
  std::optional<std::string> marker;   // for the next page
};

class PolicyStore {
 public:
  PolicyStore(storage::DocumentStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  // Errors: already exists.
  Result<void> Create(const StoredPolicy& policy) const;
  // Errors: not found; invalid input for what is no ARN.
  Result<StoredPolicy> Find(std::string_view arn) const;
  // As RoleStore::Modify.
  Result<void> Modify(std::string_view arn,
                      const std::function<Result<void>(StoredPolicy&)>& change) const;
  // As RoleStore::AddUpdate.
  static void AddUpdate(storage::Batch& batch, const StoredPolicy& policy);
  // Errors: in use when it changed since it was read.
  Result<void> Delete(const StoredPolicy& policy) const;
  // Those that `wanted` takes. Errors: invalid input for a foreign marker.
  Result<PolicyPage> List(const std::function<bool(const StoredPolicy&)>& wanted,
                          const std::optional<std::string>& marker, std::size_t limit) const;

  [[nodiscard]] Time Now() const { return clock_.Now(); }

 private:
  storage::DocumentStore& store_;
  const Clock& clock_;
};

// AWS's own policies, which need not exist here to be attached.
inline constexpr std::string_view kAwsPolicyPrefix = "arn:aws:iam::aws:policy/";

// "/service-role/" and "Name" of arn:aws:iam::aws:policy/service-role/Name.
struct PolicyName {
  std::string path;
  std::string name;
};
[[nodiscard]] PolicyName NameOf(std::string_view arn);

}  // namespace usher::iam
