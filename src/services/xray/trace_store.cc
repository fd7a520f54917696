#include "services/xray/trace_store.h"

#include <algorithm>

#include "base/log.h"

namespace usher::xray {
namespace {

constexpr std::chrono::minutes kTellEvery{1};
constexpr std::chrono::hours kForgetEvery{1};
constexpr std::size_t kWriteBytes = std::size_t{1} << 20;  // of documents in one write

std::int64_t OldestSeconds(Time now) { return EpochMillis(now - kKeptTime) / 1000; }

}  // namespace

Result<std::unique_ptr<TraceStore>> TraceStore::Open(const std::string& folder,
                                                     const Clock& clock) {
  auto log = storage::BoundedLog::Open(folder, {.segments = kMaxStoreFiles});
  if (!log) return log.error();
  std::unique_ptr<TraceStore> store(new TraceStore(*std::move(log), clock));
  store->ForgetOld();
  store->reader_ = std::thread([raw = store.get()] { raw->ReadFiles(); });
  return store;
}

TraceStore::TraceStore(std::unique_ptr<storage::BoundedLog> log, const Clock& clock)
    : log_(std::move(log)), clock_(clock) {}

TraceStore::~TraceStore() {
  stopping_ = true;
  if (reader_.joinable()) reader_.join();
}

void TraceStore::ReadFiles() {
  std::size_t damaged = 0;
  const auto visited = log_->ForEach([&](const storage::BoundedLog::Record& record) {
    if (stopping_) return;
    const auto segment = tracing::ParseDocument(record.value);
    if (!segment) {
      ++damaged;
      return;
    }
    const tracing::Segment* one = &*segment;
    index_.Add(std::span(&one, 1));
  });
  if (!visited || damaged > 0) {
    Log(LogLevel::kWarning, "some stored traces cannot be read and are left out",
        {{"documents", std::to_string(damaged)},
         {"reason", visited ? "they are no segment documents" : visited.error().message}});
  }
  {
    const std::lock_guard lock(mutex_);
    read_ = true;
  }
  read_changed_.notify_all();
}

void TraceStore::WaitUntilRead() {
  std::unique_lock lock(mutex_);
  read_changed_.wait(lock, [&] { return read_; });
}

void TraceStore::Keep(std::span<const tracing::Finished> batch) {
  Write(batch);
  std::vector<const tracing::Segment*> segments;
  segments.reserve(batch.size());
  for (const tracing::Finished& one : batch) segments.push_back(&one.segment);
  index_.Add(segments);
  ForgetOld();
}

void TraceStore::Write(std::span<const tracing::Finished> batch) {
  struct Place {
    const std::string* trace_id;
    std::size_t begin;
    std::size_t size;
  };
  std::string documents;
  std::vector<Place> places;
  std::vector<storage::BoundedLog::Record> records;
  const auto write = [&] {
    if (places.empty()) return;
    records.clear();
    for (const Place& place : places) {
      records.push_back({.key = *place.trace_id,
                         .value = std::string_view(documents).substr(place.begin, place.size)});
    }
    if (const auto appended = log_->Append(records); !appended) {
      Lose(records.size(), appended.error().message);
    }
    documents.clear();
    places.clear();
  };
  for (const auto& [segment, document] : batch) {
    const std::size_t begin = documents.size();
    if (document.empty()) {
      tracing::AppendDocument(documents, segment);
    } else {
      documents += document;
    }
    const std::size_t size = documents.size() - begin;
    if (size > tracing::kMaxDocumentBytes) {
      documents.resize(begin);
      Lose(1, "a document of " + std::to_string(size) + " bytes is too large to be stored");
      continue;
    }
    places.push_back({&segment.trace_id, begin, size});
    if (documents.size() >= kWriteBytes) write();
  }
  write();
}

void TraceStore::Lose(std::size_t documents, std::string_view why) {
  lost_ += documents;
  const auto now = std::chrono::steady_clock::now();
  if (told_ && now - *told_ < kTellEvery) return;
  told_ = now;
  Log(LogLevel::kError, "segments of traces cannot be stored",
      {{"lost_so_far", std::to_string(lost_.load())}, {"reason", std::string(why)}});
}

void TraceStore::ForgetOld() {
  const Time now = clock_.Now();
  if (forgot_ && now - *forgot_ < kForgetEvery) return;
  forgot_ = now;
  index_.Forget(OldestSeconds(now));
  if (const auto forgotten = log_->Forget(now - kKeptTime); !forgotten) {
    Log(LogLevel::kWarning, "old traces cannot be removed",
        {{"reason", forgotten.error().message}});
  }
}

Result<std::vector<std::string>> TraceStore::DocumentsOf(const std::string& trace_id) const {
  auto all = log_->FindAll(trace_id, kMaxTraceBytes);
  if (!all) return all;
  std::vector<std::string> documents;
  std::vector<tracing::SegmentId> ids;
  for (std::string& document : *all) {
    const auto segment = tracing::ParseDocument(document);
    if (!segment) return Corrupt("a stored document of a trace is damaged");
    const auto earlier = std::ranges::find(ids, segment->id);
    if (earlier == ids.end()) {
      ids.push_back(segment->id);
      documents.push_back(std::move(document));
    } else {
      documents[static_cast<std::size_t>(earlier - ids.begin())] = std::move(document);
    }
  }
  return documents;
}

}  // namespace usher::xray
