// StopSignals: how a run that goes on hears that it shall stop.
//
// Threads: safe from any thread.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace usher::glue {

class StopSignals {
 public:
  // Why a run shall end.
  enum class Wish { kGoOn, kStop, kServerStops };
  using Signal = std::atomic<Wish>;

  // The signal of a run that begins; it listens for as long as it holds it.
  std::shared_ptr<const Signal> Listen(const std::string& run_key) {
    const std::lock_guard lock(mutex_);
    std::erase_if(signals_, [](const auto& entry) { return entry.second.expired(); });
    auto signal = std::make_shared<Signal>(all_stopped_ ? Wish::kServerStops : Wish::kGoOn);
    signals_[run_key] = signal;
    return signal;
  }

  // Nothing happens when it does not go on here.
  void Stop(std::string_view run_key) {
    const std::lock_guard lock(mutex_);
    const auto found = signals_.find(run_key);
    if (found == signals_.end()) return;
    if (const auto signal = found->second.lock()) signal->store(Wish::kStop);
  }

  // Those that go on, and all that begin from now on.
  void StopAll() {
    const std::lock_guard lock(mutex_);
    all_stopped_ = true;
    for (const auto& [key, weak] : signals_) {
      if (const auto signal = weak.lock()) signal->store(Wish::kServerStops);
    }
  }

 private:
  std::mutex mutex_;
  bool all_stopped_ = false;
  std::map<std::string, std::weak_ptr<Signal>, std::less<>> signals_;
};

}  // namespace usher::glue
