#include "cli/options.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace usher::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;

constexpr CommandHelp kHelp{.name = "make", .purpose = "Makes things."};

class ParseOptionsTest : public ::testing::Test {
 protected:
  std::optional<int> Parse(std::vector<std::string_view> arguments,
                           std::vector<std::string>* positionals = nullptr) {
    const std::vector<Option> options{
        {"--out", "DIR", "folder to write to", TakeText(out_), Option::kRequired},
        {"--seed", "N", "same seed, same things", TakeCount(seed_, 1, 99)},
        {"--share", "X", "a share", TakeNumber(share_)},
        {"--mode", "MODE", "how", TakeChoice(mode_, {"fast", "slow"})},
        {"--quiet", "", "say nothing", TakeSwitch(quiet_)}};
    ::testing::internal::CaptureStderr();
    ::testing::internal::CaptureStdout();
    const auto exit = ParseOptions(kHelp, options, arguments, positionals);
    printed_ = ::testing::internal::GetCapturedStdout();
    error_ = ::testing::internal::GetCapturedStderr();
    return exit;
  }

  std::string out_;
  std::uint64_t seed_ = 1;
  std::optional<double> share_;
  std::string mode_ = "fast";
  bool quiet_ = false;
  std::string printed_;
  std::string error_;
};

TEST_F(ParseOptionsTest, TakesValuesInBothForms) {
  EXPECT_EQ(Parse({"--out", "a b", "--seed=7", "--share", "-0.5", "--mode=slow", "--quiet"}),
            std::nullopt);
  EXPECT_EQ(out_, "a b");
  EXPECT_EQ(seed_, 7U);
  EXPECT_THAT(share_, Optional(-0.5));
  EXPECT_EQ(mode_, "slow");
  EXPECT_TRUE(quiet_);
}

TEST_F(ParseOptionsTest, NamesTheNearestOption) {
  EXPECT_THAT(Parse({"--sed", "5"}), Optional(kExitUsage));
  EXPECT_EQ(error_,
            "usher make: unknown option --sed; did you mean --seed?\nTry: usher make --help\n");
  EXPECT_THAT(Parse({"--xylophone"}), Optional(kExitUsage));
  EXPECT_THAT(error_, HasSubstr("unknown option --xylophone\n"));
}

TEST_F(ParseOptionsTest, RefusesAWrongCommandLine) {
  const auto error_of = [&](std::vector<std::string_view> arguments) {
    EXPECT_THAT(Parse(std::move(arguments)), Optional(kExitUsage));
    return error_;
  };
  EXPECT_THAT(error_of({}), HasSubstr("--out DIR is missing"));
  EXPECT_THAT(error_of({"--out"}), HasSubstr("--out wants a value: --out DIR"));
  EXPECT_THAT(error_of({"--out", ""}), HasSubstr("--out: the value is empty"));
  EXPECT_THAT(error_of({"--out", "a", "--out", "b"}), HasSubstr("--out is given twice"));
  EXPECT_THAT(error_of({"--quiet=yes"}), HasSubstr("--quiet takes no value"));
  EXPECT_THAT(error_of({"--seed", "0"}),
              HasSubstr("--seed: \"0\" is not a whole number between 1 and 99"));
  EXPECT_THAT(error_of({"--seed", "5x"}), HasSubstr("\"5x\" is not a whole number"));
  EXPECT_THAT(error_of({"--share", "half"}), HasSubstr("--share: \"half\" is not a number"));
  EXPECT_THAT(error_of({"--mode", "new"}), HasSubstr("--mode: \"new\" is not one of: fast, slow"));
  EXPECT_THAT(error_of({"stray"}), HasSubstr("unexpected argument \"stray\""));
}

TEST_F(ParseOptionsTest, LeavesPositionalsToThoseWhoWantThem) {
  std::vector<std::string> positionals;
  EXPECT_EQ(Parse({"one", "--out", "o", "-", "--", "--two"}, &positionals), std::nullopt);
  EXPECT_THAT(positionals, ElementsAre("one", "-", "--two"));
}

TEST_F(ParseOptionsTest, PrintsHelpWithinTheLine) {
  EXPECT_THAT(Parse({"--help"}), Optional(kExitOk));
  EXPECT_THAT(printed_, HasSubstr("Usage: usher make --out DIR [--seed N] [--share X]"));
  EXPECT_THAT(printed_, HasSubstr("Makes things."));
  EXPECT_THAT(printed_, HasSubstr("  --out DIR                   folder to write to (required)\n"));
  std::size_t begin = 0;
  while (begin < printed_.size()) {
    const std::size_t end = printed_.find('\n', begin);
    EXPECT_LE(end - begin, 80U) << printed_.substr(begin, end - begin);
    begin = end + 1;
  }
}

TEST(Nearest, FindsWhatWasMeant) {
  const std::vector<std::string_view> names{"train", "recommend", "evaluate", "serve"};
  EXPECT_EQ(Nearest("tarin", names), "train");
  EXPECT_EQ(Nearest("recomend", names), "recommend");
  EXPECT_EQ(Nearest("eval", names), "evaluate");
  EXPECT_EQ(Nearest("server", names), "serve");
  EXPECT_EQ(Nearest("zzzzzz", names), std::nullopt);
}

}  // namespace
}  // namespace usher::cli
