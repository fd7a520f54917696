// The whole server in one process, as a client without and with a key sees it.
#include "server/app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "base/log.h"
#include "base/temp_folder.h"
#include "server/test_client.h"

namespace usher::server {
namespace {

using testing::HasSubstr;

class AppTest : public testing::Test {
 protected:
  AppTest() { SetLogLevel(LogLevel::kError); }

  [[nodiscard]] AppOptions Options(std::string_view data = "/data") const {
    return {.data_folder = folder_ + std::string(data),
            .listen = {"127.0.0.1", 0},
            .binary = "/proc/self/exe"};
  }
  static Client::Answer Get(const App& app, const std::string& target) {
    return Client(app.address().port).Ask("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n");
  }

  TempFolder temp_;
  const std::string& folder_ = temp_.path();
};

TEST_F(AppTest, IsReadyWhenItHasStarted) {
  const auto app = App::Start(Options());
  ASSERT_TRUE(app) << app.error().message;

  EXPECT_EQ(Get(**app, "/readyz").status, 200);
  EXPECT_EQ(Get(**app, "/healthz").body, "ok\n");
}

TEST_F(AppTest, RemovesAtItsStartWhatACrashLeftBehind) {
  for (const char* left : {"/data/datasets/x", "/data/models/x", "/data/jobs/x"}) {
    std::filesystem::create_directories(folder_ + left);
  }
  const auto app = App::Start(Options());
  ASSERT_TRUE(app) << app.error().message;

  for (const char* folder : {"/data/datasets", "/data/models", "/data/jobs"}) {
    EXPECT_TRUE(std::filesystem::is_empty(folder_ + folder)) << folder;
  }
}

TEST_F(AppTest, CountsWhatItHasAnswered) {
  const auto app = App::Start(Options());
  ASSERT_TRUE(app);
  Client client((*app)->address().port);
  client.Ask("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
  client.Ask("GET /bucket HTTP/1.1\r\nHost: h\r\n\r\n");

  // On the same connection, so that the requests before have been counted.
  const auto metrics = client.Ask("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(metrics.body,
              HasSubstr("usher_requests_total{service=\"usher\",operation=\"healthz\","
                        "status=\"2xx\"} 1\n"));
  EXPECT_THAT(metrics.body,
              HasSubstr("service=\"s3\",operation=\"ListObjects\",status=\"4xx\"} 1"));
  EXPECT_THAT(metrics.body, HasSubstr("usher_connections_open 1\n"));
  EXPECT_THAT(metrics.body, HasSubstr("usher_requests_running 1\n"));
}

TEST_F(AppTest, LetsNobodyInWithoutASignature) {
  const auto app = App::Start(Options());
  ASSERT_TRUE(app);
  const auto answer = Get(**app, "/");
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.body, HasSubstr("<Code>"));
}

TEST_F(AppTest, LetsEverybodyInWhenSignaturesAreNotChecked) {
  AppOptions options = Options();
  options.verify_signatures = false;
  const auto app = App::Start(options);
  ASSERT_TRUE(app);
  const auto answer = Get(**app, "/");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("ListAllMyBucketsResult"));
}

TEST_F(AppTest, ChecksSignaturesWhereOthersCanReachIt) {
  AppOptions options = Options();
  options.verify_signatures = false;
  options.listen.host = "0.0.0.0";
  const auto app = App::Start(options);
  ASSERT_FALSE(app);
  EXPECT_THAT(app.error().message, HasSubstr("--auth off"));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/data")) << "nothing has been touched";
}

TEST_F(AppTest, KeepsItsKeyFromStartToStart) {
  auto app = App::Start(Options());
  ASSERT_TRUE(app);
  const std::string id = (*app)->credentials().access_key_id();
  app->reset();

  const auto again = App::Start(Options());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ((*again)->credentials().access_key_id(), id);
  EXPECT_EQ(CredentialFile::Load(folder_ + "/data")->access_key_id(), id) << "while it runs";
}

TEST_F(AppTest, RefusesAFolderOrPortInUse) {
  const auto app = App::Start(Options());
  ASSERT_TRUE(app);

  const auto same_folder = App::Start(Options());
  ASSERT_FALSE(same_folder);
  EXPECT_EQ(same_folder.error().code, ErrorCode::kInUse);
  EXPECT_THAT(same_folder.error().message, HasSubstr(folder_));

  AppOptions options = Options("/other");
  options.listen = (*app)->address();
  const auto same_port = App::Start(options);
  ASSERT_FALSE(same_port);
  EXPECT_EQ(same_port.error().code, ErrorCode::kInUse);
  EXPECT_THAT(same_port.error().message, HasSubstr("--listen"));
}

}  // namespace
}  // namespace usher::server
