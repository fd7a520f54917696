// Any bytes as a function's output: events are text and bounded, and the same however the bytes
// arrive.
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "services/lambda/function_log.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace usher;
  using namespace usher::lambda;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const FixedClock clock(FromEpochMillis(0));

  const auto events_of = [&](std::size_t piece) {
    std::vector<std::string> events;
    FunctionLog log(clock,
                    [&](Time, std::string message) { events.push_back(std::move(message)); });
    log.Begin();
    for (std::size_t at = 0; at < size; at += piece) log.Feed(bytes.substr(at, piece));
    log.Flush();
    Check(log.tail().size() <= kTailBytes, "the tail is bounded");
    return events;
  };
  const std::vector<std::string> whole = events_of(size + 1);
  Check(whole == events_of(1), "pieces are read as the whole is");
  for (const std::string& event : whole) {
    Check(IsUtf8(event), "an event is text");
    Check(event.size() <= 3 * kMaxEventBytes, "an event is bounded");
  }
  return 0;
}
