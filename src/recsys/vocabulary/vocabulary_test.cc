#include "recsys/vocabulary/vocabulary.h"

#include <gtest/gtest.h>

namespace usher::recsys {
namespace {

TEST(Vocabulary, GivesEachIdItsIndexAndBack) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5000; ++i) ids.push_back("item-" + std::to_string(i * 7));
  ids.push_back("");
  ids.push_back("ünïcode");
  const Vocabulary vocabulary(ids);

  ASSERT_EQ(vocabulary.size(), ids.size());
  for (std::uint32_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(vocabulary[i], ids[i]);
    EXPECT_EQ(vocabulary.Find(ids[i]), i);
  }
}

TEST(Vocabulary, DoesNotFindWhatIsNotThere) {
  const Vocabulary vocabulary(std::vector<std::string>{"a", "b"});
  EXPECT_EQ(vocabulary.Find("c"), std::nullopt);
  EXPECT_EQ(vocabulary.Find(""), std::nullopt);
  EXPECT_EQ(Vocabulary().Find("a"), std::nullopt);
  EXPECT_EQ(Vocabulary(std::vector<std::string>{}).size(), 0U);
}

TEST(Vocabulary, CopiesStayGoodWhenTheOriginalIsGone) {
  Vocabulary copy;
  {
    const Vocabulary original(std::vector<std::string>{"a", "b"});
    copy = original;
  }
  EXPECT_EQ(copy[1], "b");
  EXPECT_EQ(copy.Find("b"), 1U);
}

}  // namespace
}  // namespace usher::recsys
