#include "http/chunked_decoder.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace usher::http {
namespace {

struct Decoded {
  std::string body;
  std::size_t consumed = 0;
  bool done = false;
  int status = 0;
};

// Feeds `in_piece` bytes at a time and takes `out_piece` at a time.
Decoded Decode(std::string_view bytes, std::size_t in_piece, std::size_t out_piece,
               std::uint64_t limit = 1000) {
  ChunkedDecoder decoder(limit);
  Decoded decoded;
  std::string out(out_piece, '\0');
  while (!decoder.done() && decoded.consumed < bytes.size()) {
    const auto step = decoder.Decode(bytes.substr(decoded.consumed, in_piece), out);
    if (!step) {
      decoded.status = step.error().http_status;
      return decoded;
    }
    decoded.consumed += step->consumed;
    decoded.body.append(out, 0, step->produced);
  }
  decoded.done = decoder.done();
  return decoded;
}

TEST(ChunkedDecoder, GivesTheSameBodyHoweverTheBytesArrive) {
  const std::string bytes =
      "5\r\nhello\r\n1;name=\"value\"\r\n,\r\n00006\r\n world\r\n0\r\nX: y\r\nZ: w\r\n\r\n";
  for (std::size_t in_piece = 1; in_piece <= bytes.size(); ++in_piece) {
    for (std::size_t out_piece = 1; out_piece <= 13; ++out_piece) {
      const Decoded decoded = Decode(bytes + "GET /", in_piece, out_piece);
      EXPECT_EQ(decoded.body, "hello, world");
      EXPECT_TRUE(decoded.done);
      EXPECT_EQ(decoded.consumed, bytes.size()) << "the next request is left alone";
    }
  }
}

TEST(ChunkedDecoder, IsNotDoneBeforeTheLastByte) {
  const std::string bytes = "1\r\na\r\n0\r\n\r\n";
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(Decode(bytes.substr(0, size), 100, 100).done) << size;
  }
}

TEST(ChunkedDecoder, RefusesWhatIsNoChunk) {
  for (const std::string_view bytes :
       {"\r\n", "g\r\n", "-1\r\n", "0x1\r\n", " 1\r\n", "1\n", "1\r\r", "1\r\nab\r\n", "1\r\na\n",
        "1\r\na\rb", "1;\x01\r\n", "0\r\nA: b\n\r\n", "0\r\nA: b\rc", "0\r\n\x01",
        "1000000000000000\r\n", ";a\r\n"}) {
    EXPECT_EQ(Decode(bytes, 100, 100).status, 400) << bytes;
  }
}

TEST(ChunkedDecoder, LimitsTheBodyOverAllChunks) {
  EXPECT_EQ(Decode("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 100, 100, 5).body, "abcde");
  EXPECT_EQ(Decode("3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n", 100, 100, 5).status, 413);
  EXPECT_EQ(Decode("fffffffffffffff\r\n", 100, 100, 5).status, 413);
}

TEST(ChunkedDecoder, LimitsExtensionsAndTrailers) {
  EXPECT_EQ(Decode("1;" + std::string(2000, 'a') + "\r\n", 100, 100).status, 400);
  EXPECT_EQ(Decode("0\r\nA: " + std::string(10000, 'a') + "\r\n\r\n", 100, 100).status, 400);
}

}  // namespace
}  // namespace usher::http
