#include "wire/shape.h"

#include <gtest/gtest.h>

#include "wire/personalize.h"
#include "wire/s3.h"

namespace usher::wire {
namespace {

TEST(Models, HoldEveryOperationButShapesOnlyForWhatIsBuilt) {
  std::size_t operations = 0;
  for (const Service* service : AllServices()) {
    operations += service->operations.size();
    for (const Operation& operation : service->operations) {
      EXPECT_EQ(operation.service, service);
      EXPECT_EQ(FindOperation(*service, operation.name), &operation);
      if (!operation.implemented) {
        EXPECT_EQ(operation.input, nullptr);
      }
    }
  }
  EXPECT_GT(operations, 1000U);
  EXPECT_EQ(FindOperation(*FindService("s3"), "NoSuchOperation"), nullptr);
  EXPECT_EQ(FindService("no-such-service"), nullptr);
}

TEST(GeneratedTypes, RoundTripThroughValue) {
  api::personalize::CreateSolutionRequest request;
  request.name = "movies";
  request.dataset_group_arn = "arn:aws:personalize:us-east-1:000000000000:dataset-group/d";
  request.perform_hpo = false;
  request.solution_config.emplace().algorithm_hyper_parameters.emplace().emplace("factors", "64");
  request.tags.emplace().push_back({.tag_key = "a", .tag_value = "b"});

  EXPECT_EQ(api::personalize::CreateSolutionRequest::FromValue(request.ToValue()), request);
}

TEST(GeneratedTypes, TagTheirOperation) {
  const Operation& operation = api::s3::PutObject::operation();

  EXPECT_EQ(operation.name, "PutObject");
  EXPECT_EQ(operation.service->id, "s3");
  EXPECT_EQ(operation.uri, "/{Bucket}/{Key+}");
  EXPECT_TRUE(operation.implemented);
}

}  // namespace
}  // namespace usher::wire
