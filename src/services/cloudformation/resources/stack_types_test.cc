// The type of stacks within stacks, over an UpdateStack that is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "services/cloudformation/resources/resource_type.h"
#include "wire/cloudformation.h"

namespace usher::cloudformation {
namespace {

namespace api = usher::api::cloudformation;

class NestedStackTest : public testing::Test {
 protected:
  NestedStackTest() {
    dispatcher_.Handle<api::UpdateStack>(
        [](const api::UpdateStackInput& /*request*/,
           wire::CallContext& /*call*/) -> Result<api::UpdateStackOutput> {
          return InvalidInput("it cannot be updated");
        });
    dispatcher_.Handle<api::DescribeStacks>(
        [this](const api::DescribeStacksInput& request,
               wire::CallContext& /*call*/) -> Result<api::DescribeStacksOutput> {
          api::Stack stack{
              .stack_name = *request.stack_name, .creation_time = Time(), .stack_status = status_};
          return api::DescribeStacksOutput{.stacks = std::vector{std::move(stack)}};
        });
  }

  Result<void> Update(const std::string& status) {
    status_ = status;
    Action action{.dispatcher = dispatcher_,
                  .stack = {.id = "outer", .name = "outer", .region = "us-east-1"},
                  .logical_id = "Inner",
                  .token = "TOKEN",
                  .now = Time()};
    action.physical_id = "inner";
    action.properties.Append("TemplateURL", "s3://b/inner.yaml");
    return FindResourceType("AWS::CloudFormation::Stack")->update(action);
  }

  std::string status_;
  wire::Dispatcher dispatcher_;
};

TEST_F(NestedStackTest, AnUpdateThatIsUnderWayHasBegun) {
  for (const char* status : {"UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
                             "UPDATE_ROLLBACK_IN_PROGRESS"}) {
    const auto updated = Update(status);
    EXPECT_TRUE(updated) << status << ": " << updated.error().message;
  }
}

TEST_F(NestedStackTest, AStackThatRestsTakesNoUpdateThatIsRefused) {
  for (const char* status : {"UPDATE_COMPLETE", "CREATE_COMPLETE", "DELETE_IN_PROGRESS"}) {
    const auto updated = Update(status);
    ASSERT_FALSE(updated) << status;
    EXPECT_EQ(updated.error().message, "it cannot be updated");
  }
}

}  // namespace
}  // namespace usher::cloudformation
