// LiveInteractions: interactions that came one by one (PutEvents): durable before they are
// acknowledged, and in memory what a request needs of them, so that the next one sees them.
//
// Users:    an event with a user is that user's. One without belongs to its session: to the user
//           who appeared in it last, else to the session itself, as whose events they are found
//           until a user appears, who then gets them all at once.
// In memory: of each user the pairs of item and event type, each once, with the time of the first
//           event and the largest value: the newest kMaxPairsOfUser; 24 bytes a pair, and the
//           names of users and items once. Of sessions the newest kMaxSessions. What is left out of
//           memory stays in the log and is trained on all the same.
// On disk:  services/personalize/row_log.h; read once at the first use after a start.
// Threads:  safe from any thread. Requests share a lock for the time of a look-up; writers hold it
//           for about a microsecond an event.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "columnar/string_codes.h"
#include "services/personalize/avro_schema.h"
#include "services/personalize/row_log.h"

namespace usher::personalize {

inline constexpr std::size_t kMaxPairsOfUser = 10'000;
inline constexpr std::size_t kMaxSessions = 1'000'000;
inline constexpr std::size_t kMaxLivePairs = 50'000'000;  // of all users; then events are refused

struct LiveEvent {
  std::string item_id;
  std::string type;
  std::int64_t sent_at_ms = 0;  // since 1970
  std::optional<double> value;  // EVENT_VALUE
  std::optional<std::string> event_id;
  std::optional<std::string> recommendation_id;
  std::vector<std::string> impression;     // item ids, as shown
  std::optional<std::string> attribution;  // EVENT_ATTRIBUTION_SOURCE
  ValueMap columns;                        // the schema's other columns
};

// What one user did with one item by events of one type.
struct LivePair {
  std::string_view item_id;
  std::string_view type;
  std::int64_t first = 0;  // Unix seconds
  double value = 0;        // the largest; NaN when no event had one
};

class LiveInteractions {
 public:
  // Reads the log in `folder`, which is made by the first Put where it is missing. Errors: corrupt;
  // internal.
  static Result<std::unique_ptr<LiveInteractions>> Open(std::string folder);

  // Events of one session, `user_id` empty for an anonymous one. When this returns, they are
  // durable, and every request that begins afterwards sees them. Errors: limit exceeded when too
  // much is in memory; internal.
  Result<void> Put(std::int64_t now_ms, std::string_view user_id, std::string_view session_id,
                   std::span<const LiveEvent> events);

  // Calls `visit` for each pair of a user, or of a session without one, oldest first; not at all
  // for one that is not known. A lock is held meanwhile: `visit` must not call this object.
  void ForEachOf(std::string_view user_id, const std::function<void(const LivePair&)>& visit) const;

  // Whether anything was ever put.
  [[nodiscard]] bool empty() const;

  // Writes all events as rows of the schema into a Parquet file: anonymous ones under their user,
  // or under their session's id; of several with the same eventId, or equal in every column, the
  // first. Gives the number of rows. Errors: corrupt; internal.
  Result<std::uint64_t> WriteRows(const AvroSchema& schema, const std::string& path) const;

 private:
  struct Pair {
    std::uint32_t item = 0;
    std::uint32_t type = 0;
    std::int64_t first = 0;
    double value = 0;
  };
  struct Session {
    std::string user;          // empty while nobody appeared
    std::vector<Pair> events;  // anonymous ones
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  template <typename T>
  using ByName = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

  explicit LiveInteractions(std::string folder) : folder_(std::move(folder)) {}

  Result<RowLog*> OpenLog();
  void Take(std::string_view user_id, std::string_view session_id, std::string_view item_id,
            std::string_view type, std::int64_t sent_at_ms, std::optional<double> value);
  void Join(std::string_view user_id, Session& session);
  Session& SessionOf(std::string_view session_id);
  void AddPair(std::vector<Pair>& pairs, const Pair& pair);

  const std::string folder_;
  mutable std::mutex log_mutex_;  // while the log is opened
  std::unique_ptr<RowLog> log_;

  mutable std::shared_mutex mutex_;  // of what follows
  columnar::StringCodes items_;
  columnar::StringCodes types_;
  ByName<std::vector<Pair>> users_;
  ByName<Session> sessions_;
  std::deque<std::string> session_order_;  // oldest first
  std::size_t pair_count_ = 0;
};

}  // namespace usher::personalize
