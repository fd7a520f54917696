// MessageIndex: the messages of one queue by the time at which they may next be received.
//
// A message that was received is hidden until its visibility ends, one that was sent with a delay
// until that is over; both are the same here: a time before which it is not given out. Of those
// that may be, the one goes first that has been so the longest, then the one that was sent first.
//
// Cost:    O(log messages) for each change; about 200 bytes a message.
// Threads: none of its own; the queue's lock guards it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "base/clock.h"

namespace usher::sqs {

struct Received {
  std::string id;
  Time sent;
  Time first_received;
  int count = 0;  // this receipt included
};

class MessageIndex {
 public:
  // A message that may be received from `visible` on.
  void Add(std::string id, Time sent, Time visible);
  void Remove(std::string_view id);
  void Clear();

  // Up to `limit` messages that may be received, hidden from now on for `visibility`.
  std::vector<Received> Take(Time now, std::size_t limit, std::chrono::seconds visibility);
  // Hides a message that has been received for this long from now on, or shows it again at once.
  // False when it is not hidden by a receipt.
  bool Hide(std::string_view id, Time now, std::chrono::seconds visibility);
  // Messages that were sent before this time; they are removed.
  std::vector<std::string> TakeSentBefore(Time time);

  // When the next message may be received: past when there is one, nullopt when there is none.
  [[nodiscard]] std::optional<Time> NextVisible() const;
  [[nodiscard]] bool Has(std::string_view id) const { return entries_.contains(std::string(id)); }

  struct Counts {
    std::size_t visible = 0;
    std::size_t in_flight = 0;
    std::size_t delayed = 0;
  };
  [[nodiscard]] Counts Count(Time now) const;
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Time sent;
    Time visible;
    Time first_received;
    std::uint64_t order = 0;
    int received = 0;
  };
  using Key = std::tuple<Time, std::uint64_t, std::string>;

  std::unordered_map<std::string, Entry> entries_;
  std::set<Key> by_visible_;
  std::set<std::pair<Time, std::string>> by_sent_;
  std::uint64_t next_order_ = 0;
};

}  // namespace usher::sqs
