// Where tests find the public corpora: the folder that $USHER_CORPORA names. Without it a test is
// skipped and says so, except under $USHER_REQUIRE_CORPORA=1, where it fails.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace usher::testing {

// The folder `name` of the corpora, or nullopt and a reason in `why`.
inline std::optional<std::filesystem::path> FindCorpus(std::string_view name, std::string& why) {
  const char* root = std::getenv("USHER_CORPORA");
  if (root == nullptr || *root == '\0') {
    why = "USHER_CORPORA is not set: it names the folder of the public test corpora";
    return std::nullopt;
  }
  const std::filesystem::path folder = std::filesystem::path(root) / name;
  if (!std::filesystem::is_directory(folder)) {
    why = "no folder " + std::string(name) + " in $USHER_CORPORA";
    return std::nullopt;
  }
  return folder;
}

inline bool CorporaAreRequired() {
  const char* required = std::getenv("USHER_REQUIRE_CORPORA");
  return required != nullptr && std::string_view(required) == "1";
}

inline std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << "cannot read " << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace usher::testing
