// Throttle: token buckets, by name: `rate` requests a second, and up to `burst` at once.
//
// Threads: safe from any.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <unordered_map>

namespace usher::apigateway {

class Throttle {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Takes a token of the bucket; false when it is empty. A bucket begins full. A burst of 0 takes
  // nothing.
  bool Take(const std::string& name, double rate, double burst, TimePoint now);

 private:
  struct Bucket {
    double tokens = 0;
    TimePoint filled;
  };
  std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace usher::apigateway
