#include "services/lambda/runtime_api.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "json/json.h"

namespace usher::lambda {
namespace {

constexpr std::string_view kPrefix = "/2018-06-01/runtime/";
constexpr std::string_view kInvocation = "invocation/";
constexpr std::string_view kJson = "Content-Type: application/json\r\n";
constexpr int kBacklog = 16;

Result<std::uint16_t> PortOf(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return SystemError("getsockname", errno);
  }
  return ntohs(address.sin_port);
}

// The user whose socket is at the other end of a connection between two ports of 127.0.0.1, by the
// kernel's table; nullopt when it is not there (any more).
std::optional<uid_t> UserOfPeer(std::uint16_t peer_port, std::uint16_t own_port) {
  std::ifstream table("/proc/net/tcp");
  std::array<char, 64> wanted;
  std::snprintf(wanted.data(), wanted.size(), " 0100007F:%04X 0100007F:%04X ", peer_port, own_port);
  std::string line;
  while (std::getline(table, line)) {
    const std::size_t at = line.find(wanted.data());
    if (at == std::string::npos) continue;
    // After the addresses: state, queues, timer, retransmissions, user.
    std::istringstream rest(line.substr(at + std::string_view(wanted.data()).size()));
    std::string skipped;
    uid_t user = 0;
    if (rest >> skipped >> skipped >> skipped >> skipped >> user) return user;
  }
  return std::nullopt;
}

std::string ErrorBody(std::string_view message, std::string_view type) {
  ValueMap body;
  body.Append("errorMessage", message);
  body.Append("errorType", type);
  return json::Write(body);
}

void Refuse(RuntimeConnection& connection, int status, std::string_view message,
            std::string_view type) {
  connection.Answer(status, kJson, ErrorBody(message, type));
}

void Accepted(RuntimeConnection& connection) {
  connection.Answer(202, kJson, R"({"status":"OK"})");
}

std::string OneLine(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(line, [](char c) { return c == '\r' || c == '\n'; }, ' ');
  return line;
}

}  // namespace

Result<std::unique_ptr<RuntimeApi>> RuntimeApi::Listen() {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) return SystemError("socket", errno);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(fd.get(), kBacklog) != 0) {
    return SystemError("cannot listen for a function's runtime", errno);
  }
  const auto port = PortOf(fd.get());
  if (!port) return port.error();
  return std::unique_ptr<RuntimeApi>(new RuntimeApi(std::move(fd), *port));
}

std::string RuntimeApi::Address() const { return "127.0.0.1:" + std::to_string(port_); }

void RuntimeApi::AddTo(std::vector<pollfd>& polled) const {
  polled.push_back({listener_.get(), POLLIN, 0});
  for (const auto& connection : connections_) {
    const short events = connection->wants_to_write() ? POLLIN | POLLOUT : POLLIN;
    polled.push_back({connection->fd(), events, 0});
  }
}

void RuntimeApi::Work(std::span<const pollfd> polled) {
  for (const pollfd& entry : polled) {
    if (entry.revents == 0) continue;
    if (entry.fd == listener_.get()) {
      Accept();
      continue;
    }
    const auto found = std::ranges::find_if(
        connections_, [&](const auto& connection) { return connection->fd() == entry.fd; });
    if (found == connections_.end()) continue;
    RuntimeConnection& connection = **found;
    if ((entry.revents & POLLOUT) != 0) connection.Write();
    if ((entry.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      connection.Read();  // what came before the end counts
      Serve(connection);
    }
  }
  std::erase_if(connections_, [&](const auto& connection) {
    if (!connection->is_over()) return false;
    if (waiting_ == connection.get()) waiting_ = nullptr;
    return true;
  });
}

void RuntimeApi::Accept() {
  while (true) {
    sockaddr_in peer{};
    socklen_t size = sizeof(peer);
    UniqueFd fd(accept4(listener_.get(), reinterpret_cast<sockaddr*>(&peer), &size,
                        SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd.get() < 0) return;
    if (connections_.size() >= kMaxRuntimeConnections) continue;  // closed at once
    if (UserOfPeer(ntohs(peer.sin_port), port_) != geteuid()) continue;
    const int on = 1;
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    connections_.push_back(std::make_unique<RuntimeConnection>(std::move(fd)));
  }
}

void RuntimeApi::Serve(RuntimeConnection& connection) {
  while (!connection.is_over() && waiting_ != &connection) {
    auto request = connection.Next();
    if (!request) {
      connection.CloseAfterwards();
      Refuse(connection, request.error().http_status, request.error().message, "InvalidRequest");
      return;
    }
    if (!*request) return;
    if (!(*request)->head.keep_alive) connection.CloseAfterwards();
    Answer(connection, **std::move(request));
  }
}

void RuntimeApi::Answer(RuntimeConnection& connection, RuntimeRequest request) {
  std::string_view path = request.head.target;
  const std::string& method = request.head.method;
  if (!path.starts_with(kPrefix) || path.find('?') != std::string_view::npos) {
    return Refuse(connection, 404, "there is nothing at this path", "NotFound");
  }
  path.remove_prefix(kPrefix.size());
  if (method == "GET" && path == "invocation/next") {
    if (!current_id_.empty()) {
      return Refuse(connection, 403, "the current invocation has not been reported on",
                    "InvalidStateTransition");
    }
    if (waiting_ != nullptr) {
      return Refuse(connection, 403, "the runtime waits for work already",
                    "InvalidStateTransition");
    }
    waiting_ = &connection;
    return;
  }
  if (method == "GET" && path == "restore/next") return connection.Answer(200, kJson, "");
  if (method == "POST" && (path == "init/error" || path == "restore/error")) {
    const std::string* type = request.head.headers.Find("Lambda-Runtime-Function-Error-Type");
    if (current_id_.empty() && !report_) {
      report_ = RuntimeReport{.kind = RuntimeReport::Kind::kInitError,
                              .payload = std::move(request.body),
                              .error_type = type != nullptr ? *type : ""};
      return Accepted(connection);
    }
    return Refuse(connection, 403, "the runtime has been initialised already",
                  "InvalidStateTransition");
  }
  if (method == "POST" && path.starts_with(kInvocation)) {
    path.remove_prefix(kInvocation.size());
    const std::size_t slash = path.find('/');
    const std::string id(path.substr(0, slash));
    const std::string_view what =
        slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    if (what == "response") {
      return TakeResult(connection, std::move(request), id, RuntimeReport::Kind::kResponse);
    }
    if (what == "error") {
      return TakeResult(connection, std::move(request), id, RuntimeReport::Kind::kError);
    }
  }
  Refuse(connection, 404, "there is nothing at this path", "NotFound");
}

void RuntimeApi::TakeResult(RuntimeConnection& connection, RuntimeRequest request,
                            std::string_view id, RuntimeReport::Kind kind) {
  if (current_id_.empty() || id != current_id_) {
    const bool again = !answered_id_.empty() && id == answered_id_;
    return Refuse(connection, again ? 403 : 400,
                  again ? "this invocation has been reported on already"
                        : "no invocation of this id is under way",
                  again ? "InvalidStateTransition" : "InvalidRequestID");
  }
  RuntimeReport report{.kind = kind};
  if (const std::string* type = request.head.headers.Find("Lambda-Runtime-Function-Error-Type")) {
    report.error_type = *type;
  }
  answered_id_ = std::exchange(current_id_, {});
  if (request.body.size() > kMaxResponseBytes) {
    report.kind = RuntimeReport::Kind::kError;
    report.error_type = "Function.ResponseSizeTooLarge";
    report.payload = ErrorBody("Response payload size (" + std::to_string(request.body.size()) +
                                   " bytes) exceeded maximum allowed payload size (" +
                                   std::to_string(kMaxResponseBytes) + " bytes).",
                               report.error_type);
    Refuse(connection, 413, "the response is too large", "RequestEntityTooLarge");
  } else {
    report.payload = std::move(request.body);
    Accepted(connection);
  }
  report_ = std::move(report);
}

void RuntimeApi::Send(const RuntimeEvent& event) {
  Check(waiting_ != nullptr && current_id_.empty(), "the runtime waits for work");
  std::string headers(kJson);
  const auto add = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    headers += name;
    headers += ": ";
    headers += OneLine(value);
    headers += "\r\n";
  };
  add("Lambda-Runtime-Aws-Request-Id", event.request_id);
  add("Lambda-Runtime-Deadline-Ms", std::to_string(EpochMillis(event.deadline)));
  add("Lambda-Runtime-Invoked-Function-Arn", event.function_arn);
  add("Lambda-Runtime-Trace-Id", event.trace_id);
  add("Lambda-Runtime-Client-Context", event.client_context);
  current_id_ = event.request_id;
  report_.reset();
  RuntimeConnection& connection = *std::exchange(waiting_, nullptr);
  connection.Answer(200, headers, event.payload);
}

std::optional<RuntimeReport> RuntimeApi::TakeReport() {
  return std::exchange(report_, std::nullopt);
}

}  // namespace usher::lambda
