#include "server/credential_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/temp_folder.h"

namespace usher::server {
namespace {

class CredentialFileTest : public testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return folder_ + "/credentials.json"; }
  void Write(std::string_view text) const {
    std::ofstream(path()) << text;
    chmod(path().c_str(), 0600);
  }

  TempFolder temp_;
  const std::string& folder_ = temp_.path();
};

TEST_F(CredentialFileTest, MakesAKeyOnceAndKeepsIt) {
  const auto first = CredentialFile::LoadOrCreate(folder_);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->access_key_id().size(), 20U);
  EXPECT_TRUE(first->access_key_id().starts_with("AKIA"));
  EXPECT_EQ(first->secret_access_key().size(), 40U);

  const auto again = CredentialFile::LoadOrCreate(folder_);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->access_key_id(), first->access_key_id());
  EXPECT_EQ(again->secret_access_key(), first->secret_access_key());
  EXPECT_EQ(CredentialFile::Load(folder_)->access_key_id(), first->access_key_id());
}

TEST_F(CredentialFileTest, IsForItsOwnerAloneAndLeavesNothingBeside) {
  ASSERT_TRUE(CredentialFile::LoadOrCreate(folder_));

  struct stat info{};
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(CredentialFileTest, MakesADifferentKeyForEachFolder) {
  const auto first = CredentialFile::LoadOrCreate(folder_);
  std::filesystem::remove(path());
  const auto second = CredentialFile::LoadOrCreate(folder_);
  EXPECT_NE(first->access_key_id(), second->access_key_id());
  EXPECT_NE(first->secret_access_key(), second->secret_access_key());
}

TEST_F(CredentialFileTest, FindsItsOwnKeyAlone) {
  const auto file = CredentialFile::LoadOrCreate(folder_);
  const auto found = file->Find(file->access_key_id());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->secret, file->secret_access_key());
  EXPECT_EQ(found->arn, "arn:aws:iam::000000000000:root");
  EXPECT_FALSE(file->Find("AKIAAAAAAAAAAAAAAAAA"));
  EXPECT_FALSE(file->Find(""));
}

TEST_F(CredentialFileTest, RefusesAFileThatOthersMayRead) {
  ASSERT_TRUE(CredentialFile::LoadOrCreate(folder_));
  chmod(path().c_str(), 0640);
  EXPECT_EQ(CredentialFile::LoadOrCreate(folder_).error().code, ErrorCode::kAccessDenied);
}

TEST_F(CredentialFileTest, RefusesAFileThatIsNotOursRatherThanReplacingIt) {
  for (const std::string text : {"", "{}", "[1]", "{\"accessKeyId\":\"A\"}",
                                 "{\"accessKeyId\":\"A\",\"secretAccessKey\":\"\"}",
                                 "{\"accessKeyId\":1,\"secretAccessKey\":\"x\"}"}) {
    Write(text);
    EXPECT_EQ(CredentialFile::LoadOrCreate(folder_).error().code, ErrorCode::kInvalidInput) << text;
  }
  Write(std::string(10'000, ' '));
  EXPECT_FALSE(CredentialFile::LoadOrCreate(folder_));
}

TEST_F(CredentialFileTest, SaysWhenThereIsNone) {
  EXPECT_EQ(CredentialFile::Load(folder_).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(CredentialFile::Load(folder_ + "/missing").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace usher::server
