#include "engine/line_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace usher::engine {
namespace {

using testing::ElementsAre;

// A source that hands out a few bytes at a time.
class Drops final : public ByteSource {
 public:
  Drops(std::string bytes, std::size_t size) : bytes_(std::move(bytes)), size_(size) {}
  Result<std::size_t> Read(std::span<char> buffer) override {
    const std::size_t count = std::min({size_, buffer.size(), bytes_.size() - at_});
    std::copy_n(bytes_.data() + at_, count, buffer.data());
    at_ += count;
    return count;
  }

 private:
  std::string bytes_;
  std::size_t size_;
  std::size_t at_ = 0;
};

std::vector<std::string> ReadAllLines(const std::string& text, std::size_t drop,
                                      std::size_t limit = 100) {
  Drops source(text, drop);
  LineReader reader(source, limit);
  std::vector<std::string> all;
  while (true) {
    const auto lines = reader.Read(2);
    EXPECT_TRUE(lines);
    if (!lines || lines->empty()) return all;
    all.insert(all.end(), lines->begin(), lines->end());
  }
}

TEST(LineReader, FindsTheLinesHoweverTheBytesArrive) {
  for (const std::size_t drop : {1, 2, 3, 100}) {
    EXPECT_THAT(ReadAllLines("one\ntwo\r\nthree", drop), ElementsAre("one", "two", "three"));
    EXPECT_THAT(ReadAllLines("one\n", drop), ElementsAre("one"));
    EXPECT_THAT(ReadAllLines("", drop), ElementsAre());
  }
}

TEST(LineReader, DropsEmptyLinesAtTheEndOnly) {
  for (const std::size_t drop : {1, 100}) {
    EXPECT_THAT(ReadAllLines("a\n\nb\n\r\n\n", drop), ElementsAre("a", "", "b"));
    EXPECT_THAT(ReadAllLines("\n\n", drop), ElementsAre());
    EXPECT_THAT(ReadAllLines("\n\n\n\n\nb", drop), ElementsAre("", "", "", "", "", "b"));
  }
}

TEST(LineReader, CutsALineThatIsTooLong) {
  for (const std::size_t drop : {1, 100}) {
    EXPECT_THAT(ReadAllLines("abcdefgh\nabc\nabcd", drop, 3), ElementsAre("abcd", "abc", "abcd"));
  }
}

}  // namespace
}  // namespace usher::engine
