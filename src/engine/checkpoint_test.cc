#include "engine/checkpoint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "base/temp_folder.h"
#include "linalg/random_matrix.h"

namespace usher::engine {
namespace {

TEST(Checkpoint, GivesBackWhatWasKeptLast) {
  const TempFolder folder;
  const Checkpoint checkpoint(folder.path(), "final", "print");
  EXPECT_FALSE(checkpoint.Read(5, 20));
  ASSERT_TRUE(checkpoint.Write(1, linalg::RandomMatrix(5, 20, 1)));
  const linalg::Matrix items = linalg::RandomMatrix(5, 20, 2);
  ASSERT_TRUE(checkpoint.Write(2, items));

  const auto start = checkpoint.Read(5, 20);

  ASSERT_TRUE(start);
  EXPECT_EQ(start->sweeps_done, 2U);
  EXPECT_TRUE(std::ranges::equal(start->items.values(), items.values()));
}

TEST(Checkpoint, IgnoresOneOfAnotherTrainingOrShape) {
  const TempFolder folder;
  ASSERT_TRUE(Checkpoint(folder.path(), "final", "print").Write(1, linalg::RandomMatrix(5, 20, 1)));
  EXPECT_FALSE(Checkpoint(folder.path(), "final", "other").Read(5, 20));
  EXPECT_FALSE(Checkpoint(folder.path(), "final", "print").Read(6, 20));
  EXPECT_FALSE(Checkpoint(folder.path(), "final", "print").Read(5, 40));
  EXPECT_FALSE(Checkpoint(folder.path(), "holdout", "print").Read(5, 20));
}

TEST(Checkpoint, BeginsAnewFromAFileThatIsNone) {
  const TempFolder folder;
  std::ofstream(folder.path() + "/final.arrow") << "not a checkpoint";
  EXPECT_FALSE(Checkpoint(folder.path(), "final", "print").Read(5, 20));
}

TEST(Checkpoint, KeepsNothingWithoutAFolder) {
  const Checkpoint checkpoint("", "final", "print");
  EXPECT_TRUE(checkpoint.Write(1, linalg::RandomMatrix(5, 20, 1)));
  EXPECT_FALSE(checkpoint.Read(5, 20));
}

}  // namespace
}  // namespace usher::engine
