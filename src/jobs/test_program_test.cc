// main() of the test program; see test_program.h.
#include "jobs/test_program.h"

#include <gtest/gtest.h>

#include <string_view>

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "job" && argc == 5) return usher::jobs::RunTestChild(argv[2], argv[4]);
  if (command == "queue" && argc == 3) return usher::jobs::RunTestServer(argv[2]);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
