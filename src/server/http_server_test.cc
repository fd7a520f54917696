// The listener as a client sees it, over raw sockets on a free port.
#include "server/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "server/response_writer.h"
#include "server/test_client.h"

namespace usher::server {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// A source of `size` bytes that tells its size or not, and may fail on the way.
class TestSource final : public ByteSource {
 public:
  TestSource(std::uint64_t size, bool tells_size,
             std::uint64_t fails_at = std::numeric_limits<std::uint64_t>::max())
      : size_(size), tells_size_(tells_size), fails_at_(fails_at) {}
  Result<std::size_t> Read(std::span<char> buffer) override {
    if (at_ >= fails_at_) return Corrupt("the disk lost a block");
    const auto count = static_cast<std::size_t>(
        std::min({std::uint64_t{buffer.size()}, size_ - at_, fails_at_ - at_}));
    std::fill_n(buffer.begin(), count, 'x');
    at_ += count;
    return count;
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override {
    return tells_size_ ? std::optional(size_) : std::nullopt;
  }

 private:
  std::uint64_t size_;
  bool tells_size_;
  std::uint64_t fails_at_;
  std::uint64_t at_ = 0;
};

wire::HttpResponse Text(std::string body) { return {.status = 200, .body = std::move(body)}; }

// Answers "METHOD target body", or the error of reading the body.
wire::HttpResponse Echo(wire::HttpRequest request, Exchange& exchange) {
  const auto body = ReadAll(*request.body, 64U << 20);
  if (!body) {
    exchange.error = body.error().wire_name;
    return PlainError(body.error().http_status, body.error().wire_name);
  }
  return Text(request.method + " " + request.target + " " + *body);
}

class HttpServerTest : public testing::Test {
 protected:
  void Serve(Handler handler, HttpLimits limits = {}) {
    auto bound = Bind({"127.0.0.1", 0});
    Check(bound.has_value(), "a free port is found");
    server_ = std::make_unique<HttpServer>(*std::move(bound), limits);
    const auto started = server_->Start(std::move(handler), [this](const Exchange& exchange) {
      const std::lock_guard lock(mutex_);
      exchanges_.push_back(exchange);
      seen_.notify_all();
    });
    Check(started.has_value(), "the server starts");
  }
  [[nodiscard]] Client Connect() const { return Client(server_->address().port); }
  // The exchange at `index`, waiting until it is there.
  Exchange Observed(std::size_t index) {
    std::unique_lock lock(mutex_);
    Check(seen_.wait_for(lock, Millis(kPatienceMs), [&] { return exchanges_.size() > index; }),
          "the request is observed");
    return exchanges_[index];
  }

  std::mutex mutex_;
  std::condition_variable seen_;
  std::vector<Exchange> exchanges_;
  std::unique_ptr<HttpServer> server_;  // ends first: its threads use what stands above
};

TEST_F(HttpServerTest, AnswersRequestAfterRequestOnOneConnection) {
  Serve(Echo);
  Client client = Connect();

  EXPECT_EQ(client.Ask("GET /a HTTP/1.1\r\nHost: h\r\n\r\n").body, "GET /a ");
  EXPECT_EQ(client.Ask("PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nxyz").body,
            "PUT /b xyz");
  const auto answer = client.Ask("GET /c HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(answer.body, "GET /c ");
  EXPECT_TRUE(answer.headers.contains("date"));
  EXPECT_FALSE(answer.headers.contains("connection"));
}

TEST_F(HttpServerTest, ReadsAHeadThatArrivesByteByByte) {
  Serve(Echo);
  Client client = Connect();

  for (const char c : std::string_view("GET /a HTTP/1.1\r\nHost: h\r\n")) {
    client.Send(std::string_view(&c, 1));
  }
  EXPECT_EQ(client.Ask("\r\n").body, "GET /a ");
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  Serve(Echo);
  Client client = Connect();

  client.Send(
      "PUT /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab\r\n"
      "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n"
      "PUT /3 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ncd\r\n0\r\n\r\n"
      "GET /4 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET /5 HTTP/1.1\r\nHost: h\r\n\r\n");

  EXPECT_EQ(client.Receive().body, "PUT /1 ab");
  EXPECT_EQ(client.Receive().body, "GET /2 ");
  EXPECT_EQ(client.Receive().body, "PUT /3 cd");
  const auto last = client.Receive();
  EXPECT_EQ(last.body, "GET /4 ");
  EXPECT_EQ(last.headers.at("connection"), "close");
  EXPECT_TRUE(client.IsClosed()) << "nothing follows a request that closes";
}

TEST_F(HttpServerTest, ServesTheRequestBehindARefusedOneWhoseBodyWasNotRead) {
  Serve([](const wire::HttpRequest& request, Exchange&) {
    return request.target == "/refused" ? PlainError(403, "no") : Text("welcome");
  });
  Client client = Connect();

  client.Send(
      "PUT /refused HTTP/1.1\r\nHost: h\r\nContent-Length: 26\r\n\r\n"
      "GET /evil HTTP/1.1\r\nHost: h"
      "GET /next HTTP/1.1\r\nHost: h\r\n\r\n");

  EXPECT_EQ(client.Receive().status, 403);
  EXPECT_EQ(client.Receive().body, "welcome");
  EXPECT_EQ(Observed(1).target, "/next");
}

TEST_F(HttpServerTest, ClosesBehindARefusedRequestWhoseBodyIsLong) {
  Serve([](const wire::HttpRequest&, Exchange&) { return PlainError(403, "no"); },
        {.drain_bytes = 1000});
  Client client = Connect();

  client.Send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5000000\r\n\r\n");
  client.Send(std::string(5'000'000, 'x'));

  const auto answer = client.Receive();
  EXPECT_EQ(answer.status, 403) << "the answer is not lost to a reset";
  EXPECT_EQ(answer.headers.at("connection"), "close");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(HttpServerTest, SaysContinueWhenTheBodyIsFirstRead) {
  Serve(Echo);
  Client client = Connect();

  client.Send("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 100);
  EXPECT_EQ(client.Ask("abc").body, "PUT / abc");

  client.Send(
      "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 100);
  EXPECT_EQ(client.Ask("1\r\nz\r\n0\r\n\r\n").body, "PUT / z");
}

TEST_F(HttpServerTest, DoesNotSayContinueToAClientThatDidNotWait) {
  Serve(Echo);
  Client client = Connect();

  const auto answer = client.Ask(
      "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(answer.status, 200);
}

TEST_F(HttpServerTest, DoesNotSayContinueWhenTheRequestIsRefused) {
  Serve([](const wire::HttpRequest&, Exchange&) { return PlainError(403, "no"); });
  Client client = Connect();

  const auto answer =
      client.Ask("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.headers.at("connection"), "close");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(HttpServerTest, TakesAnUploadLargerThanEveryBufferAndSendsItBack) {
  Serve(Echo);
  Client client = Connect();
  const std::string body(8'000'000, 'u');

  std::thread sender([&] {
    client.Send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 8000000\r\n\r\n");
    client.Send(body);
  });
  const auto answer = client.Receive();
  sender.join();
  EXPECT_EQ(answer.body, "PUT / " + body);
}

TEST_F(HttpServerTest, RefusesABrokenChunkAndCloses) {
  Serve(Echo);
  Client client = Connect();

  const auto answer =
      client.Ask("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("InvalidRequest"));
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(HttpServerTest, RefusesBadHeadsAndCloses) {
  Serve(Echo, {.head_bytes = 2000, .target_bytes = 100});
  const std::vector<std::pair<std::string, int>> cases = {
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /\xc3\xa4 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: h\n\n", 400},
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"GET /" + std::string(100, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
      {"GET /" + std::string(3000, 'a'), 414},
      {"GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(3000, 'a'), 431},
      {"GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(3000, 'a') + "\r\n\r\n", 431},
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n", 413},
      {"GET / HTTP/3.0\r\nHost: h\r\n\r\n", 505},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    Client client = Connect();
    const auto answer = client.Ask(cases[i].first + "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(answer.status, cases[i].second) << cases[i].first;
    EXPECT_EQ(answer.headers.at("connection"), "close");
    EXPECT_THAT(answer.body, StartsWith("{\"message\":"));
    EXPECT_TRUE(client.IsClosed());
    EXPECT_EQ(Observed(i).status, cases[i].second);
    EXPECT_EQ(Observed(i).request_id, answer.headers.at("x-amzn-requestid"));
  }
}

TEST_F(HttpServerTest, GivesUpASlowHeadWith408) {
  Serve(Echo, {.head_timeout = Millis(50)});
  Client client = Connect();

  const auto answer = client.Ask("GET / HTTP/1.1\r\nHo");
  EXPECT_EQ(answer.status, 408);
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(HttpServerTest, GivesUpAHeadThatComesInDrops) {
  Serve(Echo, {.head_timeout = Millis(100)});
  Client client = Connect();

  client.Send("GET / HTTP/1.1\r\n");
  // Each byte comes in time, the whole does not.
  while (client.HearsNothingFor(5)) client.Send("a");
  EXPECT_EQ(client.Receive().status, 408);
}

TEST_F(HttpServerTest, ClosesIdleConnectionsWithoutAWord) {
  Serve(Echo, {.head_timeout = Millis(50), .idle_timeout = Millis(50)});
  Client silent = Connect();
  EXPECT_TRUE(silent.IsClosed());

  Client client = Connect();
  EXPECT_EQ(client.Ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(HttpServerTest, GivesUpASlowBodyWith408) {
  Serve(Echo, {.progress_window = Millis(50), .min_progress = 10});
  Client client = Connect();

  const auto answer = client.Ask("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc");
  EXPECT_EQ(answer.status, 408);
  EXPECT_THAT(answer.body, HasSubstr("RequestTimeout"));
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(HttpServerTest, GivesUpAClientThatDoesNotReadItsAnswer) {
  Serve(
      [](const wire::HttpRequest&, Exchange&) {
        return wire::HttpResponse{.stream = std::make_shared<TestSource>(1ULL << 30, true)};
      },
      {.progress_window = Millis(50)});
  Client client = Connect();

  client.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");

  const Exchange exchange = Observed(0);
  EXPECT_EQ(exchange.error, "Aborted");
  EXPECT_LT(exchange.bytes_out, 1ULL << 30);
}

TEST_F(HttpServerTest, TellsTheHandlerThatTheClientLeftInTheMiddleOfTheBody) {
  Serve(Echo);
  for (const bool reset : {false, true}) {
    Client client = Connect();
    client.Send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc");
    if (reset) {
      client.Reset();
    } else {
      client.FinishSending();
      EXPECT_EQ(client.Receive().status, 400) << "a client that only closed its side is answered";
    }
    EXPECT_EQ(Observed(reset ? 1 : 0).error, "IncompleteBody");
  }
}

TEST_F(HttpServerTest, TellsAClientThatLeftInTheMiddleOfChunks) {
  Serve(Echo);
  Client client = Connect();
  client.Send("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n");
  client.FinishSending();
  EXPECT_EQ(client.Receive().status, 400);
  EXPECT_EQ(Observed(0).error, "IncompleteBody");
}

TEST_F(HttpServerTest, AnswersHeadWithTheLengthAndWithoutTheBody) {
  Serve([](const wire::HttpRequest& request, Exchange&) {
    wire::HttpResponse response = Text("12345");
    if (request.target == "/stream") {
      response = {.stream = std::make_shared<TestSource>(77, true)};
    } else if (request.target == "/told") {
      response = {};
      response.headers.Add("Content-Length", "2000000000");
    }
    return response;
  });
  Client client = Connect();
  const auto head = [&](const std::string& target) {
    client.Send("HEAD " + target + " HTTP/1.1\r\nHost: h\r\n\r\n");
    return client.Receive(/*to_head=*/true).headers.at("content-length");
  };

  EXPECT_EQ(head("/text"), "5");
  EXPECT_EQ(head("/stream"), "77");
  EXPECT_EQ(head("/told"), "2000000000");
  EXPECT_EQ(client.Ask("GET /text HTTP/1.1\r\nHost: h\r\n\r\n").body, "12345");
}

TEST_F(HttpServerTest, SendsNoBodyAndNoLengthWith204And304) {
  Serve([](const wire::HttpRequest& request, Exchange&) {
    wire::HttpResponse response = Text("must not be sent");
    response.status = request.target == "/204" ? 204 : 304;
    return response;
  });
  Client client = Connect();

  client.Send("GET /204 HTTP/1.1\r\nHost: h\r\n\r\nGET /304 HTTP/1.1\r\nHost: h\r\n\r\n");
  for (const int status : {204, 304}) {
    const auto answer = client.Receive();
    EXPECT_EQ(answer.status, status);
    EXPECT_FALSE(answer.headers.contains("content-length"));
  }
}

TEST_F(HttpServerTest, StreamsAnswersOfKnownAndUnknownSize) {
  Serve([](const wire::HttpRequest& request, Exchange&) {
    return wire::HttpResponse{
        .stream = std::make_shared<TestSource>(1'000'000, request.target == "/known")};
  });
  Client client = Connect();

  const auto known = client.Ask("GET /known HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(known.headers.at("content-length"), "1000000");
  EXPECT_EQ(known.body, std::string(1'000'000, 'x'));
  const auto unknown = client.Ask("GET /unknown HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(unknown.headers.at("transfer-encoding"), "chunked");
  EXPECT_EQ(unknown.body, std::string(1'000'000, 'x'));
  const auto old = client.Ask("GET /unknown HTTP/1.0\r\n\r\n");
  EXPECT_FALSE(old.headers.contains("transfer-encoding"));
  EXPECT_EQ(old.body, std::string(1'000'000, 'x'));
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(HttpServerTest, CutsTheConnectionWhenAStreamFailsOnTheWay) {
  Serve([](const wire::HttpRequest& request, Exchange&) {
    return wire::HttpResponse{
        .stream = std::make_shared<TestSource>(1'000'000, request.target == "/known", 500'000)};
  });
  for (const std::string target : {"/known", "/unknown"}) {
    Client client = Connect();
    const auto answer = client.Ask("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(answer.status, 200);
    EXPECT_FALSE(answer.whole) << "the connection ended where more was promised";
  }
  EXPECT_EQ(Observed(0).error, "Aborted");
}

TEST_F(HttpServerTest, AnswersAStreamThatFailsAtOnceWith500) {
  Serve([](const wire::HttpRequest&, Exchange&) {
    return wire::HttpResponse{.stream = std::make_shared<TestSource>(10, true, 0)};
  });
  Client client = Connect();

  EXPECT_EQ(client.Ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 500);
  EXPECT_EQ(client.Ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 500);
}

TEST_F(HttpServerTest, TurnsExceptionsAndUnsafeHeadersInto500) {
  Serve([](const wire::HttpRequest& request, Exchange&) {
    if (request.target == "/throw") throw std::runtime_error("a secret");
    wire::HttpResponse response = Text("split");
    response.headers.Add("X", "a\r\nSet-Cookie: b");
    return response;
  });
  Client client = Connect();

  const auto thrown = client.Ask("GET /throw HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(thrown.status, 500);
  EXPECT_THAT(thrown.body, testing::Not(HasSubstr("secret")));
  const auto split = client.Ask("GET /split HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(split.status, 500);
  EXPECT_FALSE(split.headers.contains("set-cookie"));
}

TEST_F(HttpServerTest, TurnsAwayConnectionsBeyondTheLimit) {
  Serve(Echo, {.connections = 2});
  Client first = Connect();
  Client second = Connect();
  EXPECT_EQ(first.Ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
  EXPECT_EQ(second.Ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);

  Client third = Connect();
  EXPECT_EQ(third.Receive().status, 503);
  EXPECT_TRUE(third.IsClosed());
  EXPECT_EQ(server_->stats().turned_away_total, 1U);

  EXPECT_EQ(second.Ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 200) << "others are unharmed";
}

// Blocks its requests until told to go on.
class Gate {
 public:
  void Wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  void AwaitWaiting(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= count; });
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

TEST_F(HttpServerTest, AddsWorkersWhileAllAreBusy) {
  Gate gate;
  Serve([&](const wire::HttpRequest&, Exchange&) {
    gate.Wait();
    return Text("done");
  });
  std::vector<Client> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(Connect());
    clients.back().Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  }

  gate.AwaitWaiting(20);
  EXPECT_EQ(server_->stats().running_requests, 20U);
  gate.Open();
  for (Client& client : clients) EXPECT_EQ(client.Receive().body, "done");
}

TEST_F(HttpServerTest, LetsRequestsWaitWhenTheLastWorkerIsBusy) {
  Gate gate;
  Serve(
      [&](const wire::HttpRequest&, Exchange&) {
        gate.Wait();
        return Text("done");
      },
      {.workers = 1});
  Client first = Connect();
  first.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  gate.AwaitWaiting(1);
  Client second = Connect();
  second.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");

  EXPECT_TRUE(second.HearsNothingFor(20));
  gate.Open();
  EXPECT_EQ(first.Receive().body, "done");
  EXPECT_EQ(second.Receive().body, "done");
}

TEST_F(HttpServerTest, LetsNobodyWaitForSlowClients) {
  Serve(Echo, {.workers = 1});
  std::vector<Client> slow;
  for (int i = 0; i < 20; ++i) {
    slow.push_back(Connect());
    slow.back().Send("PUT /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab");
  }
  Client quick = Connect();
  const auto ask_quickly = [&] {
    EXPECT_EQ(quick.Ask("GET /quick HTTP/1.1\r\nHost: h\r\n\r\n").body, "GET /quick ");
    return server_->stats();
  };

  while (ask_quickly().running_requests < slow.size()) std::this_thread::yield();
  EXPECT_GT(ask_quickly().workers, slow.size());
  for (Client& client : slow) client.Send("cd");
  for (Client& client : slow) EXPECT_EQ(client.Receive().body, "PUT /slow abcd");
  // Whoever is no longer needed ends.
  while (ask_quickly().workers > 1) std::this_thread::yield();
}

TEST_F(HttpServerTest, AnswersARequestThatWaitedTooLongForAWorkerWith503) {
  Gate gate;
  Serve(
      [&](const wire::HttpRequest&, Exchange&) {
        gate.Wait();
        return Text("done");
      },
      {.workers = 1, .head_timeout = Millis(50)});
  Client first = Connect();
  first.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  gate.AwaitWaiting(1);
  Client second = Connect();

  EXPECT_EQ(second.Ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 503);
  EXPECT_TRUE(second.IsClosed());
  gate.Open();
  EXPECT_EQ(first.Receive().body, "done");
}

TEST_F(HttpServerTest, FinishesRunningRequestsWhenItStops) {
  Gate gate;
  Serve([&](const wire::HttpRequest&, Exchange&) {
    gate.Wait();
    return Text("done");
  });
  Client idle = Connect();
  Client running = Connect();
  running.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  gate.AwaitWaiting(1);

  bool in_time = false;
  std::thread stop([&] { in_time = server_->Stop(Millis(kPatienceMs)); });
  EXPECT_TRUE(idle.IsClosed());
  gate.Open();
  const auto answer = running.Receive();
  stop.join();

  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(answer.headers.at("connection"), "close");
  EXPECT_TRUE(in_time);
}

TEST_F(HttpServerTest, StopsAtOnceWhenNothingRuns) {
  Serve(Echo);
  Client client = Connect();
  EXPECT_EQ(client.Ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);

  // A grace without end: only a stop that waits for nothing returns.
  EXPECT_TRUE(server_->Stop(Millis(24 * 3'600'000)));
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(HttpServerTest, CutsRequestsThatOutlastTheGrace) {
  Serve(Echo);
  Client client = Connect();
  client.Send("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
  ASSERT_EQ(client.Receive().status, 100) << "the handler waits for the body";

  EXPECT_FALSE(server_->Stop(Millis(20)));
  EXPECT_EQ(Observed(0).error, "IncompleteBody");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(HttpServerTest, CountsBytesOfEachRequestAlone) {
  Serve(Echo);
  Client client = Connect();
  const std::string first = "PUT /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab";
  const std::string second = "GET /22 HTTP/1.1\r\nHost: h\r\n\r\n";
  client.Send(first + second);
  client.Receive();
  client.Receive();

  EXPECT_EQ(Observed(0).bytes_in, first.size());
  EXPECT_EQ(Observed(1).bytes_in, second.size());
  EXPECT_EQ(Observed(1).peer, "127.0.0.1");
  EXPECT_EQ(Observed(1).status, 200);
}

TEST(Bind, SaysWhichPortIsTakenAndWhatToDo) {
  const auto first = Bind({"127.0.0.1", 0});
  ASSERT_TRUE(first);
  const auto second = Bind(first->address);

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kInUse);
  EXPECT_THAT(second.error().message, HasSubstr(std::to_string(first->address.port)));
  EXPECT_THAT(second.error().message, HasSubstr("--listen"));
}

TEST(Bind, KnowsLoopback) {
  EXPECT_TRUE(Bind({"127.0.0.1", 0})->is_loopback);
  EXPECT_TRUE(Bind({"localhost", 0})->is_loopback);
  EXPECT_FALSE(Bind({"0.0.0.0", 0})->is_loopback);
  EXPECT_FALSE(Bind({"no.such.host.invalid", 0}));
}

TEST(ListenAddress, IsReadAndWrittenWithBracketsForIpv6) {
  EXPECT_EQ(ParseListenAddress("127.0.0.1:80")->ToString(), "127.0.0.1:80");
  EXPECT_EQ(ParseListenAddress("[::1]:4566")->host, "::1");
  EXPECT_EQ(ParseListenAddress("[::1]:4566")->ToString(), "[::1]:4566");
  EXPECT_EQ(ParseListenAddress("0.0.0.0:1")->Endpoint(), "http://127.0.0.1:1");
  for (const std::string_view bad : {"", "4566", ":4566", "host", "host:", "host:x", "host:65536",
                                     "host:-1", "::1:80", "a b:80", "$(a):80"}) {
    EXPECT_FALSE(ParseListenAddress(bad)) << bad;
  }
}

}  // namespace
}  // namespace usher::server
