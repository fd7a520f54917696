// Any bytes as a request's head: what is accepted can mean only one thing.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "http/request_head.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace usher;
  using namespace usher::http;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);

  // However the bytes arrive, the head ends at the same place.
  HeadScanner whole;
  const auto state = whole.Scan(bytes);
  HeadScanner pieces;
  auto piece_state = HeadScanner::State::kIncomplete;
  for (std::size_t end = 0; end <= size && piece_state == HeadScanner::State::kIncomplete; ++end) {
    piece_state = pieces.Scan(bytes.substr(0, end));
  }
  Check(state == piece_state, "pieces are read as the whole is");
  if (state != HeadScanner::State::kComplete) return 0;
  Check(whole.size() == pieces.size(), "the head ends at the same place");

  const auto head = ParseRequestHead(bytes.substr(0, whole.size()), {});
  if (!head) {
    Check(head.error().http_status >= 400, "a refusal has its status");
    return 0;
  }
  Check(head->target == "*" || head->target.front() == '/', "the target is a path");
  Check(head->target.find_first_of(" \t\r\n") == std::string::npos, "the target is one word");
  Check(!head->chunked || head->headers.Find("Content-Length") == nullptr, "one framing alone");
  Check(head->headers.FindAll("Content-Length").size() <= 1, "one length alone");
  for (const auto& [name, value] : head->headers) {
    Check(!name.empty() && value.find_first_of("\r\n") == std::string::npos, "a field is a line");
  }
  return 0;
}
