// Lists by name, a page at a time. The marker is the last id of the page before, in base64.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/document_store.h"

namespace usher::lambda {

struct NamePage {
  std::vector<storage::Document> documents;
  std::optional<std::string> next_marker;
};

// Documents of the kind whose id begins with `prefix`, by id. Errors: invalid input for a marker
// that this server did not give.
Result<NamePage> ListPage(const storage::DocumentStore& store, std::string_view kind,
                          std::string_view prefix, const std::optional<std::string>& marker,
                          const std::optional<std::int64_t>& max_items);

}  // namespace usher::lambda
