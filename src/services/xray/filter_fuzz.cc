// Any text is either a filter that can be evaluated or an error; nothing crashes or takes long.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "services/xray/filter.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace usher;
  using namespace usher::xray;
  static const auto* world = [] {
    auto* made = new std::pair<NodeTable, Trace>;
    tracing::Segment segment;
    segment.name = "a";
    segment.id = 1;
    segment.origin = "AWS::Lambda";
    segment.trace_id = "1-581cf771-a006649127e371903a2de979";
    segment.start_us = 1;
    segment.end_us = 2;
    segment.fault = true;
    segment.http = tracing::HttpInfo{.method = "GET", .url = "http://a/b", .status = 500};
    segment.annotations.Append("k", 1);
    made->second.Add(segment, made->first);
    return made;
  }();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto filter = Filter::Parse(text)) (void)filter->Matches(world->second, world->first);
  (void)ParseEntitySelector(text);
  return 0;
}
