// Queues: all queues with their messages, documents and memory together (docs/formats.md).
//
// Threads: safe from any thread. A queue's messages are read into its index when it is first used.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "services/sqs/message.h"
#include "services/sqs/message_index.h"
#include "storage/document_store.h"

namespace usher::sqs {

using Texts = std::map<std::string, std::string>;

// What is kept about a queue.
struct QueueDocument {
  std::string name;
  std::string id;  // of this life of the queue: one that is made again has another
  std::string region;
  Texts attributes;  // those that were set
  Texts tags;
  Time created;
  Time modified;
};

struct Queue {
  std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  QueueDocument document;
  MessageIndex index;
  bool is_deleted = false;

  // The attribute as a number; its default when it was not set.
  [[nodiscard]] std::int64_t Number(std::string_view attribute) const;
};

class Queues {
 public:
  Queues(storage::DocumentStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  // Removes what deletions that were cut short have left.
  Result<void> Start();

  // The queue of this name, made when it is missing; false beside it when it was there.
  Result<std::pair<std::shared_ptr<Queue>, bool>> GetOrCreate(QueueDocument document);
  // Errors: QueueDoesNotExist.
  Result<std::shared_ptr<Queue>> Find(std::string_view name);
  // The queue that a URL ends in. Errors: InvalidAddress, QueueDoesNotExist.
  Result<std::shared_ptr<Queue>> FindByUrl(std::string_view url);
  // Names from `from` on that begin with `prefix`.
  Result<std::vector<std::string>> Names(std::string_view prefix, std::string_view from,
                                         std::size_t limit) const;
  // Durable when it returns; `change` may refuse.
  Result<void> Modify(std::string_view url,
                      const std::function<Result<void>(QueueDocument&)>& change);
  Result<void> Delete(std::string_view url);

  // Durable when it returns; gives the messages' ids.
  Result<std::vector<std::string>> Send(Queue& queue, const std::vector<Message>& messages);
  // The message; nullopt when it was deleted in the meantime.
  Result<std::optional<Message>> Read(const Queue& queue, std::string_view id) const;
  // Durable when it returns. Those that are not there are no error.
  Result<void> Remove(Queue& queue, const std::vector<std::string>& ids);
  Result<void> Purge(Queue& queue);
  // To another queue, in one commit; durable when it returns. They keep id and age. False, and
  // nothing moved, when the other queue has been deleted.
  Result<bool> Move(Queue& from, Queue& to, const std::vector<std::string>& ids);

  [[nodiscard]] Time Now() const { return clock_.Now(); }

 private:
  Result<std::shared_ptr<Queue>> Load(const storage::Document& document);
  Result<void> RemoveMessagesOf(const std::string& queue_id) const;

  storage::DocumentStore& store_;
  const Clock& clock_;
  std::mutex mutex_;  // before any queue's
  std::map<std::string, std::shared_ptr<Queue>, std::less<>> loaded_;
};

}  // namespace usher::sqs
