#include "builtin_jobs/prepare_interactions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "builtin_jobs/memory_context.h"

namespace usher::builtin_jobs {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::SizeIs;

class PrepareInteractionsJobTest : public testing::Test {
 protected:
  PrepareInteractionsJobTest() {
    context_.objects = {
        {"s3://b/raw/ratings.csv",
         "userId,movieId,rating,timestamp\n7,1,3.5,100\n7,1,4.0,100\n7,2,4.0,101\n8,9,1.0,5\n"},
        {"s3://b/raw/movies.csv", "movieId,title,genres\n1,\"Kid, The\",Drama\n2,Heat,Action\n"}};
  }

  Result<void> Run(JobArguments extra = {}) {
    JobArguments arguments{{"RATINGS", "s3://b/raw/ratings.csv"},
                           {"MOVIES", "s3://b/raw/movies.csv"},
                           {"OUTPUT", "s3://b/prepared/one"},
                           {"PARTITIONS", "8"}};
    for (auto& [name, value] : extra) arguments[name] = std::move(value);
    return RunBuiltinJob(*FindBuiltinJob("prepare_interactions"), arguments, context_);
  }
  std::string Complaint(JobArguments extra = {}) {
    const auto ran = Run(std::move(extra));
    EXPECT_THAT(context_.objects, SizeIs(inputs_)) << "nothing is stored";
    return ran ? "no complaint" : ran.error().message;
  }

  TempFolder folder_;
  MemoryContext context_{folder_.path()};
  std::size_t inputs_ = 2;
};

TEST_F(PrepareInteractionsJobTest, WritesInteractionsAndMetadataIntoTheirFolders) {
  for (const char* output : {"s3://b/prepared/one", "s3://b/prepared/one/"}) {
    const auto ran = Run({{"OUTPUT", output}});
    ASSERT_TRUE(ran) << ran.error().message;
    EXPECT_THAT(context_.objects, SizeIs(4));
    EXPECT_EQ(context_.objects["s3://b/prepared/one/model_input/interactions.csv"],
              "ITEM_ID,USER_ID,TIMESTAMP\n1,7,100\n2,7,101\n");
    EXPECT_EQ(context_.objects["s3://b/prepared/one/metadata/metadata.csv"],
              "TITLE,GENRES,ITEM_ID\n\"Kid, The\",Drama,1\nHeat,Action,2\n");
    EXPECT_EQ(context_.lines.back(),
              "read 4 ratings, took 4 of them; left out 1 of unknown movies and 1 duplicates; "
              "wrote 2 interactions of 2 movies to s3://b/prepared/one/");
    EXPECT_EQ(context_.progress.back().first, 1);
  }
}

TEST_F(PrepareInteractionsJobTest, AShareOfNextToNothingLeavesNothingToWrite) {
  EXPECT_THAT(Complaint({{"FRACTION", "1e-12"}}), HasSubstr("s3://b/raw/ratings.csv"));
}

TEST_F(PrepareInteractionsJobTest, NamesWhatIsWrongWithAnArgument) {
  EXPECT_THAT(Complaint({{"FRACTION", "0"}}), HasSubstr("FRACTION"));
  EXPECT_THAT(Complaint({{"FRACTION", "5%"}}), HasSubstr("FRACTION"));
  EXPECT_THAT(Complaint({{"SEED", "-1"}}), HasSubstr("SEED"));
  EXPECT_THAT(Complaint({{"OUTPUT", "prepared"}}), HasSubstr("OUTPUT"));
}

TEST_F(PrepareInteractionsJobTest, NamesTheObjectAndTheLine) {
  context_.objects["s3://b/raw/ratings.csv"] += "8,2,1.0,never\n";
  EXPECT_THAT(Complaint(),
              AllOf(HasSubstr("s3://b/raw/ratings.csv: line 6: "), HasSubstr("never")));
  context_.objects.erase("s3://b/raw/movies.csv");
  inputs_ = 1;
  EXPECT_THAT(Complaint(), HasSubstr("s3://b/raw/movies.csv"));
}

}  // namespace
}  // namespace usher::builtin_jobs
