// The rules that all batch operations share.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/sqs/errors.h"

namespace usher::sqs {

inline constexpr std::size_t kMaxBatchEntries = 10;
inline constexpr std::size_t kMaxBatchIdBytes = 80;

// Of the batch as a whole: its number of entries and their ids.
template <typename Entry>
Result<void> CheckBatch(const std::vector<Entry>& entries) {
  if (entries.empty()) {
    return Named("EmptyBatchRequest", ErrorCode::kInvalidInput,
                 "There should be at least one entry in the request.", 400);
  }
  if (entries.size() > kMaxBatchEntries) {
    return Named("TooManyEntriesInBatchRequest", ErrorCode::kInvalidInput,
                 "Maximum number of entries per request are 10. You have sent " +
                     std::to_string(entries.size()) + ".",
                 400);
  }
  std::set<std::string_view> ids;
  for (const Entry& entry : entries) {
    const bool plain = std::ranges::all_of(entry.id, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || c == '-';
    });
    if (entry.id.empty() || entry.id.size() > kMaxBatchIdBytes || !plain) {
      return Named("InvalidBatchEntryId", ErrorCode::kInvalidInput,
                   "A batch entry id can only contain alphanumeric characters, hyphens and "
                   "underscores. It can be at most 80 letters long.",
                   400);
    }
    if (!ids.insert(entry.id).second) {
      return Named("BatchEntryIdsNotDistinct", ErrorCode::kInvalidInput,
                   "Id " + entry.id + " repeated.", 400);
    }
  }
  return {};
}

// How a batch tells that one of its entries failed.
template <typename Failed>
Failed FailedEntry(const std::string& id, const Error& error) {
  return {.id = id, .sender_fault = true, .code = QueryNameOf(error), .message = error.message};
}

}  // namespace usher::sqs
