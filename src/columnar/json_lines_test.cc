#include "columnar/json_lines.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/random.h"

namespace usher::columnar {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class DripSource final : public ByteSource {
 public:
  DripSource(std::string bytes, std::size_t piece) : bytes_(std::move(bytes)), piece_(piece) {}
  Result<std::size_t> Read(std::span<char> buffer) override {
    const std::size_t count = std::min({piece_, buffer.size(), bytes_.size() - at_});
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), count, buffer.begin());
    at_ += count;
    return count;
  }

 private:
  std::string bytes_;
  std::size_t piece_;
  std::size_t at_ = 0;
};

using Lines = std::vector<std::pair<std::uint64_t, std::string>>;

Lines Read(const std::string& text, std::size_t piece = 1 << 20, std::size_t limit = 1 << 20) {
  Lines lines;
  JsonLineReader reader(std::make_shared<DripSource>(text, piece), limit);
  while (true) {
    const auto line = reader.Next();
    if (!line) {
      lines.emplace_back(0, line.error().message);
      return lines;
    }
    if (!line->has_value()) return lines;
    lines.emplace_back((*line)->number, (*line)->text);
  }
}

TEST(JsonLineReader, ToleratesEveryUsualEnding) {
  EXPECT_THAT(Read("a\nb\n"), ElementsAre(Pair(1, "a"), Pair(2, "b")));
  EXPECT_THAT(Read("a\r\n\r\nb"), ElementsAre(Pair(1, "a"), Pair(3, "b")));
  EXPECT_THAT(Read("\xEF\xBB\xBF"
                   "a\n\n\n"),
              ElementsAre(Pair(1, "a")));
  EXPECT_THAT(Read(""), IsEmpty());
  EXPECT_THAT(Read("\n"), IsEmpty());
}

TEST(JsonLineReader, RefusesALineOverTheLimit) {
  EXPECT_THAT(Read("ab\nabc\nabcd\n", 2, 3),
              ElementsAre(Pair(1, "ab"), Pair(2, "abc"), Pair(0, "line 3 is longer than 3 bytes")));
  EXPECT_THAT(Read("ab\nabcd", 1, 3),
              ElementsAre(Pair(1, "ab"), Pair(0, "line 2 is longer than 3 bytes")));
}

TEST(JsonLineReader, ReadsLinesLongerThanItsReads) {
  const std::string text = std::string(900'000, 'x') + "\n" + std::string(300'000, 'y');
  EXPECT_THAT(Read(text),
              ElementsAre(Pair(1, std::string(900'000, 'x')), Pair(2, std::string(300'000, 'y'))));
}

TEST(JsonLineReader, DoesNotDependOnThePiecesOfItsSource) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Random random(seed);
    std::string text;
    const std::uint64_t length = random.Below(50);
    for (std::uint64_t i = 0; i < length; ++i) text += "ab\r\n\n"[random.Below(5)];
    ASSERT_EQ(Read(text, 1 + random.Below(10)), Read(text)) << text;
  }
}

}  // namespace
}  // namespace usher::columnar
