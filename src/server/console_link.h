// ConsoleLink: the link that opens the console, in a file of the data folder that only its owner
// may read, so that `usher console` can print it while the server holds the data folder's lock.
#pragma once

#include <string>

#include "base/result.h"

namespace usher::server {

// <folder>/console-link. Replaces what was there. Errors: internal.
Result<void> WriteConsoleLink(const std::string& folder, const std::string& link);

// Errors: not found when no server with a console has been started, or it has ended; internal.
Result<std::string> ReadConsoleLink(const std::string& folder);

void RemoveConsoleLink(const std::string& folder);

}  // namespace usher::server
