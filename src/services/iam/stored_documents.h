// What the stores of roles and of policies do alike with their documents.
//
// Threads: safe from any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/iam/role_store.h"
#include "storage/document_store.h"

namespace usher::iam {

// Reads by `find`, lets `change` alter what was found, writes what `add_update` makes of it; again
// when somebody else wrote between. Errors: those of `find` and `change`, and of the commit.
template <typename Stored>
Result<void> ModifyStored(storage::DocumentStore& store,
                          const std::function<Result<Stored>()>& find,
                          const std::function<Result<void>(Stored&)>& change,
                          void (*add_update)(storage::Batch& batch, const Stored& stored)) {
  while (true) {
    auto stored = find();
    if (!stored) return stored.error();
    if (auto changed = change(*stored); !changed) return changed;
    storage::Batch batch;
    add_update(batch, *stored);
    auto committed = store.Commit(batch);
    if (committed || committed.error().code != ErrorCode::kInUse) return committed;
  }
}

// The first `limit` documents of the kind, by id from `marker` on, that `wanted` takes; gives the
// marker of the next page. Errors: invalid input for a foreign marker; those of `decode`.
template <typename Stored, typename Wanted>
Result<std::optional<std::string>> ListStored(
    const storage::DocumentStore& store, std::string_view kind,
    const std::optional<std::string>& marker, std::size_t limit,
    Result<Stored> (*decode)(const storage::Document& document), const Wanted& wanted,
    std::vector<Stored>& page) {
  constexpr std::size_t kScanBatch = 200;  // read at once while some are left out
  auto from = ReadMarker(marker);
  if (!from) return from.error();
  while (true) {
    const auto documents = store.ListById(kind, "", *from, kScanBatch);
    if (!documents) return documents.error();
    for (const storage::Document& document : *documents) {
      auto stored = decode(document);
      if (!stored) return stored.error();
      if (!wanted(*stored)) continue;
      if (page.size() == limit) return std::optional(WriteMarker(document.id));
      page.push_back(*std::move(stored));
    }
    if (documents->size() < kScanBatch) return std::optional<std::string>();
    *from = documents->back().id + '\0';
  }
}

}  // namespace usher::iam
