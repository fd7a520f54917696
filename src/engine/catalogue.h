// Catalogue: the users and items that a training knows: those of the interactions, in their order,
// and then those that only the metadata knows.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/interactions_file.h"
#include "engine/metadata.h"
#include "engine/sha256.h"

namespace usher::engine {

struct Catalogue {
  std::vector<std::string> user_ids;
  std::vector<std::string> item_ids;
  Metadata users;  // a row for each id; without columns when there is no metadata
  Metadata items;
};

// Takes the ids of the table. Errors: those of LoadMetadata.
Result<Catalogue> BuildCatalogue(InteractionTable& table, const MetadataSource& items,
                                 const MetadataSource& users, std::size_t threads);

// Everything that the ids and the metadata say.
void AddToHash(const Catalogue& catalogue, Sha256& hash);

}  // namespace usher::engine
