#include "engine/row_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "engine/filter_data.h"
#include "engine/interactions_file.h"

namespace usher::engine {
namespace {

using columnar::ColumnSpec;
using columnar::ColumnType;
using testing::ElementsAre;
using testing::HasSubstr;

class RowFileTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::vector<ColumnSpec>& specs,
                    const std::vector<std::vector<Value>>& rows) {
    std::string path = folder_.path() + "/" + name;
    auto file = RowFile::Create(path, specs);
    EXPECT_TRUE(file);
    for (const auto& row : rows) EXPECT_TRUE((*file)->Add(row));
    const auto count = (*file)->Finish();
    EXPECT_TRUE(count);
    EXPECT_EQ(*count, rows.size());
    return path;
  }
  // Every row as texts, "" where there is none.
  std::vector<std::string> Read(const std::string& path) {
    std::vector<std::string> rows;
    const auto reader = columnar::TableReader::Open(path);
    EXPECT_TRUE(reader);
    for (std::size_t group = 0; group < (*reader)->group_count(); ++group) {
      const auto batch = (*reader)->Read(group);
      EXPECT_TRUE(batch);
      for (std::size_t row = 0; row < batch->rows; ++row) {
        std::string text;
        for (std::size_t c = 0; c < batch->columns.size(); ++c) {
          const columnar::Column& column = batch->columns[c];
          text += c > 0 ? "," : "";
          if (column.IsNull(row)) continue;
          text += !column.codes.empty()  ? std::string(column.Text(row))
                  : !column.ints.empty() ? std::to_string(column.ints[row])
                                         : std::to_string(column.numbers[row]).substr(0, 3);
        }
        rows.push_back(text);
      }
    }
    return rows;
  }

  TempFolder folder_;
};

TEST_F(RowFileTest, KeepsEveryTypeAndNull) {
  const std::string path =
      Write("a",
            {{"ID", ColumnType::kString, false},
             {"TEXT", ColumnType::kString, true},
             {"INT", ColumnType::kInt32, true},
             {"LONG", ColumnType::kInt64, false},
             {"FLOAT", ColumnType::kFloat, true},
             {"BOOL", ColumnType::kBool, true}},
            {{"x", "t", 3, 4, 1.5, true}, {"y", {}, {}, 5, {}, {}}, {"z", "", 0, 6, 2, false}});
  EXPECT_THAT(Read(path), ElementsAre("x,t,3,4,1.5,1", "y,,,5,,", "z,,0,6,2.0,0"));
}

TEST_F(RowFileTest, OfNoRowsIsAFileWithoutRows) {
  EXPECT_THAT(Read(Write("none", {{"ID", ColumnType::kString, false}}, {})), ElementsAre());
}

TEST_F(RowFileTest, TakesTheRowsOfAnEarlierFileLessThoseReplaced) {
  const std::string old =
      Write("old", {{"PRICE", ColumnType::kDouble, false}, {"ID", ColumnType::kString, false}},
            {{1.0, "a"}, {2.0, "b"}, {3.0, "c"}});
  auto file = RowFile::Create(folder_.path() + "/new", {{"ID", ColumnType::kString, false},
                                                        {"KIND", ColumnType::kString, true},
                                                        {"PRICE", ColumnType::kDouble, false}});
  ASSERT_TRUE((*file)->AddFile(old, "ID", {"b", "nobody"}));
  ASSERT_TRUE((*file)->Add(std::vector<Value>{"b", "new", 9.5}));
  ASSERT_TRUE((*file)->Finish());
  EXPECT_THAT(Read(folder_.path() + "/new"), ElementsAre("a,,1.0", "c,,3.0", "b,new,9.5"));

  auto other = RowFile::Create(folder_.path() + "/other", {{"ID", ColumnType::kInt64, false}});
  const auto added = (*other)->AddFile(old);
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error().message, HasSubstr("no column ID of the right type"));
}

TEST_F(RowFileTest, TwoFilesOfInteractionsAreReadAsOne) {
  const std::vector<ColumnSpec> specs{{"USER_ID", ColumnType::kString, false},
                                      {"ITEM_ID", ColumnType::kString, false},
                                      {"TIMESTAMP", ColumnType::kInt64, false},
                                      {"EVENT_TYPE", ColumnType::kString, true}};
  const std::string first = Write("1", specs, {{"u", "x", 1, "click"}, {"v", "y", 2, "buy"}});
  const std::string more = Write("2", specs, {{"v", "x", 3, "buy"}, {"w", "z", 4, "click"}});

  const auto table = LoadInteractions(first, {.more = {more}});

  ASSERT_TRUE(table) << table.error().message;
  EXPECT_THAT(table->user_ids, ElementsAre("u", "v", "w"));
  EXPECT_THAT(table->user, ElementsAre(0, 1, 1, 2));
  EXPECT_THAT(table->item, ElementsAre(0, 1, 0, 2));
  EXPECT_THAT(table->timestamp, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(table->event, ElementsAre(0, 1, 1, 0));
  // A type that only the second file has is met; rows without a type of the rules are left out.
  const auto buys = LoadInteractions(first, {.events = {{.type = "buy"}}, .more = {more}});
  ASSERT_TRUE(buys);
  EXPECT_THAT(buys->timestamp, ElementsAre(2, 3));

  const auto index = HistoryIndex::Load({first, more});
  ASSERT_TRUE(index);
  const auto v = (*index)->users().Find("v");
  ASSERT_TRUE(v);
  EXPECT_EQ((*index)->Of(*v).size(), 2U);
}

}  // namespace
}  // namespace usher::engine
