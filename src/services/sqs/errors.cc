#include "services/sqs/errors.h"

#include <algorithm>
#include <array>
#include <utility>

namespace usher::sqs {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kOlderNames{{
    {"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"},
    {"QueueNameExists", "QueueAlreadyExists"},
    {"MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"},
    {"EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"},
    {"TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"},
    {"BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"},
    {"BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong"},
    {"InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId"},
    {"UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation"},
}};

}  // namespace

std::string QueryNameOf(const Error& error) {
  const auto found = std::ranges::find(kOlderNames, error.wire_name,
                                       &std::pair<std::string_view, std::string_view>::first);
  return found == kOlderNames.end() ? error.wire_name : std::string(found->second);
}

}  // namespace usher::sqs
