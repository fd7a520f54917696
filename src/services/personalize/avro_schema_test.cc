#include "services/personalize/avro_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace usher::personalize {
namespace {

using testing::HasSubstr;

std::string Record(const std::string& name, const std::string& fields) {
  return R"({"type":"record","name":")" + name +
         R"(","namespace":"com.amazonaws.personalize.schema","fields":[)" + fields +
         R"(],"version":"1.0"})";
}

std::string Field(const std::string& name, const std::string& type, const std::string& more = "") {
  return R"({"name":")" + name + R"(","type":)" + type + more + "}";
}

const std::string kUser = Field("USER_ID", R"("string")");
const std::string kItem = Field("ITEM_ID", R"("string")");
const std::string kTime = Field("TIMESTAMP", R"("long")");
const std::string kBasic = kUser + "," + kItem + "," + kTime;

std::string Complaint(const std::string& json, const std::string& domain = "") {
  const auto schema = ParseAvroSchema(json, domain);
  return schema ? "" : schema.error().message;
}

TEST(AvroSchema, ReadsInteractionsWithMetadata) {
  const auto schema = ParseAvroSchema(
      Record("Interactions", kBasic + "," + Field("EVENT_VALUE", R"(["null","float"])") + "," +
                                 Field("DEVICE", R"(["string"])", R"(,"categorical":true)")),
      "");

  ASSERT_TRUE(schema) << schema.error().message;
  EXPECT_EQ(schema->dataset_type, "INTERACTIONS");
  EXPECT_THAT(schema->fields,
              testing::ElementsAre(
                  SchemaField{.name = "USER_ID"}, SchemaField{.name = "ITEM_ID"},
                  SchemaField{.name = "TIMESTAMP", .type = FieldType::kLong},
                  SchemaField{.name = "EVENT_VALUE", .type = FieldType::kFloat, .nullable = true},
                  SchemaField{.name = "DEVICE", .categorical = true}));
  EXPECT_EQ(schema->Find("device")->name, "DEVICE");
  EXPECT_EQ(schema->Find("COLOUR"), nullptr);
}

TEST(AvroSchema, RefusesAnUnknownTypeByName) {
  EXPECT_THAT(
      Complaint(
          Record("Interactions", kUser + "," + kItem + "," + Field("TIMESTAMP", R"("decimal")"))),
      HasSubstr("field 'TIMESTAMP' has unknown type 'decimal'; accepted are: string, int, long"));
}

TEST(AvroSchema, RefusesNestedTypesAndMixedUnions) {
  EXPECT_THAT(Complaint(Record("Interactions",
                               kBasic + "," + Field("A", R"({"type":"array","items":"string"})"))),
              HasSubstr("must have a simple type"));
  EXPECT_THAT(Complaint(Record("Interactions", kBasic + "," + Field("A", R"(["string","long"])"))),
              HasSubstr("may have one type"));
  EXPECT_THAT(Complaint(Record("Interactions", kBasic + "," + Field("A", R"(["null"])"))),
              HasSubstr("no type but null"));
}

TEST(AvroSchema, NamesAMissingRequiredField) {
  EXPECT_THAT(Complaint(Record("Interactions", kUser + "," + kItem)),
              HasSubstr("required field 'TIMESTAMP' of type long is missing"));
  EXPECT_THAT(Complaint(Record("Interactions", kBasic), "ECOMMERCE"), HasSubstr("'EVENT_TYPE'"));
  EXPECT_THAT(Complaint(Record("Items", kItem + "," + Field("CREATION_TIMESTAMP", R"("long")")),
                        "VIDEO_ON_DEMAND"),
              HasSubstr("'GENRES'"));
}

TEST(AvroSchema, FixesTheTypeOfReservedFields) {
  EXPECT_THAT(Complaint(Record("Interactions",
                               kUser + "," + kItem + "," + Field("TIMESTAMP", R"("string")"))),
              HasSubstr("field 'TIMESTAMP' must be of type long, not string"));
  EXPECT_THAT(Complaint(Record("Interactions", Field("USER_ID", R"(["null","string"])") + "," +
                                                   kItem + "," + kTime)),
              HasSubstr("field 'USER_ID' must not be null"));
  EXPECT_THAT(Complaint(Record(
                  "Interactions",
                  kBasic + "," + Field("EVENT_TYPE", R"("string")", R"(,"categorical":true)"))),
              HasSubstr("must not be categorical"));
}

TEST(AvroSchema, RefusesNamesThatDifferByPunctuationOnly) {
  EXPECT_THAT(Complaint(Record("Items", kItem + "," + Field("GENRES_FIELD_1", R"("string")") + "," +
                                            Field("GENRESFIELD1", R"("string")"))),
              HasSubstr("'GENRESFIELD1' differs from another only by case or punctuation"));
}

TEST(AvroSchema, LimitsMetadataFields) {
  std::string fields = kBasic;
  for (int i = 0; i < 6; ++i) fields += "," + Field("M" + std::to_string(i), R"("string")");

  EXPECT_THAT(Complaint(Record("Interactions", fields)), HasSubstr("6 metadata fields; at most 5"));
  EXPECT_THAT(Complaint(Record("Users", kUser)), HasSubstr("at least one field beside the id"));
}

TEST(AvroSchema, KeepsTextualAndItemNameToItems) {
  const std::string text = Field("TEXT", R"("string")", R"(,"textual":true)");
  EXPECT_EQ(Complaint(Record("Items", kItem + "," + text)), "");
  EXPECT_THAT(Complaint(Record("Users", kUser + "," + text)), HasSubstr("only a field of Items"));
  EXPECT_THAT(Complaint(Record("Items", kItem + "," + text + "," +
                                            Field("MORE", R"("string")", R"(,"textual":true)"))),
              HasSubstr("at most one"));
  EXPECT_THAT(Complaint(Record(
                  "Items", kItem + "," + Field("PRICE", R"("float")", R"(,"categorical":true)"))),
              HasSubstr("which only a string can be"));
}

TEST(AvroSchema, RefusesWhatIsNoRecord) {
  EXPECT_THAT(Complaint("{"), HasSubstr("it is not JSON"));
  EXPECT_THAT(Complaint("[]"), HasSubstr("must be \"record\""));
  EXPECT_THAT(Complaint(Record("Movies", kItem)), HasSubstr("must be one of Interactions, Items"));
  EXPECT_THAT(Complaint(R"({"type":"record","name":"Items"})"), HasSubstr("no 'fields'"));
  EXPECT_THAT(Complaint(Record("Items", R"({"name":"ITEM_ID"})")),
              HasSubstr("needs a 'name' and a 'type'"));
  EXPECT_THAT(Complaint(Record("Items", kItem + "," + Field("1ST", R"("string")"))),
              HasSubstr("must begin with a letter"));
}

}  // namespace
}  // namespace usher::personalize
