// What the console's pages ask beside the operations of the services: POST /api/console/<name>.
//
//   Server     {} -> {"version", "endpoint", "started"}; Unix seconds
//   Titles     {"bucket", "key", "itemIds": […]} -> {"movies": {id: {"title", "genres": […]}}} of
//              that movies.csv; ids that are not in it are left out
//   Campaign, History, Explain, Progress    services/personalize/insight.h
#pragma once

#include <map>
#include <string>

#include "base/clock.h"
#include "console/console.h"
#include "functions/movie_catalogue.h"
#include "services/personalize/service.h"
#include "wire/dispatcher.h"

namespace usher::server {

inline constexpr std::size_t kMaxTitles = 500;  // of one call

struct ServerFacts {
  std::string version;
  std::string endpoint;
  Time started;
};

// All that is passed by reference must outlive the operations.
[[nodiscard]] std::map<std::string, console::OwnOperation, std::less<>> ConsoleOperations(
    ServerFacts facts, personalize::Service& personalize, functions::MovieCatalogues& catalogues,
    const wire::Dispatcher& dispatcher);

}  // namespace usher::server
