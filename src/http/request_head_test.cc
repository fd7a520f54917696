#include "http/request_head.h"

#include <gtest/gtest.h>

namespace usher::http {
namespace {

int StatusOf(std::string_view head) {
  const auto parsed = ParseRequestHead(head, {});
  return parsed ? 0 : parsed.error().http_status;
}

std::string WithFields(std::string_view fields) {
  return "GET / HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
}

TEST(ParseRequestHead, ReadsLineAndFieldsAsSent) {
  const auto head = ParseRequestHead(
      "PUT /a//b%20c/../d?x=%2F&y HTTP/1.1\r\nHost: h:1\r\nX-Amz-Meta-A:  two words \t\r\n"
      "x-amz-meta-a: \xc3\xa4\r\nEmpty:\r\nContent-Length: 12\r\n\r\n",
      {});

  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(head->method, "PUT");
  EXPECT_EQ(head->target, "/a//b%20c/../d?x=%2F&y");
  ASSERT_EQ(head->headers.size(), 5U);
  EXPECT_EQ(head->headers.FindAll("x-amz-meta-a"),
            (std::vector<std::string_view>{"two words", "\xc3\xa4"}));
  EXPECT_EQ(*head->headers.Find("empty"), "");
  EXPECT_EQ(head->content_length, 12U);
  EXPECT_TRUE(head->keep_alive);
  EXPECT_FALSE(head->chunked);
}

TEST(ParseRequestHead, RefusesAnythingButOneLineOfThreeParts) {
  EXPECT_EQ(StatusOf("GET /\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET  HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf(" GET / HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1 \r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("G(T / HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTPS1.1\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET a/b HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET * HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"), 0);
  EXPECT_EQ(StatusOf("\r\n"), 400);
}

TEST(ParseRequestHead, RefusesOtherVersions) {
  EXPECT_EQ(StatusOf("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), 505);
  EXPECT_EQ(StatusOf("GET / HTTP/1.2\r\nHost: h\r\n\r\n"), 505);
  EXPECT_EQ(StatusOf("GET / HTTP/1.0\r\n\r\n"), 0);
}

TEST(ParseRequestHead, RefusesRawSpacesAndBytesThatMustBeEncodedInTheTarget) {
  EXPECT_EQ(StatusOf("GET /a b HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET /\xe1\x88\xb4 HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET /a\tb HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf(std::string_view("GET /a\0b HTTP/1.1\r\nHost: h\r\n\r\n", 34)), 400);
  EXPECT_EQ(StatusOf("GET /a\x7f HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
}

TEST(ParseRequestHead, RefusesBrokenFields) {
  EXPECT_EQ(StatusOf(WithFields("A: b\r\n folded\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("A: b\r\n\tfolded\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("A : b\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields(": b\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("no colon\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("\xc3\xa4: b\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("A: b\x01\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("A: b\rc\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields(std::string_view("A: b\0c\r\n", 8))), 400);
}

TEST(ParseRequestHead, RequiresExactlyOneHost) {
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf(WithFields("Host: h\r\n")), 400);
}

TEST(ParseRequestHead, RefusesEveryAmbiguousLength) {
  EXPECT_EQ(StatusOf(WithFields("Content-Length: 5\r\nContent-Length: 6\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("Content-Length: 5\r\ncontent-length: 5\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("Content-Length: 5, 5\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("Content-Length: +5\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("Content-Length: -5\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("Content-Length: 0x5\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("Content-Length:\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")), 400);
  EXPECT_EQ(StatusOf(WithFields("Content-Length: 99999999999999999999\r\n")), 413);
  EXPECT_EQ(StatusOf(WithFields("Content-Length: 6442450944\r\n")), 0);  // 6 GiB
  EXPECT_EQ(StatusOf(WithFields("Content-Length: 6442450945\r\n")), 413);
}

TEST(ParseRequestHead, UnderstandsOnlyTheChunkedTransferEncoding) {
  EXPECT_TRUE(ParseRequestHead(WithFields("Transfer-Encoding: Chunked\r\n"), {})->chunked);
  EXPECT_EQ(StatusOf(WithFields("Transfer-Encoding: gzip, chunked\r\n")), 501);
  EXPECT_EQ(StatusOf(WithFields("Transfer-Encoding: xchunked\r\n")), 501);
  EXPECT_EQ(StatusOf(WithFields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
            501);
  EXPECT_EQ(StatusOf("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

TEST(ParseRequestHead, KnowsWhetherTheConnectionGoesOn) {
  EXPECT_FALSE(ParseRequestHead(WithFields("Connection: Close\r\n"), {})->keep_alive);
  EXPECT_FALSE(ParseRequestHead(WithFields("Connection: te, close\r\n"), {})->keep_alive);
  EXPECT_FALSE(ParseRequestHead("GET / HTTP/1.0\r\n\r\n", {})->keep_alive);
  EXPECT_TRUE(ParseRequestHead("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", {})->keep_alive);
}

TEST(ParseRequestHead, ExpectsOnlyContinueAndOnlyWithABody) {
  EXPECT_TRUE(ParseRequestHead(WithFields("Expect: 100-Continue\r\nContent-Length: 1\r\n"), {})
                  ->expects_continue);
  EXPECT_FALSE(ParseRequestHead(WithFields("Expect: 100-continue\r\n"), {})->expects_continue);
  EXPECT_EQ(StatusOf(WithFields("Expect: tea\r\n")), 417);
}

TEST(ParseRequestHead, TakesThePathOfAnAbsoluteTargetOfTheSameHost) {
  const auto head = ParseRequestHead("GET http://H:1/a?b HTTP/1.1\r\nHost: h:1\r\n\r\n", {});
  ASSERT_TRUE(head);
  EXPECT_EQ(head->target, "/a?b");
  EXPECT_EQ(ParseRequestHead("GET http://h?b HTTP/1.1\r\nHost: h\r\n\r\n", {})->target, "/?b");
  EXPECT_EQ(ParseRequestHead("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n", {})->target, "/");
  EXPECT_EQ(StatusOf("GET http://other/ HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
}

TEST(ParseRequestHead, LimitsTargetAndFields) {
  const HeadLimits limits{.target_bytes = 8, .header_fields = 2};

  EXPECT_TRUE(ParseRequestHead("GET /1234567 HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n", limits));
  EXPECT_EQ(
      ParseRequestHead("GET /12345678 HTTP/1.1\r\nHost: h\r\n\r\n", limits).error().http_status,
      414);
  EXPECT_EQ(ParseRequestHead("GET / HTTP/1.1\r\nHost: h\r\nA: b\r\nB: c\r\n\r\n", limits)
                .error()
                .http_status,
            431);
}

TEST(HeadScanner, FindsTheSameEndHoweverTheBytesArrive) {
  const std::string bytes = "GET / HTTP/1.1\r\nHost: h\r\n\r\nbody\r\n\r\n";
  HeadScanner scanner;
  for (std::size_t size = 0; size < 27; ++size) {
    EXPECT_EQ(scanner.Scan(bytes.substr(0, size)), HeadScanner::State::kIncomplete) << size;
  }
  EXPECT_EQ(scanner.Scan(bytes), HeadScanner::State::kComplete);
  EXPECT_EQ(scanner.size(), 27U);
}

TEST(HeadScanner, SeesALineThatEndsInLfAlone) {
  EXPECT_EQ(HeadScanner().Scan("GET / HTTP/1.1\nHost: h\n\n"), HeadScanner::State::kBareLf);
  EXPECT_EQ(HeadScanner().Scan("GET / HTTP/1.1\r\nHost: h\r\n\n"), HeadScanner::State::kBareLf);
  EXPECT_EQ(HeadScanner().Scan("\n"), HeadScanner::State::kBareLf);
}

TEST(TooLongHead, BlamesTheTargetOrTheFields) {
  const HeadLimits limits{.target_bytes = 8};
  EXPECT_EQ(TooLongHead("GET /" + std::string(100, 'a'), limits).http_status, 414);
  EXPECT_EQ(TooLongHead("GET / HTTP/1.1\r\nA: " + std::string(100, 'a'), limits).http_status, 431);
}

}  // namespace
}  // namespace usher::http
