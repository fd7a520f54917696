#include "services/lambda/pages.h"

#include <algorithm>

#include "base/encoding.h"

namespace usher::lambda {
namespace {

constexpr std::int64_t kMaxPage = 50;

}  // namespace

Result<NamePage> ListPage(const storage::DocumentStore& store, std::string_view kind,
                          std::string_view prefix, const std::optional<std::string>& marker,
                          const std::optional<std::int64_t>& max_items) {
  std::string from(prefix);
  if (marker && !marker->empty()) {
    const auto last = Base64Decode(*marker);
    if (!last || !last->starts_with(prefix)) {
      return InvalidInput("the Marker is not one that this server has given");
    }
    from = *last + '\0';  // the least id after it
  }
  const auto limit =
      static_cast<std::size_t>(std::clamp<std::int64_t>(max_items.value_or(kMaxPage), 1, kMaxPage));
  auto documents = store.ListById(kind, prefix, from, limit + 1);
  if (!documents) return documents.error();
  NamePage page{.documents = *std::move(documents), .next_marker = std::nullopt};
  if (page.documents.size() > limit) {
    page.documents.pop_back();
    page.next_marker = Base64Encode(page.documents.back().id);
  }
  return page;
}

}  // namespace usher::lambda
