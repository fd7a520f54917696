#include "cli/serve_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace usher::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string MessageOf(std::string_view config) {
  ServeSettings settings;
  const auto added = AddConfiguration(config, settings);
  return added ? "" : added.error().message;
}

TEST(AddConfiguration, TakesEveryKey) {
  ServeSettings settings;
  ASSERT_TRUE(AddConfiguration(
      R"({"data":"/d","listen":"h:1","auth":"off","seen":"include","log-format":"json"})",
      settings));
  EXPECT_EQ(settings.data, "/d");
  EXPECT_EQ(settings.listen, "h:1");
  EXPECT_EQ(settings.auth, "off");
  EXPECT_EQ(settings.seen, "include");
  EXPECT_EQ(settings.log_format, "json");
}

TEST(AddConfiguration, TakesWhatMailsAndWebhooksNeed) {
  ServeSettings settings;
  ASSERT_TRUE(AddConfiguration(
      R"({"smtp":"smtp://h","smtp-ca":"/ca","mail-from":"a@b","sns-auto-confirm":"on",)"
      R"("allow-private-webhooks":"off"})",
      settings));
  EXPECT_EQ(settings.smtp, "smtp://h");
  EXPECT_EQ(settings.smtp_ca, "/ca");
  EXPECT_EQ(settings.mail_from, "a@b");
  EXPECT_EQ(settings.sns_auto_confirm, "on");
  EXPECT_EQ(settings.allow_private_webhooks, "off");
  EXPECT_THAT(MessageOf(R"({"sns-auto-confirm":"yes"})"), HasSubstr("\"on\" or \"off\""));
}

TEST(TimeScaleOf, TakesNumbersFromOneOn) {
  EXPECT_EQ(*TimeScaleOf(""), 1.0);
  EXPECT_EQ(*TimeScaleOf("1"), 1.0);
  EXPECT_EQ(*TimeScaleOf("2.5"), 2.5);
  for (const char* bad : {"0", "0.5", "-1", "x", "1x", "1e9", "nan"}) {
    const auto scale = TimeScaleOf(bad);
    ASSERT_FALSE(scale) << bad;
    EXPECT_THAT(scale.error().message, HasSubstr("from 1 to 100000")) << bad;
  }
}

TEST(AddConfiguration, TakesWhatRunsFunctions) {
  ServeSettings settings;
  ASSERT_TRUE(AddConfiguration(R"({"python":"/p","layers":{"A-*":"a"}})", settings));
  EXPECT_EQ(settings.python, "/p");
  ASSERT_TRUE(settings.layers.has_value());
  ASSERT_EQ(settings.layers->size(), 1U);
  EXPECT_EQ(settings.layers->front().pattern, "A-*");
  EXPECT_EQ(settings.layers->front().requirements, "a");
  EXPECT_THAT(MessageOf(R"({"layers":"a"})"), HasSubstr("table of layers"));
  EXPECT_THAT(MessageOf(R"({"layers":{"A":1}})"), HasSubstr("\"A\""));
}

TEST(AddConfiguration, LeavesWhatTheFlagsHaveSaid) {
  ServeSettings settings{.auth = "on"};
  ASSERT_TRUE(AddConfiguration(R"({"auth":"off","seen":"include"})", settings));
  EXPECT_EQ(settings.auth, "on");
  EXPECT_EQ(settings.seen, "include");
}

TEST(AddConfiguration, SaysWhichKeyIsWrongAndWhatIsAccepted) {
  EXPECT_THAT(MessageOf(R"({"lisen":"h:1"})"), HasSubstr("\"lisen\" is unknown"));
  EXPECT_THAT(MessageOf(R"({"auth":"no"})"),
              HasSubstr("\"auth\" must be \"on\" or \"off\", not \"no\""));
  EXPECT_THAT(MessageOf(R"({"auth":false})"), HasSubstr("\"auth\" must be a text"));
  EXPECT_THAT(MessageOf(R"({"data":""})"), HasSubstr("\"data\""));
  EXPECT_THAT(MessageOf("[]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(MessageOf("{"), HasSubstr("not JSON"));
}

TEST(AddConfigurationFile, SaysThatThereIsNone) {
  ServeSettings settings;
  EXPECT_THAT(AddConfigurationFile("/nowhere/usher.json", settings).error().message,
              HasSubstr("/nowhere/usher.json"));
}

TEST(DataFolderPath, IsAbsoluteAndStandsInTheUsersDataFolderWhenNotGiven) {
  setenv("HOME", "/home/someone", 1);
  unsetenv("XDG_DATA_HOME");
  EXPECT_EQ(*DataFolderPath(""), "/home/someone/.local/share/usher");
  setenv("XDG_DATA_HOME", "/elsewhere", 1);
  EXPECT_EQ(*DataFolderPath(""), "/elsewhere/usher");
  EXPECT_EQ(*DataFolderPath("/d/../e"), "/e");
  EXPECT_EQ(*DataFolderPath("d"), std::filesystem::current_path().string() + "/d");
  unsetenv("XDG_DATA_HOME");
  unsetenv("HOME");
  EXPECT_THAT(DataFolderPath("").error().message, HasSubstr("--data"));
}

TEST(ListenAddressOf, IsLoopbackWhenNotGiven) {
  EXPECT_EQ(ListenAddressOf("")->ToString(), "127.0.0.1:4566");
  EXPECT_EQ(ListenAddressOf("0.0.0.0:80")->ToString(), "0.0.0.0:80");
  EXPECT_FALSE(ListenAddressOf("80"));
}

TEST(ConsoleListenerOf, IsOnUnlessItIsOff) {
  const auto usual = ConsoleListenerOf("");
  ASSERT_TRUE(usual && *usual);
  EXPECT_EQ((*usual)->listen.ToString(), "127.0.0.1:4567");
  EXPECT_TRUE((*usual)->may_fail);

  const auto given = ConsoleListenerOf("[::1]:80");
  ASSERT_TRUE(given && *given);
  EXPECT_EQ((*given)->listen.ToString(), "[::1]:80");
  EXPECT_FALSE((*given)->may_fail);  // who names an address wants it

  const auto off = ConsoleListenerOf("off");
  ASSERT_TRUE(off);
  EXPECT_FALSE(*off);

  const auto wrong = ConsoleListenerOf("on");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message,
              AllOf(HasSubstr("--console"), HasSubstr("HOST:PORT"), HasSubstr("off")));
}

}  // namespace
}  // namespace usher::cli
