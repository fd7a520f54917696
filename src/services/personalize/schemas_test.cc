#include "services/personalize/schemas.h"

#include "services/personalize/test_service.h"

namespace usher::personalize {
namespace {

using testing::HasSubstr;

class SchemaTest : public TestService {};

TEST_F(SchemaTest, IsGivenBackLetterByLetter) {
  const auto created = Call<api::CreateSchema>({.name = "s", .schema = InteractionsSchema()});
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ(created->schema_arn, Arn("schema/s"));

  const auto schema = Call<api::DescribeSchema>({.schema_arn = Arn("schema/s")})->schema;
  EXPECT_EQ(schema->name, "s");
  EXPECT_EQ(schema->schema, InteractionsSchema());
  EXPECT_EQ(schema->domain, std::nullopt);
  EXPECT_EQ(schema->creation_date_time, clock_.Now());
}

TEST_F(SchemaTest, OfADomainNeedsTheFieldsOfThatDomain) {
  EXPECT_THAT(Complaint<api::CreateSchema>(
                  {.name = "s", .schema = InteractionsSchema(), .domain = "ECOMMERCE"},
                  ErrorCode::kInvalidInput),
              HasSubstr("required field 'EVENT_TYPE' of type string is missing"));
}

TEST_F(SchemaTest, ThatIsNotJsonIsRefusedAndNotKept) {
  EXPECT_THAT(
      Complaint<api::CreateSchema>({.name = "s", .schema = "{\"type\":"}, ErrorCode::kInvalidInput),
      HasSubstr("it is not JSON"));
  EXPECT_FALSE(Call<api::DescribeSchema>({.schema_arn = Arn("schema/s")}));
}

TEST_F(SchemaTest, HasANameOfItsOwn) {
  ASSERT_TRUE(Call<api::CreateSchema>({.name = "s", .schema = InteractionsSchema()}));
  EXPECT_EQ(Complaint<api::CreateSchema>({.name = "s", .schema = InteractionsSchema()},
                                         ErrorCode::kAlreadyExists),
            "Another resource with Arn " + Arn("schema/s") + " already exists.");
}

TEST_F(SchemaTest, IsListedUntilItIsDeleted) {
  ASSERT_TRUE(Call<api::CreateSchema>({.name = "s", .schema = InteractionsSchema()}));
  ASSERT_EQ(Call<api::ListSchemas>({})->schemas->size(), 1U);
  EXPECT_EQ(Call<api::ListSchemas>({})->schemas->at(0).schema_arn, Arn("schema/s"));

  ASSERT_TRUE(Call<api::DeleteSchema>({.schema_arn = Arn("schema/s")}));
  EXPECT_TRUE(Call<api::ListSchemas>({})->schemas->empty());
  EXPECT_EQ(Complaint<api::DeleteSchema>({.schema_arn = Arn("schema/s")}, ErrorCode::kNotFound),
            "Resource Arn " + Arn("schema/s") + " does not exist.");
}

}  // namespace
}  // namespace usher::personalize
