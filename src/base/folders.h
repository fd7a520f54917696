// Folders whose content others made: their modes, and how they are removed all the same.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace usher {

// Sets the mode of a folder and of every folder in it; symbolic links are not followed. What cannot
// be changed or read is passed over. Cost: O(files in it).
void SetFolderModes(const std::string& folder, mode_t mode);

// Removes a folder with all that is in it, also what lies in folders that may not be written to;
// one that is not there is no error. Errors: internal, with what the system says of what stays.
Result<void> RemoveFolder(const std::string& folder);

}  // namespace usher
