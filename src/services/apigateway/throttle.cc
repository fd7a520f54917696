#include "services/apigateway/throttle.h"

#include <algorithm>

namespace usher::apigateway {
namespace {

constexpr std::size_t kMaxBuckets = 100'000;  // beyond, all begin full again

}  // namespace

bool Throttle::Take(const std::string& name, double rate, double burst, TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (buckets_.size() >= kMaxBuckets && !buckets_.contains(name)) buckets_.clear();
  const auto [found, made] = buckets_.try_emplace(name, Bucket{burst, now});
  Bucket& bucket = found->second;
  const double seconds = std::chrono::duration<double>(now - bucket.filled).count();
  bucket.tokens = std::min(burst, bucket.tokens + std::max(0.0, seconds) * rate);
  bucket.filled = std::max(bucket.filled, now);
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

}  // namespace usher::apigateway
