// Any text is either a segment document or an error; what was read is written so that it is read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tracing/segment.h"
#include "tracing/trace_context.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace usher::tracing;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  TraceContext trace;
  (void)ReadTraceHeader(text, trace);
  const auto segment = ParseDocument(text);
  if (!segment) return 0;
  const std::string written = WriteDocument(*segment);
  if (written.size() > kMaxDocumentBytes) return 0;
  if (!ParseDocument(written)) std::abort();
  return 0;
}
