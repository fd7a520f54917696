#include "columnar/ipc_file.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "base/temp_folder.h"

namespace usher::columnar {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

std::string ReadBytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void WriteBytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

class ArrayFileTest : public ::testing::Test {
 protected:
  TempFolder folder_;
  std::string path_ = folder_.path() + "/arrays.arrow";
};

TEST_F(ArrayFileTest, GivesBackEveryKindOfArray) {
  const std::vector<float> factors{1, 2, 3, 4, 5, 6};
  const std::vector<double> doubles{0.1, -2.5};
  const std::vector<std::int8_t> small{-128, 127, 0, 5};
  const std::vector<std::int32_t> ints{-1, 7};
  const std::vector<std::uint32_t> counts{4'000'000'000U};
  const std::vector<std::int64_t> times{1'600'000'000, -9'000'000'000};
  const std::vector<std::string> ids{"a", "", "\xC3\xA9t\xC3\xA9"};
  auto writer = ArrayFileWriter::Create(path_);
  ASSERT_TRUE(writer);
  (*writer)->AddMatrix("factors", factors, 2, 3);
  (*writer)->AddMatrix("quantised", small, 4, 1);
  (*writer)->Add("bias", std::span<const float>(factors).first(2));
  (*writer)->Add("doubles", doubles);
  (*writer)->Add("small", small);
  (*writer)->Add("ints", ints);
  (*writer)->Add("counts", counts);
  (*writer)->Add("times", times);
  (*writer)->AddStrings("ids", ids);

  const auto info = (*writer)->Finish();
  ASSERT_TRUE(info) << info.error().message;
  const auto file = ArrayFile::Open(path_, info->sha256);

  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(info->bytes, std::filesystem::file_size(path_));
  const auto matrix = (*file)->FloatMatrix("factors");
  ASSERT_TRUE(matrix);
  EXPECT_EQ(matrix->rows, 2U);
  EXPECT_EQ(matrix->cols, 3U);
  EXPECT_THAT(matrix->Row(1), ElementsAre(4, 5, 6));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(matrix->values.data()) % 8, 0U);
  EXPECT_THAT((*file)->Int8Matrix("quantised")->Row(0), ElementsAre(-128));
  EXPECT_THAT(*(*file)->Floats("bias"), ElementsAre(1, 2));
  EXPECT_THAT(*(*file)->Doubles("doubles"), ElementsAreArray(doubles));
  EXPECT_THAT(*(*file)->Int8s("small"), ElementsAreArray(small));
  EXPECT_THAT(*(*file)->Int32s("ints"), ElementsAreArray(ints));
  EXPECT_THAT(*(*file)->UInt32s("counts"), ElementsAreArray(counts));
  EXPECT_THAT(*(*file)->Int64s("times"), ElementsAreArray(times));
  EXPECT_THAT((*file)->Strings("ids")->Copy(), ElementsAreArray(ids));
}

TEST_F(ArrayFileTest, KeepsEmptyArrays) {
  auto writer = ArrayFileWriter::Create(path_);
  ASSERT_TRUE(writer);
  (*writer)->Add("none", std::span<const float>{});
  (*writer)->AddMatrix("no_rows", std::span<const float>{}, 0, 8);
  (*writer)->AddStrings("no_ids", {});
  ASSERT_TRUE((*writer)->Finish());

  const auto file = ArrayFile::Open(path_);

  ASSERT_TRUE(file) << file.error().message;
  EXPECT_TRUE((*file)->Floats("none")->empty());
  EXPECT_EQ((*file)->FloatMatrix("no_rows")->rows, 0U);
  EXPECT_EQ((*file)->FloatMatrix("no_rows")->cols, 8U);
  EXPECT_EQ((*file)->Strings("no_ids")->size(), 0U);
}

TEST_F(ArrayFileTest, SaysWhenAnArrayIsMissingOrOfAnotherType) {
  const std::vector<float> values{1};
  auto writer = ArrayFileWriter::Create(path_);
  ASSERT_TRUE(writer);
  (*writer)->Add("values", values);
  ASSERT_TRUE((*writer)->Finish());
  const auto file = ArrayFile::Open(path_);
  ASSERT_TRUE(file);

  EXPECT_EQ((*file)->Floats("other").error().code, ErrorCode::kNotFound);
  EXPECT_EQ((*file)->Int32s("values").error().code, ErrorCode::kInvalidInput);
  EXPECT_EQ((*file)->FloatMatrix("values").error().code, ErrorCode::kInvalidInput);
  EXPECT_EQ((*file)->Strings("values").error().code, ErrorCode::kInvalidInput);
}

TEST_F(ArrayFileTest, NothingAppearsBeforeFinish) {
  {
    auto writer = ArrayFileWriter::Create(path_);
    ASSERT_TRUE(writer);
    EXPECT_FALSE(std::filesystem::exists(path_));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(ArrayFileTest, RefusesAnyChangedOrMissingByte) {
  std::vector<float> values(100);
  std::iota(values.begin(), values.end(), 0.0F);
  auto writer = ArrayFileWriter::Create(path_);
  ASSERT_TRUE(writer);
  (*writer)->Add("values", values);
  const auto info = (*writer)->Finish();
  ASSERT_TRUE(info);
  const std::string good = ReadBytes(path_);

  for (std::size_t at = 0; at < good.size(); at += 7) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    WriteBytes(path_, bad);
    EXPECT_EQ(ArrayFile::Open(path_, info->sha256).error().code, ErrorCode::kCorrupt) << at;
  }
  // Without the checksum the structure alone must still not be trusted blindly.
  for (std::size_t size = 0; size < good.size(); size += 13) {
    WriteBytes(path_, good.substr(0, size));
    EXPECT_EQ(ArrayFile::Open(path_).error().code, ErrorCode::kCorrupt) << size;
  }
}

TEST_F(ArrayFileTest, IsNotFoundWhenThereIsNoFile) {
  EXPECT_EQ(ArrayFile::Open(path_).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace usher::columnar
