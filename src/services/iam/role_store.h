// Roles as documents: a role and its policies are one document, so that they change together.
// Names are told apart without case, as IAM does.
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

struct StoredRole {
  api::Role role;                                      // its policy document as it was given
  std::map<std::string, std::string> inline_policies;  // name to document
  std::set<std::string> attached_policies;             // ARNs
  std::int64_t version = 0;
};

struct RolePage {
  std::vector<StoredRole> roles;      // by name
  std::optional<std::string> marker;  // for the next page
};

class RoleStore {
 public:
  RoleStore(storage::DocumentStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  // Errors: already exists.
  Result<void> Create(const StoredRole& role) const;
  // Errors: not found.
  Result<StoredRole> Find(std::string_view name) const;
  // Reads, lets `change` alter it, writes; again when somebody else wrote between. An error of
  // `change` ends the attempt.
  Result<void> Modify(std::string_view name,
                      const std::function<Result<void>(StoredRole&)>& change) const;
  // Adds the role as it now is to a batch, which fails with kInUse when somebody else wrote it.
  static void AddUpdate(storage::Batch& batch, const StoredRole& role);
  // Errors: those of the batch's conditions.
  Result<void> Commit(const storage::Batch& batch) const { return store_.Commit(batch); }
  // Errors: in use when it changed since it was read.
  Result<void> Delete(const StoredRole& role) const;
  // Roles whose path begins with `path_prefix`. Errors: invalid input for a foreign marker.
  Result<RolePage> List(std::string_view path_prefix, const std::optional<std::string>& marker,
                        std::size_t limit) const;

  [[nodiscard]] Time Now() const { return clock_.Now(); }

 private:
  storage::DocumentStore& store_;
  const Clock& clock_;
};

// One page of something that is listed by name: at most `max_items` names from `marker` on.
struct NamePage {
  std::vector<std::string> names;
  std::optional<std::string> marker;
};
// `names` ascending. Errors: invalid input for a foreign marker.
Result<NamePage> PageOf(const std::vector<std::string>& names,
                        const std::optional<std::string>& marker,
                        std::optional<std::int64_t> max_items);

// Markers are opaque to clients: the name at which to go on.
[[nodiscard]] std::string WriteMarker(std::string_view name);
// "" without a marker. Errors: as PageOf.
Result<std::string> ReadMarker(const std::optional<std::string>& marker);

inline constexpr std::int64_t kDefaultPageSize = 100;

}  // namespace usher::iam
