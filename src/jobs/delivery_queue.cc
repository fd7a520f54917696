// Lanes over a DocumentStore: an index of what is waiting in memory, by key and time, while the
// documents alone decide what is still to be delivered after a restart.
#include "jobs/delivery_queue.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/log.h"
#include "base/random.h"
#include "json/json.h"

namespace usher::jobs {
namespace {

constexpr std::size_t kScanPage = 1000;
// Before a delivery is tried again whose document could not be read or written.
constexpr std::chrono::milliseconds kStoreRetry{1000};
// A waiting thread looks at the clock this often, since a clock may be set.
constexpr std::chrono::milliseconds kLongestWait{60'000};

struct DeliveryDocument {
  std::string payload;
  int attempt = 1;
  Time accepted;
  Time not_before;
};

std::string Encode(const DeliveryDocument& document) {
  ValueMap map;
  map.Append("attempt", document.attempt);
  map.Append("accepted", EpochMillis(document.accepted));
  map.Append("notBefore", EpochMillis(document.not_before));
  map.Append("payload", document.payload);
  return json::Write(map);
}

Result<DeliveryDocument> Decode(std::string_view body) {
  const auto value = json::Parse(body);
  if (!value) return Corrupt("delivery: " + value.error().message);
  const auto integer = [&](std::string_view name) {
    const Value* member = value->Find(name);
    return member ? member->as_int() : nullptr;
  };
  const Value* payload = value->Find("payload");
  const std::string* text = payload ? payload->as_string() : nullptr;
  const std::int64_t* attempt = integer("attempt");
  const std::int64_t* accepted = integer("accepted");
  const std::int64_t* not_before = integer("notBefore");
  if (!text || !attempt || !accepted || !not_before) {
    return Corrupt("delivery: a member is missing");
  }
  return DeliveryDocument{.payload = *text,
                          .attempt = static_cast<int>(*attempt),
                          .accepted = FromEpochMillis(*accepted),
                          .not_before = FromEpochMillis(*not_before)};
}

// What the index knows of a delivery.
struct Waiting {
  Time not_before;
  std::int64_t sequence = 0;
  std::string id;

  auto operator<=>(const Waiting& other) const {
    return std::tie(not_before, sequence) <=> std::tie(other.not_before, other.sequence);
  }
};

}  // namespace

Outcome Outcome::Done(storage::Batch with) {
  Outcome outcome;
  outcome.with_ = std::move(with);
  return outcome;
}

Outcome Outcome::Again(Time not_before) {
  Outcome outcome;
  outcome.kind_ = Kind::kAgain;
  outcome.not_before_ = not_before;
  return outcome;
}

Outcome Outcome::Later(Time not_before) {
  Outcome outcome = Again(not_before);
  outcome.counts_ = false;
  return outcome;
}

Outcome Outcome::Interrupted() {
  Outcome outcome;
  outcome.kind_ = Kind::kInterrupted;
  return outcome;
}

Outcome&& Outcome::WithPayload(std::string payload) && {
  payload_ = std::move(payload);
  return std::move(*this);
}

class DeliveryLane {
 public:
  DeliveryLane(DeliveryQueue::Lane lane, storage::DocumentStore& store, const Clock& clock,
               std::function<void()> wake_lanes)
      : lane_(std::move(lane)),
        kind_("delivery/" + lane_.name),
        store_(store),
        clock_(clock),
        wake_lanes_(std::move(wake_lanes)) {
    Check(lane_.at_once > 0, "a lane has a thread");
  }
  ~DeliveryLane() { Stop(); }
  DeliveryLane(const DeliveryLane&) = delete;
  DeliveryLane& operator=(const DeliveryLane&) = delete;

  Result<void> Start() {
    Check(threads_.empty(), "a lane starts once");
    if (auto scanned = Scan(); !scanned) return scanned;
    for (int i = 0; i < lane_.at_once; ++i) threads_.emplace_back([this] { Work(); });
    return {};
  }

  // Lanes end together: first all are asked, then each is waited for.
  void AskToStop() {
    stopping_ = true;
    {
      const std::lock_guard lock(mutex_);
    }  // so that no thread is between its look and its wait
    wake_.notify_all();
  }
  void Stop() {
    AskToStop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  std::string Enqueue(storage::Batch& batch, DeliverySpec spec) {
    std::string id = NewUuid();
    const Time now = clock_.Now();
    batch.Create(kind_, id, std::move(spec.key),
                 Encode({.payload = std::move(spec.payload),
                         .accepted = now,
                         .not_before = spec.not_before.value_or(now)}));
    const std::lock_guard lock(mutex_);
    unfound_.insert(id);
    return id;
  }

  void Wake() {
    {
      const std::lock_guard lock(mutex_);
      // Some of them are committed by now, or never will be.
      if (!unfound_.empty()) unseen_ = true;
    }
    wake_.notify_one();
  }

  std::size_t Count(const std::optional<std::string_view>& key) const {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const auto& [name, state] : keys_) {
      if (!key || name == *key) count += state.waiting.size() + state.running;
    }
    return count;
  }

 private:
  struct Key {
    std::set<Waiting> waiting;
    std::size_t running = 0;
  };
  struct Taken {
    std::string key;
    Waiting what;
  };

  // Takes notice of what was committed since the last scan. The store hands out sequences in the
  // order of the commits, so none is passed over.
  Result<void> Scan() {
    const std::lock_guard scanning(scan_mutex_);
    while (true) {
      auto page = store_.List(kind_, std::nullopt, seen_, kScanPage);
      if (!page) return page.error();
      const std::lock_guard lock(mutex_);
      for (storage::Document& document : page->documents) {
        seen_ = document.sequence;
        unfound_.erase(document.id);
        const auto decoded = Decode(document.body);
        if (!decoded) {
          Log(LogLevel::kError, "delivery not readable, left alone",
              {{"lane", lane_.name}, {"id", document.id}, {"reason", decoded.error().message}});
          continue;
        }
        keys_[document.group].waiting.insert(
            {decoded->not_before, document.sequence, std::move(document.id)});
        wake_.notify_one();
      }
      if (!page->next_after) return {};
    }
  }

  void Work() {
    while (auto taken = Next()) {
      const std::optional<Waiting> later = Deliver(*taken);
      const std::lock_guard lock(mutex_);
      const auto key = keys_.find(taken->key);
      --key->second.running;
      if (later) key->second.waiting.insert(*later);
      if (key->second.running == 0 && key->second.waiting.empty()) keys_.erase(key);
      wake_.notify_one();
    }
  }

  // The next one that is due and whose key has room; waits for it. nullopt when the lane stops.
  std::optional<Taken> Next() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      if (std::exchange(unseen_, false)) {
        lock.unlock();
        const auto scanned = Scan();
        if (!scanned) {
          Log(LogLevel::kError, "deliveries not readable",
              {{"lane", lane_.name}, {"reason", scanned.error().message}});
        }
        lock.lock();
        if (!scanned) {
          unseen_ = true;
          wake_.wait_for(lock, kStoreRetry);
        }
        continue;
      }
      const int room = lane_.at_once_per_key > 0 ? lane_.at_once_per_key : lane_.at_once;
      auto first = keys_.end();
      for (auto key = keys_.begin(); key != keys_.end(); ++key) {
        const Key& state = key->second;
        if (state.waiting.empty() || state.running >= static_cast<std::size_t>(room)) continue;
        if (first == keys_.end() || *state.waiting.begin() < *first->second.waiting.begin()) {
          first = key;
        }
      }
      if (first == keys_.end()) {
        wake_.wait(lock);
        continue;
      }
      const Time due = first->second.waiting.begin()->not_before;
      const Time now = clock_.Now();
      if (due > now) {
        wake_.wait_for(lock, std::min(due - now, kLongestWait));
        continue;
      }
      Taken taken{first->first,
                  std::move(first->second.waiting.extract(first->second.waiting.begin()).value())};
      ++first->second.running;
      wake_.notify_one();  // there may be one more
      return taken;
    }
    return std::nullopt;
  }

  // Gives the delivery back when it is to be tried again by this server.
  std::optional<Waiting> Deliver(const Taken& taken) {
    const auto again_soon = [&](std::string_view event, const Error& error) {
      Log(LogLevel::kError, event,
          {{"lane", lane_.name}, {"id", taken.what.id}, {"reason", error.message}});
      return Waiting{clock_.Now() + kStoreRetry, taken.what.sequence, taken.what.id};
    };
    const auto found = store_.Get(kind_, taken.what.id);
    if (!found) return again_soon("delivery not readable", found.error());
    if (!*found) return std::nullopt;
    auto document = Decode((*found)->body);
    if (!document) return again_soon("delivery not readable", document.error());

    Outcome outcome = Hand({.id = taken.what.id,
                            .key = taken.key,
                            .payload = document->payload,
                            .attempt = document->attempt,
                            .accepted = document->accepted});
    if (outcome.kind_ == Outcome::Kind::kInterrupted) return std::nullopt;
    storage::Batch batch = std::move(outcome.with_);
    const bool carries = !batch.empty();
    if (outcome.kind_ == Outcome::Kind::kDone) {
      batch.Delete(kind_, taken.what.id);
      const auto removed = store_.Commit(batch);
      if (!removed) return again_soon("delivery not ended", removed.error());
      if (carries) wake_lanes_();  // there may be deliveries in it
      return std::nullopt;
    }
    if (outcome.counts_) ++document->attempt;
    if (outcome.payload_) document->payload = *std::move(outcome.payload_);
    document->not_before = outcome.not_before_;
    batch.Update(kind_, taken.what.id, (*found)->version, Encode(*document));
    if (const auto kept = store_.Commit(batch); !kept) {
      return again_soon("delivery not put off", kept.error());
    }
    return Waiting{document->not_before, taken.what.sequence, taken.what.id};
  }

  Outcome Hand(const Delivery& delivery) {
    try {
      return lane_.deliver(delivery, stopping_);
    } catch (const std::exception& bug) {
      Log(LogLevel::kError, "delivery failed unexpectedly",
          {{"lane", lane_.name}, {"id", delivery.id}, {"reason", bug.what()}});
      return Outcome::Again(clock_.Now() + kStoreRetry * delivery.attempt);
    }
  }

  const DeliveryQueue::Lane lane_;
  const std::string kind_;
  storage::DocumentStore& store_;
  const Clock& clock_;
  const std::function<void()> wake_lanes_;

  StopToken stopping_ = false;
  std::mutex scan_mutex_;
  std::int64_t seen_ = 0;  // sequence up to which documents are in the index; with scan_mutex_

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable wake_;
  std::map<std::string, Key, std::less<>> keys_;
  std::set<std::string> unfound_;  // ids enqueued by this server that no scan has found yet
  bool unseen_ = false;
  std::vector<std::thread> threads_;
};

namespace {

class Queue final : public DeliveryQueue {
 public:
  Queue(storage::DocumentStore& store, const Clock& clock) : store_(store), clock_(clock) {}
  ~Queue() override { Stop(); }

  void AddLane(Lane lane) override {
    std::string name = lane.name;
    const bool added =
        lanes_
            .emplace(std::move(name), std::make_unique<DeliveryLane>(std::move(lane), store_,
                                                                     clock_, [this] { Wake(); }))
            .second;
    Check(added, "each lane is added once");
  }

  Result<void> Start() override {
    for (const auto& [name, lane] : lanes_) {
      if (auto started = lane->Start(); !started) return started;
    }
    return {};
  }

  void Stop() override {
    for (const auto& [name, lane] : lanes_) lane->AskToStop();
    for (const auto& [name, lane] : lanes_) lane->Stop();
  }

  std::string Enqueue(storage::Batch& batch, std::string_view lane, DeliverySpec spec) override {
    return Find(lane).Enqueue(batch, std::move(spec));
  }

  void Wake() override {
    for (const auto& [name, lane] : lanes_) lane->Wake();
  }

  std::vector<std::string> Lanes() const override {
    std::vector<std::string> names;
    for (const auto& [name, lane] : lanes_) names.push_back(name);
    return names;
  }

  std::size_t Waiting(std::string_view lane) const override { return Find(lane).Count({}); }
  std::size_t Waiting(std::string_view lane, std::string_view key) const override {
    return Find(lane).Count(key);
  }

 private:
  [[nodiscard]] DeliveryLane& Find(std::string_view name) const {
    const auto lane = lanes_.find(name);
    Check(lane != lanes_.end(), "a delivery names a lane that was added");
    return *lane->second;
  }

  storage::DocumentStore& store_;
  const Clock& clock_;
  std::map<std::string, std::unique_ptr<DeliveryLane>, std::less<>> lanes_;
};

}  // namespace

std::unique_ptr<DeliveryQueue> DeliveryQueue::Create(storage::DocumentStore& store,
                                                     const Clock& clock) {
  return std::make_unique<Queue>(store, clock);
}

}  // namespace usher::jobs
