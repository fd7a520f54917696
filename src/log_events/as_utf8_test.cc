#include "log_events/as_utf8.h"

#include <gtest/gtest.h>

namespace usher::log_events {
namespace {

TEST(AsUtf8, ReplacesWhatIsNoText) {
  EXPECT_EQ(AsUtf8("gr\xC3\xBC\xC3\x9F"), "gr\xC3\xBC\xC3\x9F");
  EXPECT_EQ(AsUtf8("a\xFF"
                   "b\xC3"),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
  EXPECT_EQ(AsUtf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate
}

}  // namespace
}  // namespace usher::log_events
