#include "wire/gzip.h"

#include <zlib.h>

#include <algorithm>

namespace usher::wire {
namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest window, gzip's header and trailer
constexpr std::size_t kStep = std::size_t{64} << 10;

struct Inflater {
  z_stream stream{};
  bool ready = inflateInit2(&stream, kGzipWindow) == Z_OK;
  Inflater() = default;
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (ready) inflateEnd(&stream);
  }
};

}  // namespace

Result<std::string> Gunzip(std::string_view packed, std::size_t limit) {
  Inflater inflater;
  if (!inflater.ready) return Internal("zlib cannot begin");
  z_stream& stream = inflater.stream;
  stream.next_in =
      reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));  // NOLINT: zlib's API
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string out;
  int state = Z_OK;
  while (state == Z_OK) {
    const std::size_t before = out.size();
    // One byte more than is allowed tells that there is more.
    out.resize(std::min(before + kStep, limit + 1));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(out.size() - before);
    state = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (out.size() > limit) {
      return LimitExceeded("the body has more than " + std::to_string(limit) +
                           " bytes once it is unpacked");
    }
  }
  if (state != Z_STREAM_END || stream.avail_in != 0) {
    return InvalidInput("the body is no gzip stream, as its Content-Encoding says");
  }
  return out;
}

}  // namespace usher::wire
