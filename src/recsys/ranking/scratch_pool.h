// ScratchPool: working memory lent out for the length of a call, so that concurrent calls on one
// immutable object allocate nothing once they are warm.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace usher::recsys {

template <typename Scratch>
class ScratchPool {
 public:
  // Gives its scratch back at the end of its life.
  class Lease {
   public:
    Lease(ScratchPool& pool, std::unique_ptr<Scratch> scratch)
        : pool_(pool), scratch_(std::move(scratch)) {}
    ~Lease() { pool_.GiveBack(std::move(scratch_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    Scratch& operator*() { return *scratch_; }
    Scratch* operator->() { return scratch_.get(); }

   private:
    ScratchPool& pool_;
    std::unique_ptr<Scratch> scratch_;
  };

  // Lends a free scratch, or a new one made by `make` when all are out.
  template <typename Make>
  [[nodiscard]] Lease Take(const Make& make) {
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        std::unique_ptr<Scratch> scratch = std::move(free_.back());
        free_.pop_back();
        return Lease(*this, std::move(scratch));
      }
    }
    return Lease(*this, make());
  }

 private:
  void GiveBack(std::unique_ptr<Scratch> scratch) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(scratch));
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<Scratch>> free_;  // guarded by mutex_
};

}  // namespace usher::recsys
