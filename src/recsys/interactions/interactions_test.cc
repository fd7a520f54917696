#include "recsys/interactions/interactions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

#include "base/random.h"

namespace usher::recsys {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(BuildInteractions, SortsByTimeAndKeepsAPairAtItsFirstTime) {
  ThreadPool pool(2);
  const Interactions got =
      BuildInteractions(3, 5, {0, 2, 0, 0, 2, 0}, {4, 1, 2, 4, 0, 3}, {50, 7, 20, 10, 7, 20}, pool);

  // User 0 met 4 at 10 and again at 50; 2 and 3 at the same time, as user 2 did 1 and 0.
  EXPECT_THAT(got.by_user[0], ElementsAre(4, 2, 3));
  EXPECT_THAT(got.by_user[1], IsEmpty());
  EXPECT_THAT(got.by_user[2], ElementsAre(1, 0));
  EXPECT_EQ(got.size(), 5U);
  EXPECT_EQ(got.by_user.offsets.back(), 5);
  EXPECT_THAT(got.TimesOf(0), ElementsAre(3, 13, 13));  // seconds after the earliest row, at 7
  EXPECT_THAT(got.TimesOf(2), ElementsAre(0, 0));
}

TEST(BuildInteractions, CountsAPairAsItsWeightiestRowAndScalesToAMeanOfOne) {
  ThreadPool pool(2);
  const std::vector<std::uint32_t> user{0, 2, 0, 0, 2, 0};
  const std::vector<std::uint32_t> item{4, 1, 2, 4, 0, 3};
  const std::vector<std::int64_t> time{50, 7, 20, 10, 7, 20};
  // Pairs: user 0 with 4 (3 beats 1), 2 (1), 3 (1); user 2 with 1 (4), 0 (1). Sum 10 of 5 pairs.
  for (const float scale : {1.0F, 8.0F}) {
    const Interactions got =
        BuildInteractions(3, 5, user, item, time, pool,
                          {3 * scale, 4 * scale, 1 * scale, 1 * scale, 1 * scale, 1 * scale});

    EXPECT_THAT(got.by_user[0], ElementsAre(4, 2, 3));
    EXPECT_THAT(got.WeightsOf(0), ElementsAre(1.5F, 0.5F, 0.5F));
    EXPECT_THAT(got.WeightsOf(1), IsEmpty());
    EXPECT_THAT(got.WeightsOf(2), ElementsAre(2.0F, 0.5F));
  }
  // Rows that come grouped by user take another way.
  const Interactions grouped = BuildInteractions(2, 3, {0, 0, 0, 1}, {2, 1, 2, 0}, {9, 8, 7, 1},
                                                 pool, {1.0F, 2.0F, 5.0F, 1.0F});
  EXPECT_THAT(grouped.by_user[0], ElementsAre(2, 1));
  EXPECT_THAT(grouped.weights, ElementsAre(5 * 0.375F, 2 * 0.375F, 0.375F));
}

TEST(BuildInteractions, CapsTimesThatLieTooFarApart) {
  ThreadPool pool(1);
  constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();
  const Interactions got = BuildInteractions(1, 2, {0, 0}, {0, 1}, {kHighest, kLowest}, pool);
  EXPECT_THAT(got.by_user[0], ElementsAre(1, 0));
  EXPECT_THAT(got.TimesOf(0), ElementsAre(0, kLatestSecond));
}

TEST(BuildInteractions, TakesNoRowsAtAll) {
  ThreadPool pool(2);
  const Interactions got = BuildInteractions(2, 2, {}, {}, {}, pool);
  EXPECT_EQ(got.size(), 0U);
  EXPECT_THAT(got.by_user[1], IsEmpty());
}

TEST(BuildInteractions, MatchesTheSlowWayAtAnyNumberOfThreads) {
  Random random(3);
  std::vector<std::uint32_t> user, item;
  std::vector<std::int64_t> time;
  std::vector<std::tuple<std::uint32_t, std::int64_t, int, std::uint32_t>> rows;
  for (int r = 0; r < 20000; ++r) {
    user.push_back(static_cast<std::uint32_t>(random.Below(700)));
    item.push_back(static_cast<std::uint32_t>(random.Below(60)));
    time.push_back(static_cast<std::int64_t>(random.Below(50)) - 25);
    rows.emplace_back(user.back(), time.back(), r, item.back());
  }
  std::ranges::sort(rows);
  Lists expected;
  for (std::uint32_t u = 0; u < 700; ++u) {
    std::vector<std::uint32_t> list;
    std::set<std::uint32_t> seen;
    for (const auto& [ru, rt, row, ri] : rows) {
      if (ru == u && seen.insert(ri).second) list.push_back(ri);
    }
    expected.Append(list);
  }
  for (const std::size_t threads : {1, 2, 7}) {
    ThreadPool pool(threads);
    const Interactions got = BuildInteractions(700, 60, user, item, time, pool);
    EXPECT_EQ(got.by_user.offsets, expected.offsets);
    EXPECT_EQ(got.by_user.values, expected.values);
  }

  // The same rows grouped by user, each user's still in their order.
  std::ranges::sort(rows, [](const auto& a, const auto& b) {
    return std::pair(std::get<0>(a), std::get<2>(a)) < std::pair(std::get<0>(b), std::get<2>(b));
  });
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::tie(user[r], time[r], std::ignore, item[r]) = rows[r];
  }
  for (const std::size_t threads : {1, 7}) {
    ThreadPool pool(threads);
    const Interactions got = BuildInteractions(701, 60, user, item, time, pool);
    expected.offsets.resize(702, expected.offsets.back());  // a last user without rows
    EXPECT_EQ(got.by_user.offsets, expected.offsets);
    EXPECT_EQ(got.by_user.values, expected.values);
  }
}

TEST(Transpose, TurnsListsAroundAndBack) {
  Lists lists;
  lists.Append(std::vector<std::uint32_t>{3, 0});
  lists.Append(std::vector<std::uint32_t>{});
  lists.Append(std::vector<std::uint32_t>{0});

  const Lists got = Transpose(lists.view(), 4);

  ASSERT_EQ(got.size(), 4U);
  EXPECT_THAT(got[0], ElementsAre(0, 2));
  EXPECT_THAT(got[1], IsEmpty());
  EXPECT_THAT(got[3], ElementsAre(0));
  EXPECT_THAT(Transpose(got.view(), 3)[0], ElementsAre(0, 3));  // back, in ascending order
}

}  // namespace
}  // namespace usher::recsys
