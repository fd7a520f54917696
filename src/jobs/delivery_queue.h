// DeliveryQueue: small things that must reach their receiver at least once, many of them a second:
// an object's event, an asynchronous invocation, a mail. (A heavy thing, with a work folder and a
// child process, is a job: jobs/job_queue.h.)
//
//   DeliveryQueue::Deliverer deliver = [&](const Delivery& it, const StopToken& stop) {
//     if (Send(it.payload)) return Outcome::Done();
//     return it.attempt < 3 ? Outcome::Again(clock.Now() + 60s) : Outcome::Done();
//   };
//   queue.AddLane({.name = "sns/mail", .deliver = deliver, .at_once = 4});
//   …
//   queue.Enqueue(batch, "sns/mail", {.key = topic, .payload = mail});
//   store.Commit(batch);  queue.Wake();
//
// A delivery is a document (kind "delivery/<lane>") and exists once the batch that holds it is
// committed, together with whatever else is in that batch. It is removed when its deliverer says
// Done; what Done carries is committed in the same moment. A server that is killed in between
// delivers again after its next start, with the same id and attempt: receivers tell by the id.
//
// Deliveries of a lane begin in the order of their time (`not_before`), then of their commit, but
// run side by side; none waits for another but for room: a lane has `at_once` threads, and of those
// one key takes no more than `at_once_per_key`, so that a slow receiver holds up only itself.
//
// Cost: one commit for each end of a delivery, shared by those that end together (group commit).
//       Waiting deliveries take about 200 bytes of memory each; bodies are read when they are due.
// Threads: safe from any thread. AddLane before Start.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "storage/document_store.h"

namespace usher::jobs {

struct Delivery {
  std::string id;       // of the document; the same at every attempt
  std::string key;      // of the receiver: a function's name, a topic's ARN
  std::string payload;  // opaque here
  int attempt = 1;      // 1 on the first try; grows with each counted Again
  Time accepted;        // when it was enqueued
};

// True once the server shuts down: return soon, with Interrupted.
using StopToken = std::atomic<bool>;

class Outcome {
 public:
  enum class Kind { kDone, kAgain, kInterrupted };

  // Delivered, or given up for a reason that the deliverer has made known. `with` is committed
  // together with the removal; deliveries in it need no Wake.
  static Outcome Done(storage::Batch with = {});
  // To be tried again, not before this time, with the next attempt's number.
  static Outcome Again(Time not_before);
  // The same, but the attempt does not count: there was no room at the receiver.
  static Outcome Later(Time not_before);
  // Stays as it is, for the next start of the server.
  static Outcome Interrupted();
  // For the payload of the next attempt.
  Outcome&& WithPayload(std::string payload) &&;

  [[nodiscard]] Kind kind() const { return kind_; }

 private:
  friend class DeliveryLane;
  Kind kind_ = Kind::kDone;
  storage::Batch with_;
  Time not_before_;
  bool counts_ = true;
  std::optional<std::string> payload_;
};

struct DeliverySpec {
  std::string key;
  std::string payload;
  std::optional<Time> not_before;  // now, when it is not given
};

class DeliveryQueue {
 public:
  using Deliverer = std::function<Outcome(const Delivery&, const StopToken& stop)>;
  struct Lane {
    std::string name;  // "s3/events"
    Deliverer deliver;
    int at_once = 4;          // threads; they exist from Start on
    int at_once_per_key = 0;  // 0 = at_once
  };

  // `store` and `clock` must outlive the queue.
  static std::unique_ptr<DeliveryQueue> Create(storage::DocumentStore& store, const Clock& clock);
  virtual ~DeliveryQueue() = default;

  virtual void AddLane(Lane lane) = 0;
  // Takes up what an earlier run of the server left. Errors: internal when the store cannot be
  // read.
  virtual Result<void> Start() = 0;
  // Waits for the deliveries that are under way; the others stay for the next start.
  virtual void Stop() = 0;

  // Adds a delivery to `batch`; gives its id.
  virtual std::string Enqueue(storage::Batch& batch, std::string_view lane, DeliverySpec spec) = 0;
  // Tells the lanes that a batch with deliveries was committed, or, in tests, that the clock was
  // set.
  virtual void Wake() = 0;
  // Their names, sorted.
  [[nodiscard]] virtual std::vector<std::string> Lanes() const = 0;
  // Deliveries that the lane has taken notice of and that have not ended.
  [[nodiscard]] virtual std::size_t Waiting(std::string_view lane) const = 0;
  [[nodiscard]] virtual std::size_t Waiting(std::string_view lane, std::string_view key) const = 0;
};

}  // namespace usher::jobs
