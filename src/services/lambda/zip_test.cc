#include "services/lambda/zip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zip.h>

#include <filesystem>
#include <fstream>

#include "base/temp_folder.h"

namespace usher::lambda {
namespace {

using testing::HasSubstr;

class ZipTest : public testing::Test {
 protected:
  struct Entry {
    std::string name;
    std::string content;
    mode_t mode = S_IFREG | 0644;
  };

  std::string Make(const std::vector<Entry>& entries) {
    const std::string path = folder_.path() + "/test.zip";
    int code = 0;
    zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
    for (const Entry& entry : entries) {
      zip_source_t* source =
          zip_source_buffer(archive, entry.content.data(), entry.content.size(), 0);
      const zip_int64_t index = zip_file_add(archive, entry.name.c_str(), source, ZIP_FL_ENC_UTF_8);
      zip_file_set_external_attributes(archive, static_cast<zip_uint64_t>(index), 0, ZIP_OPSYS_UNIX,
                                       static_cast<zip_uint32_t>(entry.mode) << 16);
    }
    EXPECT_EQ(zip_close(archive), 0);
    return path;
  }

  std::string Refusal(const std::vector<Entry>& entries) {
    const std::string path = Make(entries);
    const auto unzipped = Unzip(path, target_);
    EXPECT_FALSE(unzipped);
    EXPECT_FALSE(std::filesystem::exists(target_));
    EXPECT_FALSE(CheckZip(path));
    return unzipped ? "" : unzipped.error().message;
  }

  static std::string Content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  static mode_t Mode(const std::string& path) {
    struct stat info{};
    return stat(path.c_str(), &info) == 0 ? info.st_mode & 0777 : 0;
  }

  TempFolder folder_;
  std::string target_ = folder_.path() + "/out/code";
};

TEST_F(ZipTest, UnpacksFilesReadableAndNotWritable) {
  const auto facts = Unzip(Make({{"f.py", "print(1)\n", S_IFREG},  // no permissions at all
                                 {"bin/tool", "#!", S_IFREG | 0755},
                                 {"bootstrap", "#!", S_IFREG | 0600},
                                 {"a/b/c.txt", "deep"}}),
                           target_);

  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->files, 4U);
  EXPECT_EQ(facts->bytes, 17U);
  EXPECT_EQ(Content(target_ + "/f.py"), "print(1)\n");
  EXPECT_EQ(Content(target_ + "/a/b/c.txt"), "deep");
  EXPECT_EQ(Mode(target_ + "/f.py"), 0444U);
  EXPECT_EQ(Mode(target_ + "/bin/tool"), 0555U);
  EXPECT_EQ(Mode(target_ + "/bootstrap"), 0555U);
  EXPECT_EQ(Mode(target_ + "/a/b"), 0555U);
  RemoveUnzipped(target_);
  EXPECT_FALSE(std::filesystem::exists(target_));
}

TEST_F(ZipTest, LeavesOutWhatAnotherSystemAdds) {
  ASSERT_TRUE(Unzip(Make({{"f.py", "1"}, {"__MACOSX/._f.py", "junk"}}), target_));
  EXPECT_TRUE(std::filesystem::exists(target_ + "/f.py"));
  EXPECT_FALSE(std::filesystem::exists(target_ + "/__MACOSX"));
  RemoveUnzipped(target_);
}

TEST_F(ZipTest, RefusesNamesThatReachOutside) {
  for (const char* name : {"../f", "a/../../f", "a/..", "..", "/f", "a//f", "./f", "a\\f"}) {
    EXPECT_THAT(Refusal({{"good", "1"}, {name, "2"}}), HasSubstr("Could not unzip")) << name;
  }
  EXPECT_FALSE(std::filesystem::exists(folder_.path() + "/f"));
}

TEST_F(ZipTest, RefusesWhatIsNeitherFileNorFolder) {
  EXPECT_THAT(Refusal({{"link", "/etc/passwd", S_IFLNK | 0777}}), HasSubstr("symbolic link"));
  EXPECT_THAT(Refusal({{"device", "", S_IFBLK | 0777}}), HasSubstr("neither a file nor"));
}

TEST_F(ZipTest, RefusesAFileWhereAFolderIs) {
  const std::string path = Make({{"a", "file"}, {"a/b", "within"}});
  const auto unzipped = Unzip(path, target_);
  ASSERT_FALSE(unzipped);
  EXPECT_THAT(unzipped.error().message, HasSubstr("beside the others"));
  EXPECT_FALSE(std::filesystem::exists(target_));
}

TEST_F(ZipTest, RefusesWhatWouldBecomeTooLarge) {
  std::vector<Entry> zeros;
  for (int i = 0; i < 3; ++i) {
    zeros.push_back({"zeros" + std::to_string(i), std::string(100U << 20, '\0')});
  }
  EXPECT_THAT(Refusal(zeros), HasSubstr("Unzipped size must be smaller than 262144000 bytes"));
}

TEST_F(ZipTest, RefusesWhatIsDamaged) {
  const std::string path = Make({{"f.py", std::string(10'000, 'x') + "y"}});
  std::string bytes = Content(path);
  for (const std::size_t size : {std::size_t{0}, std::size_t{10}, bytes.size() - 1}) {
    std::ofstream(path, std::ios::trunc) << bytes.substr(0, size);
    EXPECT_FALSE(CheckZip(path)) << size;
  }
  bytes[40] = static_cast<char>(bytes[40] ^ 0x55);  // within the compressed data
  std::ofstream(path, std::ios::trunc) << bytes;
  EXPECT_FALSE(Unzip(path, target_));
  EXPECT_FALSE(std::filesystem::exists(target_));
}

TEST_F(ZipTest, RefusesAMillionEntriesByTheirNumberAlone) {
  const auto little = [](std::uint64_t number, int size) {
    std::string bytes;
    for (int i = 0; i < size; ++i) bytes += static_cast<char>(number >> (8 * i));
    return bytes;
  };
  // Only end records: a directory is never looked for.
  const std::string record = "PK\x06\x06" + little(44, 8) + little(45, 2) + little(45, 2) +
                             little(0, 8) + little(1'000'000, 8) + little(1'000'000, 8) +
                             little(46'000'000, 8) + little(0, 8);
  const std::string path = folder_.path() + "/many.zip";
  std::ofstream(path) << record << "PK\x06\x07" + little(0, 4) + little(0, 8) + little(1, 4)
                      << "PK\x05\x06" + little(0, 4) + little(0xFFFF, 2) + little(0xFFFF, 2) +
                             little(0xFFFFFFFF, 4) + little(0xFFFFFFFF, 4) + little(0, 2);

  const auto checked = CheckZip(path);

  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("1000000 entries"));
}

}  // namespace
}  // namespace usher::lambda
