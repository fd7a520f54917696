// Any bytes as a chunked body: decoded in pieces it is the same as decoded whole.
#include <array>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "http/chunked_decoder.h"

namespace {

struct Decoded {
  std::string body;
  std::size_t consumed = 0;
  bool done = false;
  bool refused = false;
  bool operator==(const Decoded&) const = default;
};

Decoded Decode(std::string_view bytes, std::size_t in_piece, std::size_t out_piece) {
  usher::http::ChunkedDecoder decoder(1U << 20);
  Decoded decoded;
  std::string out(out_piece, '\0');
  while (!decoder.done() && decoded.consumed < bytes.size()) {
    const auto step = decoder.Decode(bytes.substr(decoded.consumed, in_piece), out);
    if (!step) {
      decoded.refused = true;
      decoded.consumed = 0;  // how far it came depends on the pieces
      decoded.body.clear();
      break;
    }
    usher::Check(step->consumed > 0, "every step goes on");
    decoded.consumed += step->consumed;
    decoded.body.append(out, 0, step->produced);
  }
  decoded.done = decoder.done();
  return decoded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Decoded whole = Decode(bytes, size + 1, size + 1);
  usher::Check(whole == Decode(bytes, 1, 1), "one byte at a time is the same");
  usher::Check(whole == Decode(bytes, 7, 3), "pieces are the same");
  return 0;
}
