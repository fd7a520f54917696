#include "services/sqs/queues.h"

#include <charconv>
#include <functional>

#include "base/log.h"
#include "base/random.h"
#include "json/json.h"
#include "services/sqs/errors.h"
#include "services/sqs/queue_rules.h"
#include "wire/dispatcher.h"

namespace usher::sqs {
namespace {

constexpr std::string_view kQueueKind = "sqs/queue";
constexpr std::string_view kMessageKind = "sqs/message";
constexpr std::string_view kRemovedKind = "sqs/removed";  // queues whose messages are to go
constexpr std::size_t kScanPage = 1000;

std::string MessageId(const std::string& queue_id, std::string_view id) {
  return queue_id + "/" + std::string(id);
}

Value ToValue(const Texts& texts) {
  ValueMap map;
  for (const auto& [name, text] : texts) map.Append(name, text);
  return map;
}

Texts TextsOf(const Value* value) {
  Texts texts;
  const ValueMap* map = value ? value->as_map() : nullptr;
  if (!map) return texts;
  for (const auto& [name, text] : *map) {
    if (text.as_string()) texts.emplace(name, *text.as_string());
  }
  return texts;
}

std::string Encode(const QueueDocument& document) {
  ValueMap map;
  map.Append("id", document.id);
  map.Append("region", document.region);
  map.Append("attributes", ToValue(document.attributes));
  map.Append("tags", ToValue(document.tags));
  map.Append("created", EpochMillis(document.created));
  map.Append("modified", EpochMillis(document.modified));
  return json::Write(map);
}

Result<QueueDocument> Decode(const storage::Document& stored) {
  const auto body = json::Parse(stored.body);
  const Value* id = body ? body->Find("id") : nullptr;
  const Value* region = body ? body->Find("region") : nullptr;
  const Value* created = body ? body->Find("created") : nullptr;
  const Value* modified = body ? body->Find("modified") : nullptr;
  if (!id || !id->as_string() || !region || !region->as_string() || !created ||
      !created->as_int() || !modified || !modified->as_int()) {
    return Corrupt("the stored queue '" + stored.id + "' cannot be read");
  }
  return QueueDocument{.name = stored.id,
                       .id = *id->as_string(),
                       .region = *region->as_string(),
                       .attributes = TextsOf(body->Find("attributes")),
                       .tags = TextsOf(body->Find("tags")),
                       .created = FromEpochMillis(*created->as_int()),
                       .modified = FromEpochMillis(*modified->as_int())};
}

}  // namespace

std::int64_t Queue::Number(std::string_view attribute) const {
  const auto set = document.attributes.find(std::string(attribute));
  std::int64_t number = DefaultOf(attribute);
  if (set != document.attributes.end()) {
    const std::string& text = set->second;
    std::from_chars(text.data(), text.data() + text.size(), number);
  }
  return number;
}

Result<void> Queues::Start() {
  while (true) {
    const auto removed = store_.ListById(kRemovedKind, "", "", kScanPage);
    if (!removed) return removed.error();
    if (removed->empty()) return {};
    for (const storage::Document& one : *removed) {
      if (auto done = RemoveMessagesOf(one.id); !done) return done;
    }
  }
}

Result<std::shared_ptr<Queue>> Queues::Load(const storage::Document& document) {
  auto decoded = Decode(document);
  if (!decoded) return decoded.error();
  auto queue = std::make_shared<Queue>();
  queue->document = *std::move(decoded);
  std::int64_t after = 0;
  while (true) {
    const auto page = store_.List(kMessageKind, queue->document.id, after, kScanPage);
    if (!page) return page.error();
    for (const storage::Document& one : page->documents) {
      const auto message = DecodeMessage(one.body);
      if (!message) return message.error();
      queue->index.Add(one.id.substr(queue->document.id.size() + 1), message->sent,
                       message->visible);
    }
    if (!page->next_after) break;
    after = *page->next_after;
  }
  loaded_[queue->document.name] = queue;
  return queue;
}

Result<std::pair<std::shared_ptr<Queue>, bool>> Queues::GetOrCreate(QueueDocument document) {
  const std::string name = document.name;
  {
    const std::scoped_lock lock(mutex_);
    document.id = NewUuid();
    document.created = document.modified = clock_.Now();
    storage::Batch batch;
    batch.Create(std::string(kQueueKind), name, "", Encode(document));
    const auto committed = store_.Commit(batch);
    if (committed) {
      auto queue = std::make_shared<Queue>();
      queue->document = std::move(document);
      loaded_[name] = queue;
      return std::pair(std::move(queue), true);
    }
    if (committed.error().code != ErrorCode::kAlreadyExists) return committed.error();
  }
  auto found = Find(name);
  if (!found) return found.error();
  return std::pair(*std::move(found), false);
}

Result<std::shared_ptr<Queue>> Queues::Find(std::string_view name) {
  const std::scoped_lock lock(mutex_);
  if (const auto found = loaded_.find(name); found != loaded_.end()) return found->second;
  const auto document = store_.Get(kQueueKind, name);
  if (!document) return document.error();
  if (!*document) return NoSuchQueue();
  return Load(**document);
}

Result<std::shared_ptr<Queue>> Queues::FindByUrl(std::string_view url) {
  const std::size_t slash = url.rfind('/');
  const std::string_view before = url.substr(0, std::min(slash, url.size()));
  if (slash == std::string_view::npos || !before.ends_with("/" + std::string(wire::kAccountId))) {
    // Whatever host it names; but an account that is not ours has no queues here.
    if (slash != std::string_view::npos && url.find("://") < slash) return NoSuchQueue();
    return Named("InvalidAddress", ErrorCode::kInvalidInput,
                 "The address is not valid for this endpoint: a queue's URL ends in "
                 "/ACCOUNT/NAME.",
                 400);
  }
  return Find(url.substr(slash + 1));
}

Result<std::vector<std::string>> Queues::Names(std::string_view prefix, std::string_view from,
                                               std::size_t limit) const {
  const auto documents = store_.ListById(kQueueKind, prefix, from, limit);
  if (!documents) return documents.error();
  std::vector<std::string> names;
  for (const storage::Document& document : *documents) names.push_back(document.id);
  return names;
}

Result<void> Queues::Modify(std::string_view url,
                            const std::function<Result<void>(QueueDocument&)>& change) {
  const auto queue = FindByUrl(url);
  if (!queue) return queue.error();
  const std::scoped_lock lock(mutex_, (*queue)->mutex);
  if ((*queue)->is_deleted) return NoSuchQueue();
  QueueDocument changed = (*queue)->document;
  if (auto done = change(changed); !done) return done;
  changed.modified = clock_.Now();
  storage::Batch batch;
  batch.Put(std::string(kQueueKind), changed.name, "", Encode(changed));
  if (auto committed = store_.Commit(batch); !committed) return committed;
  // Name and id stay as they are: they are read without the lock.
  QueueDocument& document = (*queue)->document;
  document.attributes = std::move(changed.attributes);
  document.tags = std::move(changed.tags);
  document.modified = changed.modified;
  return {};
}

Result<void> Queues::Delete(std::string_view url) {
  const auto queue = FindByUrl(url);
  if (!queue) return queue.error();
  std::string id;
  {
    const std::scoped_lock lock(mutex_, (*queue)->mutex);
    if ((*queue)->is_deleted) return NoSuchQueue();
    id = (*queue)->document.id;
    storage::Batch batch;
    batch.Delete(std::string(kQueueKind), (*queue)->document.name);
    batch.Put(std::string(kRemovedKind), id, "", "{}");
    if (auto committed = store_.Commit(batch); !committed) return committed;
    (*queue)->is_deleted = true;
    loaded_.erase((*queue)->document.name);
  }
  (*queue)->changed.notify_all();
  if (const auto removed = RemoveMessagesOf(id); !removed) {
    Log(LogLevel::kWarning, "sqs: messages of a deleted queue are left for the next start",
        {{"why", removed.error().message}});
  }
  return {};
}

Result<void> Queues::RemoveMessagesOf(const std::string& queue_id) const {
  while (true) {
    const auto page = store_.List(kMessageKind, queue_id, 0, kScanPage);
    if (!page) return page.error();
    storage::Batch batch;
    for (const storage::Document& one : page->documents) {
      batch.Delete(std::string(kMessageKind), one.id);
    }
    const bool is_last = !page->next_after;
    if (is_last) batch.Delete(std::string(kRemovedKind), queue_id);
    if (auto committed = store_.Commit(batch); !committed) return committed;
    if (is_last) return {};
  }
}

Result<std::vector<std::string>> Queues::Send(Queue& queue, const std::vector<Message>& messages) {
  std::vector<std::string> ids;
  storage::Batch batch;
  batch.Require(std::string(kQueueKind), queue.document.name);
  for (const Message& message : messages) {
    ids.push_back(NewUuid());
    batch.Create(std::string(kMessageKind), MessageId(queue.document.id, ids.back()),
                 queue.document.id, sqs::Encode(message));
  }
  if (const auto committed = store_.Commit(batch); !committed) {
    return committed.error().code == ErrorCode::kNotFound ? NoSuchQueue() : committed.error();
  }
  {
    const std::scoped_lock lock(queue.mutex);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      queue.index.Add(ids[i], messages[i].sent, messages[i].visible);
    }
  }
  queue.changed.notify_all();
  return ids;
}

Result<std::optional<Message>> Queues::Read(const Queue& queue, std::string_view id) const {
  const auto document = store_.Get(kMessageKind, MessageId(queue.document.id, id));
  if (!document) return document.error();
  if (!*document) return std::optional<Message>();
  auto message = DecodeMessage((*document)->body);
  if (!message) return message.error();
  return std::optional(*std::move(message));
}

Result<void> Queues::Remove(Queue& queue, const std::vector<std::string>& ids) {
  if (ids.empty()) return {};
  storage::Batch batch;
  for (const std::string& id : ids) {
    batch.Delete(std::string(kMessageKind), MessageId(queue.document.id, id));
  }
  if (auto committed = store_.Commit(batch); !committed) return committed;
  const std::scoped_lock lock(queue.mutex);
  for (const std::string& id : ids) queue.index.Remove(id);
  return {};
}

Result<bool> Queues::Move(Queue& from, Queue& to, const std::vector<std::string>& ids) {
  const std::string source = "arn:aws:sqs:" + from.document.region + ":" +
                             std::string(wire::kAccountId) + ":" + from.document.name;
  std::vector<std::pair<std::string, Message>> moved;
  while (true) {
    {
      const std::scoped_lock lock(to.mutex);
      if (to.is_deleted) return false;
    }
    moved.clear();
    storage::Batch batch;
    batch.Require(std::string(kQueueKind), to.document.name);
    for (const std::string& id : ids) {
      auto message = Read(from, id);
      if (!message) return message.error();
      if (!*message) continue;  // deleted in the meantime, or moved by another receiver
      (*message)->dead_from = source;
      (*message)->visible = clock_.Now();
      batch.Require(std::string(kMessageKind), MessageId(from.document.id, id));
      batch.Delete(std::string(kMessageKind), MessageId(from.document.id, id));
      batch.Create(std::string(kMessageKind), MessageId(to.document.id, id), to.document.id,
                   sqs::Encode(**message));
      moved.emplace_back(id, **std::move(message));
    }
    if (moved.empty()) break;
    const auto committed = store_.Commit(batch);
    if (committed) break;
    const ErrorCode why = committed.error().code;
    if (why != ErrorCode::kNotFound && why != ErrorCode::kAlreadyExists) return committed.error();
    // The queue or a message went since it was looked at: look again.
  }
  {
    const std::scoped_lock lock(from.mutex);
    for (const std::string& id : ids) from.index.Remove(id);
  }
  {
    const std::scoped_lock lock(to.mutex);
    for (const auto& [id, message] : moved) to.index.Add(id, message.sent, message.visible);
  }
  to.changed.notify_all();
  return true;
}

Result<void> Queues::Purge(Queue& queue) {
  std::int64_t after = 0;
  while (true) {
    const auto page = store_.List(kMessageKind, queue.document.id, after, kScanPage);
    if (!page) return page.error();
    std::vector<std::string> ids;
    for (const storage::Document& one : page->documents) {
      ids.push_back(one.id.substr(queue.document.id.size() + 1));
    }
    if (auto removed = Remove(queue, ids); !removed) return removed;
    if (!page->next_after) return {};
    after = *page->next_after;
  }
}

}  // namespace usher::sqs
