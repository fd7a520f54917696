#include "storage/event_log.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <map>

#include "base/log.h"

namespace usher::storage {
namespace {

// What is given back of a page is a prefix, in the direction of reading, of everything that
// matches: of what was found so far the first ones stay, as many as fit.
class PageHeap {
 public:
  explicit PageHeap(const EventQuery& query) : query_(query) {}

  // True when an event with this key may still enter.
  [[nodiscard]] bool Admits(const EventKey& key) const { return !cut_ || Before(key, *cut_); }
  // True when a later block, whose events are at this time or farther, can add nothing.
  [[nodiscard]] bool IsDone(std::int64_t time) const {
    return cut_ && (query_.backward ? time < cut_->time : time > cut_->time);
  }

  void Add(StoredEvent event) {
    bytes_ += event.message.size();
    events_.push_back(std::move(event));
    const auto nearer = [this](const StoredEvent& a, const StoredEvent& b) {
      return Before(a.key, b.key);
    };
    std::ranges::push_heap(events_, nearer);
    while (events_.size() > 1 && (events_.size() > query_.limit || bytes_ > query_.max_bytes)) {
      std::ranges::pop_heap(events_, nearer);
      cut_ = events_.back().key;
      bytes_ -= events_.back().message.size();
      events_.pop_back();
    }
  }

  [[nodiscard]] bool was_cut() const { return cut_.has_value(); }

  // In order of time; of those that were found, only the ones before the time that `until` names.
  std::vector<StoredEvent> Take(std::optional<std::int64_t> until) {
    if (until) {
      std::erase_if(events_, [&](const StoredEvent& event) {
        return query_.backward ? event.key.time <= *until : event.key.time >= *until;
      });
    }
    std::ranges::sort(events_, {}, &StoredEvent::key);
    return std::move(events_);
  }

 private:
  [[nodiscard]] bool Before(const EventKey& a, const EventKey& b) const {
    return query_.backward ? a > b : a < b;
  }

  const EventQuery& query_;
  std::vector<StoredEvent> events_;  // a heap, the farthest one on top
  std::size_t bytes_ = 0;
  std::optional<EventKey> cut_;  // the nearest that did not fit
};

}  // namespace

// The blocks that a query has to look through, nearest first.
struct EventLog::Snapshot {
  struct Part {
    Segment segment;
    EventBlock block;
  };
  std::vector<Part> parts;
};

Result<std::unique_ptr<EventLog>> EventLog::Open(std::string folder, Limits limits) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return SystemError("cannot make the folder of an event log", errno);
  }
  std::unique_ptr<EventLog> log(new EventLog(std::move(folder), limits));
  if (const auto opened = log->OpenSegments(); !opened) return opened.error();
  return log;
}

Result<void> EventLog::OpenSegments() {
  std::map<std::uint64_t, bool> found;  // position to whether it is sealed
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename().string();
    std::uint64_t position = 0;
    const auto [stop, bad] = std::from_chars(name.data(), name.data() + name.size(), position, 16);
    if (bad != std::errc() || stop != name.data() + 16) continue;
    const std::string_view kind = std::string_view(name).substr(16);
    const std::filesystem::path& path = entry.path();
    if (kind == ".sealed") {
      found[position] = true;
    } else if (kind == ".events" &&
               !std::filesystem::exists(std::filesystem::path(path).replace_extension(".sealed"))) {
      found.emplace(position, false);
    } else {
      std::filesystem::remove(path, error);  // the server died while it was sealing
    }
  }
  if (error) return Internal("cannot list the folder of an event log: " + error.message());
  for (const auto& [position, sealed] : found) {
    auto segment = sealed ? EventSegment::OpenSealed(folder_, position)
                          : EventSegment::OpenGrowing(folder_, position);
    if (!segment) return segment.error();
    segments_.push_back(*std::move(segment));
  }
  if (segments_.empty() || segments_.back()->sealed()) {
    const std::uint64_t position = segments_.empty() ? 0 : segments_.back()->end();
    auto segment = EventSegment::Create(folder_, position);
    if (!segment) return segment.error();
    segments_.push_back(*std::move(segment));
  }
  synced_ = segments_.back()->end();
  CountSpans();
  return {};
}

void EventLog::CountSpans() {
  spans_.clear();
  for (const Segment& segment : segments_) {
    for (const auto& [stream, span] : segment->streams()) spans_[stream].Add(span);
  }
}

// Begins a new file; what was written to the old one is on the disk then.
Result<void> EventLog::Rotate(std::unique_lock<std::mutex>& lock) {
  const std::uint64_t end = segments_.back()->end();
  if (auto synced = WaitUntilSynced(lock, end); !synced) return synced;
  if (segments_.back()->end() != end) return {};  // others wrote on, or began one, meanwhile
  auto segment = EventSegment::Create(folder_, end);
  if (!segment) return segment.error();
  synced_ = (*segment)->end();
  segments_.push_back(*std::move(segment));
  return {};
}

Result<void> EventLog::Append(std::uint64_t stream, std::int64_t ingested,
                              std::span<const NewEvent> events) {
  const auto record = EncodeBatch(stream, ingested, events);
  if (!record) return record.error();
  const StreamSpan span{events.front().time, events.back().time, ingested, events.size()};
  std::unique_lock lock(mutex_);
  const auto is_full = [&] {
    const EventSegment& growing = *segments_.back();
    return growing.file_bytes() >= limits_.segment_bytes ||
           (growing.began() && ingested - *growing.began() >= limits_.segment_ms);
  };
  while (is_full()) {
    if (broken_) return *broken_;
    if (auto rotated = Rotate(lock); !rotated) return rotated;
  }
  if (broken_) return *broken_;
  if (auto put = segments_.back()->Append(*record, stream, span); !put) return put;
  spans_[stream].Add(span);
  return WaitUntilSynced(lock, segments_.back()->end());
}

// One of those who wait syncs for all that have written by then.
Result<void> EventLog::WaitUntilSynced(std::unique_lock<std::mutex>& lock, std::uint64_t end) {
  while (synced_ < end) {
    if (broken_) return *broken_;
    if (syncing_) {
      synced_changed_.wait(lock);
      continue;
    }
    syncing_ = true;
    const Segment segment = segments_.back();
    const std::uint64_t written = segment->end();
    lock.unlock();
    const auto synced = segment->Sync();
    lock.lock();
    syncing_ = false;
    if (synced) {
      synced_ = std::max(synced_, written);
    } else {
      broken_ = synced.error();
    }
    synced_changed_.notify_all();
  }
  return {};
}

EventLog::Snapshot EventLog::Blocks(const EventQuery& query) const {
  std::int64_t from = query.from;
  std::int64_t to = query.to;
  if (query.beyond && !query.backward) from = std::max(from, query.beyond->time);
  if (query.beyond && query.backward && query.beyond->time < to) to = query.beyond->time + 1;
  Snapshot snapshot;
  {
    const std::unique_lock lock(mutex_);
    for (const Segment& segment : segments_) {
      if (segment->last() < from || segment->first() >= to) continue;
      for (EventBlock block : segment->blocks()) {
        if (block.last < from || block.first >= to || (block.streams & query.streams) == 0) {
          continue;
        }
        if (!segment->sealed()) {
          // Of what is not on the disk yet nothing is told.
          if (block.position >= synced_) continue;
          block.bytes = static_cast<std::uint32_t>(
              std::min<std::uint64_t>(block.bytes, synced_ - block.position));
        }
        snapshot.parts.push_back({segment, block});
      }
    }
  }
  std::ranges::sort(snapshot.parts, [&](const Snapshot::Part& a, const Snapshot::Part& b) {
    return query.backward ? a.block.last > b.block.last : a.block.first < b.block.first;
  });
  return snapshot;
}

Result<EventPage> EventLog::Read(const EventQuery& query) const {
  const Snapshot snapshot = Blocks(query);
  const auto is_beyond = [&](const EventKey& key) {
    if (!query.beyond) return true;
    return query.backward ? key < *query.beyond : key > *query.beyond;
  };
  EventPage page;
  PageHeap heap(query);
  std::optional<std::int64_t>
      stopped_at;  // the time of the first block that was not looked through
  std::string buffer;
  for (const auto& [segment, block] : snapshot.parts) {
    const std::int64_t nearest = query.backward ? block.last : block.first;
    if (heap.IsDone(nearest)) break;
    const bool gains = !query.beyond || (query.backward ? nearest < query.beyond->time - 1
                                                        : nearest > query.beyond->time);
    if (page.bytes_scanned >= query.scan_bytes && gains) {
      stopped_at = nearest;
      break;
    }
    const auto bytes = segment->Read(block, buffer);
    if (!bytes) return bytes.error();
    page.bytes_scanned += bytes->size();
    for (std::size_t at = 0; at < bytes->size();) {
      auto batch = BatchReader::At(bytes->substr(at), !segment->sealed());
      if (!batch) return Corrupt("a batch of an event log does not match its checksum");
      const std::uint64_t position = block.position + at;
      at += batch->bytes();
      if (query.wants && !query.wants(batch->stream())) continue;
      std::uint32_t index = 0;
      while (const auto event = batch->Next()) {
        const EventKey key{event->time, position, index++};
        if (event->time < query.from) continue;
        if (event->time >= query.to) break;
        if (!is_beyond(key) || !heap.Admits(key)) continue;
        ++page.events_scanned;
        if (query.matches && !query.matches(event->message)) continue;
        heap.Add({key, batch->stream(), batch->ingested(), std::string(event->message)});
      }
    }
  }
  page.events = heap.Take(stopped_at);
  if (stopped_at) {
    // Everything nearer than this time is in the page.
    page.next = query.backward ? EventKey{*stopped_at + 1, 0, 0} : EventKey{*stopped_at, 0, 0};
  } else if (heap.was_cut()) {
    page.next = query.backward ? page.events.front().key : page.events.back().key;
  }
  return page;
}

bool EventLog::wants_sealing() const {
  const std::unique_lock lock(mutex_);
  return segments_.size() > 1 && !segments_[segments_.size() - 2]->sealed();
}

Result<void> EventLog::SealFull() {
  while (true) {
    Segment full;
    {
      const std::unique_lock lock(mutex_);
      for (const Segment& segment : segments_) {
        if (segment != segments_.back() && !segment->sealed()) full = segment;
      }
    }
    if (!full) return {};
    auto sealed = full->Seal();
    if (!sealed) return sealed.error();
    {
      const std::unique_lock lock(mutex_);
      *std::ranges::find(segments_, full) = *std::move(sealed);
    }
    if (auto removed = full->Remove(); !removed) return removed;
  }
}

Result<void> EventLog::Maintain(std::int64_t now, std::optional<std::int64_t> oldest) {
  {
    // A file in which nothing is written any longer must not keep old events.
    std::unique_lock lock(mutex_);
    const auto began = segments_.back()->began();
    if (began && now - *began >= limits_.segment_ms && !broken_) {
      if (auto rotated = Rotate(lock); !rotated) return rotated;
    }
  }
  if (auto sealed = SealFull(); !sealed) return sealed;
  while (true) {
    Segment going;
    {
      const std::unique_lock lock(mutex_);
      std::uint64_t bytes = 0;
      for (const Segment& segment : segments_) bytes += segment->file_bytes();
      const bool too_many = bytes > limits_.max_bytes;
      const auto found = std::ranges::find_if(segments_, [&](const Segment& segment) {
        return segment != segments_.back() && (too_many || (oldest && segment->last() < *oldest));
      });
      if (found == segments_.end()) return {};
      going = *found;
      if (too_many && !(oldest && going->last() < *oldest)) {
        Log(LogLevel::kWarning, "the oldest events of a log go, since it has too many bytes",
            {{"folder", folder_},
             {"limit", std::to_string(limits_.max_bytes)},
             {"bytes", std::to_string(bytes)}});
      }
      segments_.erase(found);
      CountSpans();
    }
    if (auto removed = going->Remove(); !removed) return removed;
  }
}

std::optional<StreamSpan> EventLog::SpanOf(std::uint64_t stream) const {
  const std::unique_lock lock(mutex_);
  const auto found = spans_.find(stream);
  if (found == spans_.end()) return std::nullopt;
  return found->second;
}

std::uint64_t EventLog::file_bytes() const {
  const std::unique_lock lock(mutex_);
  std::uint64_t bytes = 0;
  for (const Segment& segment : segments_) bytes += segment->file_bytes();
  return bytes;
}

}  // namespace usher::storage
