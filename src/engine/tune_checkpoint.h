// TuneCheckpoint: the results of a search under way, kept in a file so that one that was killed
// does not try the same again.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/tune.h"

namespace usher::engine {

class TuneCheckpoint {
 public:
  // `fingerprint` tells the search apart from any other. Without a path nothing is kept.
  TuneCheckpoint(std::string path, std::string fingerprint)
      : path_(std::move(path)), fingerprint_(std::move(fingerprint)) {}

  // What was kept last; nothing when there is none, or one that does not fit (logged).
  [[nodiscard]] std::vector<TuningReport::Result> Read() const;
  // Replaces what was kept. Errors: kInternal when the disk fails.
  Result<void> Write(const std::vector<TuningReport::Result>& results) const;

 private:
  std::string path_;
  std::string fingerprint_;
};

}  // namespace usher::engine
