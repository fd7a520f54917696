// Every case of a public JSON parser suite: y_ must be accepted, n_ refused, i_ either way without
// a crash. The folder is $USHER_CORPORA/json/test_parsing.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "json/json.h"

namespace usher::json {
namespace {

TEST(JsonCorpus, AcceptsAndRefusesAsTheSuiteSays) {
  const char* corpora = std::getenv("USHER_CORPORA");
  const std::filesystem::path folder =
      std::filesystem::path(corpora ? corpora : "") / "json" / "test_parsing";
  if (!corpora || !std::filesystem::is_directory(folder)) {
    ASSERT_EQ(std::getenv("USHER_REQUIRE_CORPORA"), nullptr)
        << "USHER_CORPORA does not name the folder of the corpora";
    GTEST_SKIP() << "USHER_CORPORA is not set";
  }

  int accepted = 0;
  int refused = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const std::string name = entry.path().filename();
    const auto value = Parse(text);
    EXPECT_EQ(CheckGrammar(text).has_value(), value.has_value()) << name;
    if (name.starts_with("y_")) {
      EXPECT_TRUE(value) << name << ": " << (value ? "" : value.error().message);
      if (value) {
        const std::string written = Write(*value);
        EXPECT_EQ(Write(*Parse(written)), written) << name;
      }
      ++accepted;
    } else if (name.starts_with("n_")) {
      EXPECT_FALSE(value) << name;
      ++refused;
    }
  }
  EXPECT_GT(accepted, 90);
  EXPECT_GT(refused, 180);
}

}  // namespace
}  // namespace usher::json
