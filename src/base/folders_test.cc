#include "base/folders.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/temp_folder.h"

namespace usher {
namespace {

namespace fs = std::filesystem;

mode_t ModeOf(const std::string& path) {
  struct stat status{};
  EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

// A folder with a file in a folder that lies in one that may neither be read nor written to.
std::string MakeClosed(const std::string& parent) {
  const std::string folder = parent + "/closed";
  fs::create_directories(folder + "/a/b");
  std::ofstream(folder + "/a/b/file") << "text";
  chmod((folder + "/a/b").c_str(), 0555);
  chmod((folder + "/a").c_str(), 0);
  return folder;
}

TEST(SetFolderModes, ReachesFoldersInFoldersAndNotFiles) {
  const TempFolder temp;
  const std::string folder = MakeClosed(temp.path());
  chmod((temp.path() + "/closed/a/b/file").c_str(), 0440);
  SetFolderModes(folder, 0700);
  EXPECT_EQ(ModeOf(folder), 0700U);
  EXPECT_EQ(ModeOf(folder + "/a"), 0700U);
  EXPECT_EQ(ModeOf(folder + "/a/b"), 0700U);
  EXPECT_EQ(ModeOf(folder + "/a/b/file"), 0440U);
}

TEST(SetFolderModes, DoesNotFollowLinks) {
  const TempFolder temp;
  fs::create_directories(temp.path() + "/folder");
  fs::create_directories(temp.path() + "/other");
  chmod((temp.path() + "/other").c_str(), 0555);
  fs::create_directory_symlink(temp.path() + "/other", temp.path() + "/folder/link");
  SetFolderModes(temp.path() + "/folder", 0700);
  EXPECT_EQ(ModeOf(temp.path() + "/other"), 0555U);
}

// As a user whom modes hold back, which they do not with root.
TEST(RemoveFolder, RemovesWhatLiesInFoldersThatMayNotBeWrittenTo) {
  constexpr uid_t kNobody = 65534;
  const TempFolder temp;
  ASSERT_EQ(chmod(temp.path().c_str(), 0777), 0);
  const pid_t child = fork();
  if (child == 0) {
    if (geteuid() == 0 && setuid(kNobody) != 0) _exit(2);
    const std::string folder = MakeClosed(temp.path());
    std::error_code error;
    fs::remove_all(folder, error);
    if (!error) _exit(3);  // or this shows nothing
    _exit(RemoveFolder(folder) && !fs::exists(folder) ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "exit status " << WEXITSTATUS(status);
}

TEST(RemoveFolder, SaysWhatStays) {
  const TempFolder temp;
  std::ofstream(temp.path() + "/file") << "text";
  const auto removed = RemoveFolder(temp.path() + "/file/folder");
  ASSERT_FALSE(removed);
  EXPECT_NE(removed.error().message.find("/file/folder"), std::string::npos);
  EXPECT_TRUE(RemoveFolder(temp.path() + "/none"));
}

}  // namespace
}  // namespace usher
