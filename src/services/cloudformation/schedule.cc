#include "services/cloudformation/schedule.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace usher::cloudformation {
namespace {

class Run {
 public:
  Run(const Order& order, const std::function<Progress(const std::string&)>& work,
      const std::function<bool()>& stop, OnFailure on_failure)
      : work_(work), stop_(stop), on_failure_(on_failure) {
    for (const auto& [name, waits_for] : order) {
      std::set<std::string>& left = left_[name];
      for (const std::string& other : waits_for) {
        if (order.contains(other) && other != name) left.insert(other);
      }
    }
    for (const auto& [name, left] : left_) {
      if (left.empty()) ready_.push_back(name);
    }
  }

  Outcomes Do() {
    const std::size_t total = left_.size();
    const std::size_t threads = std::min<std::size_t>(kPiecesAtOnce, total);
    std::vector<std::thread> helpers;
    for (std::size_t i = 1; i < threads; ++i) helpers.emplace_back([this] { Work(); });
    Work();
    for (std::thread& helper : helpers) helper.join();
    std::ranges::sort(outcomes_.waiting);
    std::ranges::sort(outcomes_.failed);
    outcomes_.all_done = done_ == total;
    return std::move(outcomes_);
  }

 private:
  void Work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return ended_ || !ready_.empty() || running_ == 0; });
      if (ended_ || ready_.empty()) break;
      const std::string name = ready_.back();
      ready_.pop_back();
      ++running_;
      lock.unlock();
      const bool stopped = stop_();
      const Progress progress = stopped ? Progress::kWaiting : work_(name);
      lock.lock();
      --running_;
      ended_ = ended_ || stopped;
      Take(name, progress);
      changed_.notify_all();
    }
    changed_.notify_all();
  }

  void Take(const std::string& name, Progress progress) {
    if (progress == Progress::kWaiting) outcomes_.waiting.push_back(name);
    if (progress == Progress::kFailed) {
      outcomes_.failed.push_back(name);
      ended_ = ended_ || on_failure_ == OnFailure::kBeginNoMore;
    }
    if (progress != Progress::kDone) return;
    ++done_;
    for (auto& [other, left] : left_) {
      if (left.erase(name) > 0 && left.empty()) ready_.push_back(other);
    }
  }

  const std::function<Progress(const std::string&)>& work_;
  const std::function<bool()>& stop_;
  const OnFailure on_failure_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::set<std::string>> left_;  // what each still waits for
  std::vector<std::string> ready_;
  std::size_t running_ = 0;
  std::size_t done_ = 0;
  bool ended_ = false;  // nothing more is begun
  Outcomes outcomes_;
};

// Those that can be brought in an order are taken away, until only circles and what leads to or
// from them are left.
void Peel(std::map<std::string, std::set<std::string>>& left) {
  for (bool changed = true; changed;) {
    changed = false;
    for (auto at = left.begin(); at != left.end();) {
      std::erase_if(at->second, [&](const std::string& other) { return !left.contains(other); });
      if (at->second.empty()) {
        at = left.erase(at);
        changed = true;
      } else {
        ++at;
      }
    }
  }
}

}  // namespace

Outcomes RunInOrder(const Order& order, const std::function<Progress(const std::string&)>& work,
                    const std::function<bool()>& stop, OnFailure on_failure) {
  if (order.empty()) return {.all_done = true};
  return Run(order, work, stop, on_failure).Do();
}

std::vector<std::string> FindCircle(const Order& order) {
  std::map<std::string, std::set<std::string>> left(order.begin(), order.end());
  Peel(left);
  left = Reversed(left);
  Peel(left);
  std::vector<std::string> names;
  for (const auto& [name, others] : left) names.push_back(name);
  return names;
}

Order Reversed(const Order& order) {
  Order reversed;
  for (const auto& [name, waits_for] : order) {
    reversed[name];
    for (const std::string& other : waits_for) {
      if (order.contains(other)) reversed[other].insert(name);
    }
  }
  return reversed;
}

}  // namespace usher::cloudformation
