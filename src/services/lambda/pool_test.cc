#include "services/lambda/pool.h"

#include <gtest/gtest.h>

namespace usher::lambda {
namespace {

using std::chrono::milliseconds;

std::string ReasonOf(const Error& error) {
  return error.details.empty() ? "" : error.details.front().second;
}

TEST(Pool, HoldsAFunctionToItsReservedConcurrency) {
  Pool pool;
  const Pool::Limits two{.reserved = 2};

  auto first = pool.Enter("f", two, milliseconds(0));
  auto second = pool.Enter("f", two, milliseconds(0));
  const auto third = pool.Enter("f", two, milliseconds(0));

  ASSERT_TRUE(first && second);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, ErrorCode::kThrottled);
  EXPECT_EQ(ReasonOf(third.error()), "ReservedFunctionConcurrentInvocationLimitExceeded");
  EXPECT_TRUE(pool.Enter("g", two, milliseconds(0)));
}

TEST(Pool, GivesAPlaceBackWhenItEnds) {
  Pool pool;
  const Pool::Limits one{.reserved = 1};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(pool.Enter("f", one, milliseconds(0)));
}

TEST(Pool, SharesWhatIsLeftAmongTheOthers) {
  Pool pool;
  const Pool::Limits shared{.reserved = std::nullopt, .unreserved = 2};

  auto first = pool.Enter("f", shared, milliseconds(0));
  auto second = pool.Enter("g", shared, milliseconds(0));
  const auto third = pool.Enter("h", shared, milliseconds(0));

  ASSERT_TRUE(first && second);
  ASSERT_FALSE(third);
  EXPECT_EQ(ReasonOf(third.error()), "ConcurrentInvocationLimitExceeded");
  EXPECT_TRUE(pool.Enter("r", {.reserved = 1}, milliseconds(0)));
}

TEST(Pool, LeavesWorkersForWhatFunctionsCall) {
  Pool pool;
  std::vector<Pool::Place> places;
  for (std::int64_t i = 0; i < kMaxRunning; ++i) {
    auto place = pool.Enter("f", {.reserved = 900}, milliseconds(0));
    ASSERT_TRUE(place);
    places.push_back(*std::move(place));
  }
  const auto one_more = pool.Enter("f", {.reserved = 900}, milliseconds(0));
  ASSERT_FALSE(one_more);
  EXPECT_EQ(ReasonOf(one_more.error()), "ConcurrentInvocationLimitExceeded");
}

TEST(Pool, IsOffWithNothingReserved) {
  Pool pool;
  EXPECT_FALSE(pool.Enter("f", {.reserved = 0}, milliseconds(0)));
}

TEST(Pool, WaitsForAPlaceAsLongAsItIsTold) {
  Pool pool;
  const Pool::Limits one{.reserved = 1};
  auto first = std::make_unique<Result<Pool::Place>>(pool.Enter("f", one, milliseconds(0)));
  std::thread leaving([&] { first.reset(); });

  EXPECT_TRUE(pool.Enter("f", one, milliseconds(60'000)));

  leaving.join();
}

TEST(Pool, LetsNobodyEnterOnceItIsStopped) {
  Pool pool;
  pool.Stop();
  const auto place = pool.Enter("f", {}, milliseconds(60'000));
  ASSERT_FALSE(place);
  EXPECT_EQ(place.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace usher::lambda
