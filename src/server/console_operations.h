// What the console's pages ask beside the operations of the services: POST /api/console/<name>.
//
//   Server     {} -> {"version", "endpoint", "started"}; Unix seconds
//   Titles     {"bucket", "key", "itemIds": […]} -> {"movies": {id: {"title", "genres": […]}}} of
//              that movies.csv; ids that are not in it are left out
//   Mails      {} -> {"relay", "files", "mails": [{"name", "date", "from", "to", "subject"}, …]}:
//              the newest kMaxMails that are kept, newest first, of so many files; "relay": mails
//              go to a relay and are not kept. "date" in Unix seconds
//   Mail       {"name"} -> the same of one mail, with "messageId", "body" and "fields", an object
//   Preview    console/objects.h
//   ExecutionTrace, ExecutionEvents
//              services/states/insight.h
//   Campaign, History, Explain, Progress, TrainingCurve
//              services/personalize/insight.h
#pragma once

#include <map>
#include <string>

#include "base/clock.h"
#include "console/console.h"
#include "functions/movie_catalogue.h"
#include "services/personalize/service.h"
#include "services/states/service.h"
#include "wire/dispatcher.h"

namespace usher::server {

inline constexpr std::size_t kMaxTitles = 500;  // of one call
inline constexpr std::size_t kMaxMails = 200;   // of a list

struct ServerFacts {
  std::string version;
  std::string endpoint;
  Time started;
  std::string mail_folder;  // empty: a relay takes the mails
};

// All that is passed by reference must outlive the operations.
[[nodiscard]] std::map<std::string, console::OwnOperation, std::less<>> ConsoleOperations(
    const ServerFacts& facts, personalize::Service& personalize, states::Service& states,
    functions::MovieCatalogues& catalogues, const wire::Dispatcher& dispatcher);

}  // namespace usher::server
