#include "server/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "server/connection.h"

namespace usher::server {
namespace {

constexpr std::size_t kFirstWorkers = 4;
constexpr std::uint64_t kWakeId = 0;  // of the event that wakes all workers to stop
constexpr std::string_view kTurnedAway =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
    "Content-Length: 44\r\nConnection: close\r\n\r\n{\"message\":\"too many connections are "
    "open\"}\n";

std::string PeerAddress(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* number = nullptr;
  if (address.ss_family == AF_INET) {
    number = &reinterpret_cast<const sockaddr_in*>(&address)->sin_addr;
  } else {
    number = &reinterpret_cast<const sockaddr_in6*>(&address)->sin6_addr;
  }
  inet_ntop(address.ss_family, number, text.data(), text.size());
  return text.data();
}

// A client that leaves must not end the process; writes also say MSG_NOSIGNAL, but a handler may
// hold other pipes.
void BlockSigpipe() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace

class HttpServer::Impl final : public WaitListener {
 public:
  Impl(BoundSocket socket, HttpLimits limits)
      : socket_(std::move(socket)), limits_(limits), address_(socket_.address) {}
  ~Impl() { Stop(Millis(0)); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> Start(Handler handler, Observer observer);
  bool Stop(Millis grace);

  [[nodiscard]] const ListenAddress& address() const { return address_; }
  [[nodiscard]] bool is_stopping() const { return stopping_; }
  [[nodiscard]] Stats stats() const;

 private:
  using Id = std::uint64_t;
  using Owned = std::unique_ptr<Connection>;

  void Accept();        // the accepting thread
  void AcceptAll();     // whatever waits at the listening socket
  bool AcceptOne();     // false when nothing is left
  void ExpireParked();  // parked connections whose deadline has passed
  [[nodiscard]] Millis SweepInterval() const;
  void Work();  // a worker thread
  void ServeWhileReady(Id id, Owned connection);
  void AddWorkerLocked();
  void AddWorkerIfAllBusyLocked();
  bool Retire();  // true for a worker that is one too many: it ends
  void JoinRetired();
  void WaitBegins() override;
  void WaitEnds() override;

  // Who holds a connection's unique_ptr works on it: a worker, or the table of the parked.
  void Park(Id id, Owned connection, int epoll_action);
  Owned Unpark(Id id);
  void Close(Owned connection);

  BoundSocket socket_;
  const HttpLimits limits_;
  const ListenAddress address_;
  Handler handler_;
  Observer observer_;
  UniqueFd epoll_;
  UniqueFd wake_workers_;
  UniqueFd wake_accept_;
  std::atomic<bool> stopping_ = false;  // no new requests on idle connections
  std::atomic<bool> finished_ = false;  // workers end
  bool accept_paused_ = false;          // out of descriptors; accepting thread only

  mutable std::mutex mutex_;
  std::condition_variable quiet_;  // running_ shrank while stopping
  std::unordered_map<Id, Owned> parked_;
  std::unordered_map<Id, Connection*> running_;  // for Stop to cut
  Id next_id_ = 1;
  std::size_t open_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t turned_away_ = 0;
  std::size_t waiting_ = 0;  // workers that wait for a client
  std::unordered_map<std::thread::id, std::thread> workers_;
  std::vector<std::thread> retired_;  // to be joined
  std::thread accept_thread_;
};

Result<void> HttpServer::Impl::Start(Handler handler, Observer observer) {
  handler_ = std::move(handler);
  observer_ = std::move(observer);
  epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  wake_workers_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  wake_accept_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_event wake{.events = EPOLLIN, .data = {.u64 = kWakeId}};
  if (epoll_.get() < 0 || wake_workers_.get() < 0 || wake_accept_.get() < 0 ||
      epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_workers_.get(), &wake) != 0) {
    return SystemError("cannot wait for connections", errno);
  }
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < std::min(kFirstWorkers, limits_.workers); ++i) AddWorkerLocked();
  if (workers_.empty()) return SystemError("cannot start a worker", EAGAIN);
  accept_thread_ = std::thread([this] { Accept(); });
  return {};
}

void HttpServer::Impl::AddWorkerLocked() {
  try {
    std::thread worker([this] { Work(); });
    const std::thread::id id = worker.get_id();
    workers_.emplace(id, std::move(worker));
  } catch (const std::system_error& error) {
    // The system gives no more threads: requests wait for those that there are.
    Log(LogLevel::kWarning, "cannot add a worker", {{"reason", error.what()}});
  }
}

void HttpServer::Impl::AddWorkerIfAllBusyLocked() {
  const bool all_busy = running_.size() == workers_.size();
  if (all_busy && workers_.size() - waiting_ < limits_.workers && !stopping_) AddWorkerLocked();
}

void HttpServer::Impl::WaitBegins() {
  const std::lock_guard lock(mutex_);
  ++waiting_;
  AddWorkerIfAllBusyLocked();
}

void HttpServer::Impl::WaitEnds() {
  const std::lock_guard lock(mutex_);
  --waiting_;
}

bool HttpServer::Impl::Retire() {
  const std::lock_guard lock(mutex_);
  if (workers_.size() - waiting_ <= limits_.workers || stopping_) return false;
  const auto self = workers_.find(std::this_thread::get_id());
  retired_.push_back(std::move(self->second));
  workers_.erase(self);
  return true;
}

void HttpServer::Impl::JoinRetired() {
  std::vector<std::thread> retired;
  {
    const std::lock_guard lock(mutex_);
    retired.swap(retired_);
  }
  for (std::thread& worker : retired) worker.join();
}

HttpServer::Stats HttpServer::Impl::stats() const {
  const std::lock_guard lock(mutex_);
  return {.open_connections = open_,
          .running_requests = running_.size(),
          .workers = workers_.size(),
          .accepted_total = accepted_,
          .turned_away_total = turned_away_};
}

// ---- accepting and deadlines

Millis HttpServer::Impl::SweepInterval() const {
  const Millis shortest =
      std::min({limits_.head_timeout, limits_.idle_timeout, limits_.linger_timeout});
  return std::clamp(shortest / 8, Millis(5), Millis(1000));
}

void HttpServer::Impl::Accept() {
  BlockSigpipe();
  const Millis interval = SweepInterval();
  auto swept = std::chrono::steady_clock::now();
  std::array<pollfd, 2> waiting = {pollfd{.fd = wake_accept_.get(), .events = POLLIN},
                                   pollfd{.fd = socket_.fd.get(), .events = POLLIN}};
  while (!stopping_) {
    bool anything = false;
    {
      const std::lock_guard lock(mutex_);
      anything = open_ > 0 || !retired_.empty();
    }
    // Nothing to watch: sleep until a client comes.
    const int timeout = anything || accept_paused_ ? static_cast<int>(interval.count()) : -1;
    waiting[1].fd = accept_paused_ ? -1 : socket_.fd.get();
    accept_paused_ = false;
    const int ready = poll(waiting.data(), waiting.size(), timeout);
    if (ready > 0 && waiting[1].revents != 0) AcceptAll();
    if (std::chrono::steady_clock::now() - swept >= interval) {
      ExpireParked();
      JoinRetired();
      swept = std::chrono::steady_clock::now();
    }
  }
}

void HttpServer::Impl::AcceptAll() {
  while (AcceptOne()) {
  }
}

bool HttpServer::Impl::AcceptOne() {
  sockaddr_storage peer{};
  socklen_t size = sizeof(peer);
  UniqueFd fd(accept4(socket_.fd.get(), reinterpret_cast<sockaddr*>(&peer), &size,
                      SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (fd.get() < 0) {
    if (errno == EINTR || errno == ECONNABORTED) return true;
    if (errno != EAGAIN && errno != EWOULDBLOCK) {
      // Out of descriptors or memory: clients wait in the backlog until there are some again.
      Log(LogLevel::kWarning, "cannot accept a connection", {{"reason", std::strerror(errno)}});
      accept_paused_ = true;
    }
    return false;
  }

  Id id = 0;
  {
    const std::lock_guard lock(mutex_);
    if (open_ >= limits_.connections) {
      ++turned_away_;
    } else {
      ++accepted_;
      ++open_;
      id = next_id_++;
    }
  }
  if (id == 0) {
    send(fd.get(), kTurnedAway.data(), kTurnedAway.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return true;
  }
  const int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  Park(id, std::make_unique<Connection>(std::move(fd), PeerAddress(peer), limits_, this),
       EPOLL_CTL_ADD);
  return true;
}

void HttpServer::Impl::ExpireParked() {
  const auto now = std::chrono::steady_clock::now();
  std::vector<std::pair<Id, Owned>> expired;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = parked_.begin(); at != parked_.end();) {
      if (at->second->deadline() <= now) {
        expired.emplace_back(at->first, std::move(at->second));
        at = parked_.erase(at);
      } else {
        ++at;
      }
    }
  }
  for (auto& [id, connection] : expired) {
    if (connection->Expire(observer_) == Connection::Next::kWait) {
      Park(id, std::move(connection), EPOLL_CTL_MOD);
    } else {
      Close(std::move(connection));
    }
  }
}

// ---- the table

void HttpServer::Impl::Park(Id id, Owned connection, int epoll_action) {
  epoll_event event{.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, .data = {.u64 = id}};
  const int fd = connection->fd();
  // Both steps under the lock: a parked connection may be taken, closed, and its descriptor's
  // number used again the moment the lock is free.
  const std::lock_guard lock(mutex_);
  if (stopping_ && connection->is_idle()) {
    connection.reset();
    --open_;
    return;
  }
  parked_.emplace(id, std::move(connection));
  if (epoll_ctl(epoll_.get(), epoll_action, fd, &event) != 0) {
    Log(LogLevel::kError, "cannot wait for a connection", {{"reason", std::strerror(errno)}});
    parked_.erase(id);
    --open_;
  }
}

HttpServer::Impl::Owned HttpServer::Impl::Unpark(Id id) {
  const std::lock_guard lock(mutex_);
  const auto found = parked_.find(id);
  if (found == parked_.end()) return nullptr;
  Owned connection = std::move(found->second);
  parked_.erase(found);
  running_.emplace(id, connection.get());
  AddWorkerIfAllBusyLocked();
  return connection;
}

void HttpServer::Impl::Close(Owned connection) {
  connection.reset();  // also takes the descriptor out of the epoll set
  const std::lock_guard lock(mutex_);
  --open_;
}

// ---- workers

void HttpServer::Impl::Work() {
  BlockSigpipe();
  while (!finished_) {
    epoll_event event{};
    const int count = epoll_wait(epoll_.get(), &event, 1, -1);
    if (count <= 0 || event.data.u64 == kWakeId) continue;
    // Taken meanwhile by the deadline: nullptr.
    if (Owned connection = Unpark(event.data.u64)) {
      ServeWhileReady(event.data.u64, std::move(connection));
      if (Retire()) return;
    }
  }
}

void HttpServer::Impl::ServeWhileReady(Id id, Owned connection) {
  Connection::Next next = connection->ReadHead(observer_);
  while (next == Connection::Next::kServe) {
    next = connection->Serve(handler_, observer_, stopping_);
    // Another worker may hold a request and wait for this core. Its client would wait for a whole
    // time slice, some milliseconds, while this one goes from request to request.
    std::this_thread::yield();
  }
  {
    const std::lock_guard lock(mutex_);
    running_.erase(id);
    if (stopping_) quiet_.notify_all();
  }
  if (next == Connection::Next::kWait && !finished_) {
    Park(id, std::move(connection), EPOLL_CTL_MOD);
  } else {
    Close(std::move(connection));
  }
}

// ---- the end

bool HttpServer::Impl::Stop(Millis grace) {
  if (!accept_thread_.joinable()) return true;
  stopping_ = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] ssize_t written = write(wake_accept_.get(), &one, sizeof(one));
  accept_thread_.join();
  socket_.fd.Close();

  bool in_time = false;
  {
    std::unique_lock lock(mutex_);
    // A parked connection with unread bytes has a request on its way to a worker.
    std::erase_if(parked_, [&](const auto& entry) {
      int unread = 0;
      ioctl(entry.second->fd(), FIONREAD, &unread);
      const bool over = entry.second->is_idle() && unread == 0;
      if (over) --open_;
      return over;
    });
    in_time = quiet_.wait_for(lock, grace, [&] {
      return running_.empty() && std::ranges::all_of(parked_, [](const auto& entry) {
               return entry.second->is_lingering();
             });
    });
    for (const auto& [id, connection] : running_) shutdown(connection->fd(), SHUT_RDWR);
  }

  finished_ = true;
  written = write(wake_workers_.get(), &one, sizeof(one));
  // No worker is added or retires any more: stopping_ was seen under the lock.
  for (auto& [id, worker] : workers_) worker.join();
  JoinRetired();
  parked_.clear();
  return in_time;
}

HttpServer::HttpServer(BoundSocket socket, HttpLimits limits)
    : impl_(std::make_unique<Impl>(std::move(socket), limits)) {}
HttpServer::~HttpServer() = default;
Result<void> HttpServer::Start(Handler handler, Observer observer) {
  return impl_->Start(std::move(handler), std::move(observer));
}
bool HttpServer::Stop(Millis grace) { return impl_->Stop(grace); }
const ListenAddress& HttpServer::address() const { return impl_->address(); }
bool HttpServer::is_stopping() const { return impl_->is_stopping(); }
HttpServer::Stats HttpServer::stats() const { return impl_->stats(); }

}  // namespace usher::server
