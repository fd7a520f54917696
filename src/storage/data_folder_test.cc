#include "storage/data_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "base/temp_folder.h"

namespace usher::storage {
namespace {

class DataFolderTest : public testing::Test {
 protected:
  TempFolder temp_;
  const std::string& base_ = temp_.path();
};

TEST_F(DataFolderTest, MakesTheFolderForItsOwnerAlone) {
  const auto folder = DataFolder::Open(base_ + "/a/b");
  ASSERT_TRUE(folder) << folder.error().message;

  struct stat status = {};
  ASSERT_EQ(stat((base_ + "/a/b").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  for (const std::string& part :
       {folder->objects(), folder->datasets(), folder->models(), folder->jobs()}) {
    EXPECT_TRUE(std::filesystem::is_directory(part)) << part;
  }
}

TEST_F(DataFolderTest, RefusesASecondServerAndNamesTheFirst) {
  const auto first = DataFolder::Open(base_ + "/data");
  ASSERT_TRUE(first);

  const auto second = DataFolder::Open(base_ + "/data");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kInUse);
  EXPECT_EQ(second.error().message, "data folder " + base_ + "/data is already in use by process " +
                                        std::to_string(getpid()));
}

TEST_F(DataFolderTest, TheLockEndsWithItsOwner) {
  {
    ASSERT_TRUE(DataFolder::Open(base_ + "/data"));
  }
  EXPECT_TRUE(DataFolder::Open(base_ + "/data"));
}

TEST_F(DataFolderTest, TheLockEndsWithAKilledProcess) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto folder = DataFolder::Open(base_ + "/data");
    if (!folder || write(ready[1], "x", 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  const auto refused = DataFolder::Open(base_ + "/data");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("process " + std::to_string(child)), std::string::npos);

  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  close(ready[0]);
  close(ready[1]);
  EXPECT_TRUE(DataFolder::Open(base_ + "/data"));
}

TEST_F(DataFolderTest, RefusesWhatIsNoFolder) {
  fclose(fopen((base_ + "/file").c_str(), "w"));
  const auto folder = DataFolder::Open(base_ + "/file");
  ASSERT_FALSE(folder);
  EXPECT_NE(folder.error().message.find("is not a folder"), std::string::npos);
  EXPECT_FALSE(DataFolder::Open(base_ + "/file/below"));
  EXPECT_FALSE(DataFolder::Open(""));
}

}  // namespace
}  // namespace usher::storage
