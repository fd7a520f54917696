// Zip archives of code and layers: checked whole before anything of them is kept, unpacked into a
// folder of their own.
//
// Refused whole: what is no zip, more than kMaxZipEntries entries or kMaxUnzippedBytes bytes,
// names that are absolute, contain "..", a backslash or a NUL, symbolic links and other things that
// are neither file nor folder, the same file twice, encryption, a method we do not know.
// `__MACOSX/` and what is in it is left out. Every file is readable afterwards, and executable
// where the archive says so or when it is `bootstrap`.
//
// Source:  PKWARE APPNOTE 6.3; read by libzip.
// Errors:  invalid input with the entry's name; internal.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace usher::lambda {

inline constexpr std::uint64_t kMaxZipEntries = 100'000;
inline constexpr std::uint64_t kMaxUnzippedBytes = 250ULL << 20;  // of all files together
inline constexpr std::size_t kMaxZipNameBytes = 1024;

struct ZipFacts {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

// Reads names and sizes, not the content. Cost: O(entries).
Result<ZipFacts> CheckZip(const std::string& path);
// Checks, then writes every file under `folder`, which must not exist; nothing of it stays after an
// error. Folders and files are not writable afterwards.
Result<ZipFacts> Unzip(const std::string& path, const std::string& folder);
// Removes what Unzip made.
void RemoveUnzipped(const std::string& folder);

}  // namespace usher::lambda
