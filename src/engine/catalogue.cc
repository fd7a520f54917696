#include "engine/catalogue.h"

#include <cstdint>
#include <span>
#include <unordered_set>
#include <utility>

namespace usher::engine {
namespace {

// Adds the ids of `more` that are not there yet, in their order.
void AddIds(const std::vector<std::string>& more, std::vector<std::string>& ids) {
  if (more.empty()) return;
  const std::unordered_set<std::string> known(ids.begin(), ids.end());
  for (const std::string& id : more) {
    if (!known.contains(id)) ids.push_back(id);
  }
}

void AddToHash(const Metadata& metadata, Sha256& hash) {
  for (const MetadataColumn& column : metadata.columns) {
    hash.AddText(column.name);
    hash.AddText(NameOf(column.role));
    for (const std::string& name : column.names) hash.AddText(name);
    hash.AddNumbers(std::span<const std::int64_t>(column.values.offsets));
    hash.AddNumbers(std::span<const std::uint32_t>(column.values.values));
    hash.AddNumbers(std::span<const double>(column.numbers));
    for (const std::string& text : column.texts) hash.AddText(text);
  }
}

}  // namespace

Result<Catalogue> BuildCatalogue(InteractionTable& table, const MetadataSource& items,
                                 const MetadataSource& users, std::size_t threads) {
  const auto item_rows = LoadMetadata(items, MetadataOf::kItems, static_cast<int>(threads));
  if (!item_rows) return item_rows.error();
  const auto user_rows = LoadMetadata(users, MetadataOf::kUsers, static_cast<int>(threads));
  if (!user_rows) return user_rows.error();
  Catalogue catalogue;
  catalogue.user_ids = std::move(table.user_ids);
  catalogue.item_ids = std::move(table.item_ids);
  AddIds(user_rows->ids, catalogue.user_ids);
  AddIds(item_rows->ids, catalogue.item_ids);
  catalogue.users = AlignMetadata(*user_rows, catalogue.user_ids);
  catalogue.items = AlignMetadata(*item_rows, catalogue.item_ids);
  return catalogue;
}

void AddToHash(const Catalogue& catalogue, Sha256& hash) {
  for (const auto* names : {&catalogue.user_ids, &catalogue.item_ids}) {
    const std::uint64_t count = names->size();
    hash.AddNumbers(std::span(&count, 1));
    for (const std::string& name : *names) hash.AddText(name);
  }
  AddToHash(catalogue.items, hash);
  AddToHash(catalogue.users, hash);
}

}  // namespace usher::engine
