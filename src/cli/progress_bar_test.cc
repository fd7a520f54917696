#include "cli/progress_bar.h"

#include <gmock/gmock.h>

#include <vector>

namespace usher::cli {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class ProgressBarTest : public ::testing::Test {
 protected:
  ProgressBar Bar(bool is_terminal) {
    return ProgressBar(
        "Training", is_terminal, [this] { return now_; },
        [this](std::string_view text) { written_.emplace_back(text); });
  }
  void At(int millis) { now_ = ProgressBar::Instant() + milliseconds(millis); }

  ProgressBar::Instant now_;
  std::vector<std::string> written_;
};

TEST_F(ProgressBarTest, SaysNothingOfShortWork) {
  for (const bool is_terminal : {true, false}) {
    At(0);
    ProgressBar bar = Bar(is_terminal);
    for (int millis = 0; millis < 2000; millis += 100) {
      At(millis);
      bar.Update(millis / 2000.0);
    }
    bar.Finish();
  }
  EXPECT_THAT(written_, IsEmpty());
}

TEST_F(ProgressBarTest, DrawsOverItsLineOnATerminal) {
  ProgressBar bar = Bar(true);
  At(5000);
  bar.Update(0.5, "reading");
  At(5050);
  bar.Update(0.55);  // too soon
  At(9000);
  bar.Update(0.9, "writing");
  bar.Finish();

  EXPECT_THAT(written_,
              ElementsAre("\rTraining [###############...............] 50 %, 5 s left (reading)",
                          "\rTraining [###########################...] 90 %, 1 s left (writing)",
                          "\r" + std::string(66, ' ') + "\r"));
}

TEST_F(ProgressBarTest, PrintsALineNowAndThenElsewhere) {
  ProgressBar bar = Bar(false);
  for (int second = 1; second <= 25; ++second) {
    At(second * 1000);
    bar.Update(second / 100.0);
  }
  bar.Finish();

  EXPECT_THAT(written_,
              ElementsAre("Training: 2 %, 1 min 38 s left\n", "Training: 12 %, 1 min 28 s left\n",
                          "Training: 22 %, 1 min 18 s left\n"));
}

TEST_F(ProgressBarTest, GuessesNoTimeFromALittleWork) {
  ProgressBar bar = Bar(false);
  At(3000);
  bar.Update(0.01);
  EXPECT_THAT(written_, ElementsAre("Training: 1 %\n"));
}

}  // namespace
}  // namespace usher::cli
