// Cold start: factors from metadata for the users and items of a catalogue that have no
// interactions (recsys/content/ridge.h).
#pragma once

#include "base/parallel.h"
#include "engine/catalogue.h"
#include "engine/fit.h"

namespace usher::engine {

// Users without a history and items that nobody met get the factors that their metadata foretells;
// without metadata nothing changes. All users' factors are folded in again, because new items count
// among those that a user did not choose.
void PlaceColdUsersAndItems(const Catalogue& catalogue, Fitted& fitted, ThreadPool& pool);

// CREATION_TIMESTAMP of each item, kNoBirth where it has none; empty when no item has one.
[[nodiscard]] std::vector<std::int64_t> CreationTimesOf(const Catalogue& catalogue);

}  // namespace usher::engine
