#include "jobs/progress_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace usher::jobs {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(ProgressLines, TakesWholeLinesThatAreProgress) {
  std::vector<std::pair<double, std::string>> seen;
  ProgressLines lines(
      [&](const Progress& progress) { seen.emplace_back(progress.fraction, progress.stage); });
  lines.Feed("chatter\n{\"fraction\":0.5,\"stage\":\"rea");
  EXPECT_THAT(seen, testing::IsEmpty());
  lines.Feed("ding\"}\n{\"fraction\":7,\"stage\":\"done\"}\n{\"fraction\":0.1}\n");
  EXPECT_THAT(seen, ElementsAre(Pair(0.5, "reading"), Pair(1.0, "done")));
}

TEST(ProgressLines, DropsALineThatIsTooLong) {
  int seen = 0;
  ProgressLines lines([&](const Progress&) { ++seen; });
  lines.Feed("{\"fraction\":0,\"stage\":\"" + std::string(5000, 'x') + "\"}\n");
  EXPECT_EQ(seen, 0);
  lines.Feed("{\"fraction\":0,\"stage\":\"short\"}\n");
  EXPECT_EQ(seen, 1);
}

}  // namespace
}  // namespace usher::jobs
