// Races: what a change of a document does when another writer came first.
#pragma once

#include "base/error.h"

namespace usher::storage {

// Every round in which a writer loses, another one has won; so this many is a crowd.
inline constexpr int kMaxRounds = 1000;

// Whether a condition of the batch failed rather than the machine.
[[nodiscard]] inline bool LostARace(const Error& error) {
  return error.code == ErrorCode::kInUse || error.code == ErrorCode::kAlreadyExists ||
         error.code == ErrorCode::kNotFound;
}

[[nodiscard]] inline Error TooManyWriters() {
  return Named("SlowDown", ErrorCode::kThrottled,
               "Please reduce your request rate: too many writers of one key.", 503);
}

}  // namespace usher::storage
