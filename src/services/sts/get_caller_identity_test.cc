#include "services/sts/get_caller_identity.h"

#include <gtest/gtest.h>

namespace usher::sts {
namespace {

TEST(GetCallerIdentity, NamesTheRootForTheServersOwnKey) {
  wire::CallContext context;
  context.caller.access_key_id = "AKIAIOSFODNN7EXAMPLE";
  context.caller.arn = "arn:aws:iam::000000000000:root";

  const auto identity = GetCallerIdentity({}, context);

  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->account, "000000000000");
  EXPECT_EQ(identity->user_id, "000000000000");
  EXPECT_EQ(identity->arn, "arn:aws:iam::000000000000:root");
}

TEST(GetCallerIdentity, NamesTheKeyOfAnybodyElse) {
  wire::CallContext context;
  context.caller.access_key_id = "ASIAEXAMPLE";
  context.caller.arn = "arn:aws:sts::000000000000:assumed-role/r/s";

  const auto identity = GetCallerIdentity({}, context);

  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->user_id, "ASIAEXAMPLE");
  EXPECT_EQ(identity->arn, "arn:aws:sts::000000000000:assumed-role/r/s");
}

TEST(GetCallerIdentity, TakesCallsFromWithinForTheRoot) {
  wire::CallContext context;

  EXPECT_EQ(GetCallerIdentity({}, context)->arn, "arn:aws:iam::000000000000:root");
}

}  // namespace
}  // namespace usher::sts
