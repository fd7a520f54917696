// DocumentStore: every resource of every service as a small text document, committed before it is
// acknowledged.
//
// A document is named by (kind, id), such as ("personalize/campaign", arn), and carries a body
// (JSON by custom; opaque here), an optional group for listing ("all campaigns of this dataset
// group") and a version that grows by one with each write. Several documents change together, or
// not at all, through one Batch; conditions make read-modify-write safe.
//
// Threads: safe from any thread. Writers wait for the commit that holds their batch (group commit).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace usher::storage {

struct Document {
  std::string kind;
  std::string id;
  std::string group;  // listing key; may be empty
  std::string body;
  std::int64_t version = 0;   // 1 after the first write
  std::int64_t sequence = 0;  // order of creation within the store; never changes, never used twice
};

// Changes that happen together. Conditions are checked inside the transaction.
class Batch {
 public:
  // Fails the batch with kAlreadyExists ("<kind> <id>") when the document exists.
  void Create(std::string kind, std::string id, std::string group, std::string body);
  // Fails the batch with kInUse when the document's version is no longer `version`; kNotFound when
  // it is gone.
  void Update(std::string kind, std::string id, std::int64_t version, std::string body);
  // Creates or overwrites without a condition.
  void Put(std::string kind, std::string id, std::string group, std::string body);
  // Fails like Update when `version` is given; deleting what is not there is no error without it.
  void Delete(std::string kind, std::string id, std::optional<std::int64_t> version = std::nullopt);

  // Changes nothing, but fails the batch with kNotFound when the document does not exist.
  void Require(std::string kind, std::string id);
  // Changes nothing, but fails the batch with kInUse when a document's id begins with the prefix.
  void RequireNone(std::string kind, std::string id_prefix);

  // Changes nothing, but fails the batch with kInUse when a document is listed under the group.
  void RequireEmpty(std::string kind, std::string group);

  // Adds the changes of another batch.
  void Add(const Batch& other);

  struct Change {
    enum class Action {
      kCreate,
      kUpdate,
      kPut,
      kDelete,
      kRequire,
      kRequireNone,
      kRequireEmpty
    } action;
    Document document;
    std::optional<std::int64_t> expected_version;
  };
  [[nodiscard]] const std::vector<Change>& changes() const { return changes_; }
  [[nodiscard]] bool empty() const { return changes_.empty(); }

 private:
  std::vector<Change> changes_;
};

struct Page {
  std::vector<Document> documents;  // by sequence, oldest first
  std::optional<std::int64_t>
      next_after;  // give it as `after` for the next page; nullopt at the end
};

// The least string greater than every string that begins with `prefix`; nullopt when there is none.
std::optional<std::string> FirstBeyond(std::string_view prefix);

class DocumentStore {
 public:
  virtual ~DocumentStore() = default;

  virtual Result<std::optional<Document>> Get(std::string_view kind, std::string_view id) const = 0;
  // Documents of the kind (and group, when given) with sequence greater than `after`.
  virtual Result<Page> List(std::string_view kind, std::optional<std::string_view> group,
                            std::int64_t after, std::size_t limit) const = 0;
  // Up to `limit` documents whose id begins with `id_prefix` and is not less than `from_id`, in the
  // order of the bytes of their ids. Cost: O(log documents + those given).
  virtual Result<std::vector<Document>> ListById(std::string_view kind, std::string_view id_prefix,
                                                 std::string_view from_id,
                                                 std::size_t limit) const = 0;
  // Durable when it returns.
  virtual Result<void> Commit(const Batch& batch) = 0;
};

// SQLite in WAL mode with synchronous FULL, in `folder`/usher.db. Errors: internal when the file
// cannot be opened or has a newer format.
Result<std::unique_ptr<DocumentStore>> OpenSqliteStore(const std::string& folder);

}  // namespace usher::storage
