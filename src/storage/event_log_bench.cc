// A million lines of functions' logs: put, kept, looked through.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "base/temp_folder.h"
#include "storage/event_log.h"

namespace usher::storage {
namespace {

constexpr std::int64_t kStart = 1'658'361'600'000;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr int kLines = 1'000'000;  // over ten days
constexpr int kLinesEach = 4;      // of an invocation

double ResidentMb() {
  std::ifstream file("/proc/self/statm");
  std::size_t all = 0;
  std::size_t resident = 0;
  file >> all >> resident;
  return static_cast<double>(resident) * 4096 / 1e6;
}

// The lines of one invocation of a function.
std::array<std::string, kLinesEach> Invocation(Random& random) {
  std::array<char, 40> id{};
  std::snprintf(id.data(), id.size(), "%08llx-%04llx-4000-8000-%012llx",
                static_cast<unsigned long long>(random.Below(1ULL << 32)),
                static_cast<unsigned long long>(random.Below(1ULL << 16)),
                static_cast<unsigned long long>(random.Below(1ULL << 48)));
  const std::string request = std::string("RequestId: ") + id.data();
  const auto ms = std::to_string(random.Below(400));
  return {"START " + request + " Version: $LATEST",
          R"({"level":")" + std::string(random.Below(100) == 0 ? "ERROR" : "INFO") + R"(","ms":)" +
              ms + R"(,"user":")" + std::to_string(random.Below(160'000)) + "\"}",
          "END " + request,
          "REPORT " + request + "\tDuration: " + ms + ".36 ms\tBilled Duration: " + ms +
              " ms\tMemory Size: 500 MB\tMax Memory Used: 162 MB\t"};
}

std::unique_ptr<EventLog> OpenLog(const std::string& folder) {
  auto log = EventLog::Open(folder);
  Check(log.has_value(), "the log opens");
  return *std::move(log);
}

// As many invocations a batch as `batch`; gives the bytes of the messages.
std::size_t Fill(EventLog& log, int lines, int batch) {
  Random random(1);
  std::size_t bytes = 0;
  const std::int64_t step = 10 * kDayMs / lines * kLinesEach;
  std::int64_t time = kStart;
  for (int line = 0; line < lines;) {
    std::vector<std::array<std::string, kLinesEach>> texts;
    std::vector<NewEvent> events;
    for (int i = 0; i < batch; ++i, line += kLinesEach) texts.push_back(Invocation(random));
    for (const auto& invocation : texts) {
      for (const std::string& text : invocation) {
        events.push_back({time, text});
        bytes += text.size();
      }
      time += step;
    }
    Check(log.Append(random.Below(20), time, events).has_value(), "the events are put");
    if (log.wants_sealing()) Check(log.Maintain(time, std::nullopt).has_value(), "it is sealed");
  }
  return bytes;
}

// One batch an append, each synced: what a single writer waits for.
void BM_AppendAndSync(benchmark::State& state) {
  const TempFolder folder;
  const auto log = OpenLog(folder.path() + "/log");
  Random random(1);
  std::int64_t time = kStart;
  for (auto _ : state) {
    const auto texts = Invocation(random);
    std::vector<NewEvent> events;
    for (const std::string& text : texts) events.push_back({time, text});
    Check(log->Append(1, time, events).has_value(), "the events are put");
    ++time;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_AppendAndSync)->UseRealTime();

// The same by eight writers at a time, who share syncs.
void BM_AppendAndSyncByEight(benchmark::State& state) {
  constexpr int kWriters = 8;
  constexpr int kEach = 50;
  const TempFolder folder;
  const auto log = OpenLog(folder.path() + "/log");
  for (auto _ : state) {
    std::vector<std::thread> writers;
    for (int writer = 0; writer < kWriters; ++writer) {
      writers.emplace_back([&log, writer] {
        Random random(static_cast<std::uint64_t>(writer));
        for (int i = 0; i < kEach; ++i) {
          const auto texts = Invocation(random);
          std::vector<NewEvent> events;
          for (const std::string& text : texts) events.push_back({kStart + i, text});
          Check(log->Append(1, kStart, events).has_value(), "the events are put");
        }
      });
    }
    for (std::thread& writer : writers) writer.join();
  }
  state.SetItemsProcessed(state.iterations() * kWriters * kEach);
}
BENCHMARK(BM_AppendAndSyncByEight)->UseRealTime()->Unit(benchmark::kMillisecond);

// Everything put, 100 invocations a batch.
void BM_PutAMillionLines(benchmark::State& state) {
  for (auto _ : state) {
    const TempFolder folder;
    const double before = ResidentMb();
    const auto log = OpenLog(folder.path() + "/log");
    const std::size_t bytes = Fill(*log, kLines, 100);
    state.PauseTiming();
    state.counters["text_MB"] = static_cast<double>(bytes) / 1e6;
    state.counters["disk_MB"] = static_cast<double>(log->file_bytes()) / 1e6;
    state.counters["bytes/line"] = static_cast<double>(log->file_bytes()) / kLines;
    state.counters["memory_MB"] = ResidentMb() - before;
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * kLines);
}
BENCHMARK(BM_PutAMillionLines)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(1);

// A day of ten, and all of them, for a line that is not there and for the newest 10,000.
void BM_Look(benchmark::State& state) {
  const TempFolder folder;
  const auto log = OpenLog(folder.path() + "/log");
  Fill(*log, kLines, 100);
  EventQuery query;
  query.from = kStart + (4 * kDayMs);
  query.to = query.from + (state.range(0) * kDayMs);
  if (state.range(0) == 10) query.from = kStart;
  if (state.range(1) != 0) {
    query.matches = [](std::string_view line) {
      return line.find("level\":\"FATAL") != std::string_view::npos;
    };
  }
  std::uint64_t scanned = 0;
  for (auto _ : state) {
    const auto page = log->Read(query);
    Check(page.has_value(), "the log is read");
    scanned = page->events_scanned;
  }
  state.counters["lines"] = static_cast<double>(scanned);
}
BENCHMARK(BM_Look)
    ->ArgNames({"days", "pattern"})
    ->Args({1, 1})
    ->Args({10, 1})
    ->Args({1, 0})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void BM_OpenAMillionLines(benchmark::State& state) {
  const TempFolder folder;
  Fill(*OpenLog(folder.path() + "/log"), kLines, 100);
  for (auto _ : state) benchmark::DoNotOptimize(OpenLog(folder.path() + "/log"));
}
BENCHMARK(BM_OpenAMillionLines)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace usher::storage
