// TraceStore: the documents of traces on the disk, and the index of what they tell in memory.
//
// Files:      a bounded log (storage/bounded_log.h) of documents by trace id. A document outlives
// the
//             process as soon as Keep returns; a power cut may take the last seconds. The oldest go
//             beyond kMaxStoreFiles files of 16 MiB, and after kKeptDays.
// Start:      the index is made of the files by a thread of its own; WaitUntilRead waits for it.
// Threads:    safe from any thread; Keep by one.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "services/xray/trace_index.h"
#include "storage/bounded_log.h"
#include "tracing/recorder.h"

namespace usher::xray {

inline constexpr std::size_t kMaxStoreFiles = 32;
inline constexpr std::chrono::hours kKeptTime{30 * 24};
inline constexpr std::size_t kMaxTraceBytes = std::size_t{4} << 20;  // of one trace that is read

class TraceStore {
 public:
  // Errors: corrupt; internal.
  static Result<std::unique_ptr<TraceStore>> Open(const std::string& folder, const Clock& clock);
  ~TraceStore();
  TraceStore(const TraceStore&) = delete;
  TraceStore& operator=(const TraceStore&) = delete;

  // Never fails: what cannot be written is dropped, counted and told in the log.
  void Keep(std::span<const tracing::Finished> batch);
  // Returns once the files of earlier runs are in the index.
  void WaitUntilRead();

  // The documents of a trace in the order in which they came, of equal ids the last one. Errors:
  // corrupt; internal.
  Result<std::vector<std::string>> DocumentsOf(const std::string& trace_id) const;

  [[nodiscard]] const TraceIndex& index() const { return index_; }
  [[nodiscard]] std::uint64_t lost() const { return lost_.load(); }

 private:
  TraceStore(std::unique_ptr<storage::BoundedLog> log, const Clock& clock);
  void ReadFiles();
  void Write(std::span<const tracing::Finished> batch);
  void Lose(std::size_t documents, std::string_view why);
  void ForgetOld();

  std::unique_ptr<storage::BoundedLog> log_;
  const Clock& clock_;
  TraceIndex index_;
  std::atomic<std::uint64_t> lost_ = 0;
  std::optional<std::chrono::steady_clock::time_point> told_;
  std::optional<Time> forgot_;
  std::mutex mutex_;
  std::condition_variable read_changed_;
  bool read_ = false;
  std::atomic<bool> stopping_ = false;
  std::thread reader_;
};

}  // namespace usher::xray
