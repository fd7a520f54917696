#include "wire/temporary_credentials.h"

#include <gtest/gtest.h>

namespace usher::wire {
namespace {

class OneKey final : public Credentials {
 public:
  [[nodiscard]] std::optional<Key> Find(std::string_view id) const override {
    if (id != "AKIAPERMANENT") return std::nullopt;
    return Key{.secret = "s", .session_token = "", .arn = "root"};
  }
};

TEST(TemporaryCredentials, GiveEachIdentityAKeyAndATokenOfItsOwn) {
  TemporaryCredentials credentials(nullptr);

  const auto one = credentials.Issue("arn:one");
  const auto two = credentials.Issue("arn:two");

  EXPECT_TRUE(one->access_key_id.starts_with("ASIA"));
  EXPECT_EQ(one->access_key_id.size(), 20U);
  EXPECT_NE(one->access_key_id, two->access_key_id);
  EXPECT_NE(one->key.secret, two->key.secret);
  EXPECT_NE(one->key.session_token, two->key.session_token);
  const auto found = credentials.Find(one->access_key_id);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->arn, "arn:one");
  EXPECT_EQ(found->secret, one->key.secret);
  EXPECT_EQ(found->session_token, one->key.session_token);
}

TEST(TemporaryCredentials, EndWithTheLastWhoHoldsThem) {
  TemporaryCredentials credentials(nullptr);
  auto issued = credentials.Issue("arn:one");
  const std::string id = issued->access_key_id;
  auto copy = issued;

  issued.reset();
  EXPECT_TRUE(credentials.Find(id));
  copy.reset();
  EXPECT_FALSE(credentials.Find(id));
}

TEST(TemporaryCredentials, AskThePermanentOnesForEveryOtherKey) {
  const OneKey permanent;
  const TemporaryCredentials credentials(&permanent);

  ASSERT_TRUE(credentials.Find("AKIAPERMANENT"));
  EXPECT_EQ(credentials.Find("AKIAPERMANENT")->arn, "root");
  EXPECT_FALSE(credentials.Find("AKIASOMEBODY"));
}

}  // namespace
}  // namespace usher::wire
