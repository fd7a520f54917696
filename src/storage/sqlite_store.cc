// DocumentStore on one SQLite file. One writer thread commits whatever batches are waiting in one
// transaction, so that many callers share one fsync; readers use connections of their own.
//
// Source: sqlite.org, "Write-Ahead Logging" and "PRAGMA synchronous" (FULL: the log is synced at
// every commit).
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "storage/document_store.h"
#include "storage/sqlite.h"

namespace usher::storage {
namespace {

constexpr std::int64_t kFormatVersion = 1;           // PRAGMA user_version
constexpr std::size_t kMaxDocumentBytes = 8U << 20;  // body and names together
constexpr std::size_t kMaxBatchesPerCommit = 512;    // bounds the wait of the first in the group
constexpr std::size_t kMaxIdleReaders = 8;
constexpr std::size_t kMaxPage = 10'000;

// Keys and bodies are opaque bytes, so they are BLOBs; AUTOINCREMENT never uses a sequence twice.
constexpr const char* kCreateTables = R"sql(
  CREATE TABLE documents(
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    kind     TEXT NOT NULL,
    id       BLOB NOT NULL,
    listing  BLOB NOT NULL,
    version  INTEGER NOT NULL,
    body     BLOB NOT NULL,
    UNIQUE(kind, id)
  ) STRICT;
  CREATE INDEX documents_of_kind ON documents(kind, sequence);
  CREATE INDEX documents_of_group ON documents(kind, listing, sequence);
)sql";

Result<std::int64_t> ReadFormatVersion(Connection& connection) {
  auto statement = connection.Prepare("PRAGMA user_version");
  if (!statement) return statement.error();
  const auto row = statement->Step();
  if (!row) return row.error();
  return statement->Integer(0);
}

Result<void> PrepareFormat(Connection& writer) {
  const auto found = ReadFormatVersion(writer);
  if (!found) return found.error();
  if (*found > kFormatVersion) {
    return Internal("the data folder has document format " + std::to_string(*found) +
                    ", but this Usher knows formats up to " + std::to_string(kFormatVersion) +
                    ": start it with the newer Usher that wrote it");
  }
  if (*found == kFormatVersion) return {};

  const std::string script = std::string("BEGIN EXCLUSIVE;") + kCreateTables +
                             "PRAGMA user_version = " + std::to_string(kFormatVersion) + ";COMMIT;";
  return writer.Execute(script.c_str());
}

// The statements of the writer. Each function leaves its statement reset.
class Writer {
 public:
  static Result<Writer> Open(Connection connection) {
    Writer writer;
    writer.connection_ = std::move(connection);
    const std::pair<Statement*, std::string_view> table[] = {
        {&writer.find_, "SELECT version FROM documents WHERE kind = ?1 AND id = ?2"},
        {&writer.insert_,
         "INSERT INTO documents(kind, id, listing, version, body) VALUES(?1, ?2, ?3, 1, ?4)"},
        {&writer.update_,
         "UPDATE documents SET body = ?3, version = version + 1 WHERE kind = ?1 AND id = ?2"},
        {&writer.put_,
         "INSERT INTO documents(kind, id, listing, version, body) VALUES(?1, ?2, ?3, 1, ?4) "
         "ON CONFLICT(kind, id) DO UPDATE SET listing = ?3, body = ?4, version = version + 1"},
        {&writer.delete_, "DELETE FROM documents WHERE kind = ?1 AND id = ?2"},
        {&writer.find_in_group_,
         "SELECT id FROM documents WHERE kind = ?1 AND listing = ?2 ORDER BY sequence LIMIT 1"},
        {&writer.find_from_,
         "SELECT id FROM documents WHERE kind = ?1 AND id >= ?2 ORDER BY id LIMIT 1"},
    };
    for (const auto& [statement, sql] : table) {
      auto prepared = writer.connection_.Prepare(sql);
      if (!prepared) return prepared.error();
      *statement = std::move(*prepared);
    }
    return writer;
  }

  Connection& connection() { return connection_; }

  Result<void> Apply(const Batch& batch) {
    for (const Batch::Change& change : batch.changes()) {
      if (auto done = Apply(change); !done) return done;
    }
    return {};
  }

 private:
  Result<void> Apply(const Batch::Change& change) {
    using Action = Batch::Change::Action;
    const Document& document = change.document;
    const std::string name = document.kind + " " + document.id;

    if (change.action == Action::kRequireNone) {
      const auto found = AnyWithPrefix(document);
      if (!found) return found.error();
      if (*found) return InUse(document.kind + " exist under " + document.id);
      return {};
    }

    if (change.action == Action::kRequireEmpty) {
      const auto member = AnyInGroup(document);
      if (!member) return member.error();
      if (*member) return InUse(document.kind + " " + **member + " exists under " + document.group);
      return {};
    }

    if (change.action == Action::kCreate || change.action == Action::kRequire ||
        change.expected_version) {
      const auto version = VersionOf(document);
      if (!version) return version.error();
      if (change.action == Action::kCreate) {
        if (*version) return AlreadyExists(name);
      } else if (!*version) {
        return NotFound(name);
      } else if (change.expected_version && **version != *change.expected_version) {
        return InUse(name + " was changed meanwhile: expected version " +
                     std::to_string(*change.expected_version) + ", found " +
                     std::to_string(**version));
      }
    }

    switch (change.action) {
      case Action::kCreate:
        insert_.BindBytes(3, document.group);
        insert_.BindBytes(4, document.body);
        return Run(insert_, document);
      case Action::kUpdate:
        update_.BindBytes(3, document.body);
        return Run(update_, document);
      case Action::kPut:
        put_.BindBytes(3, document.group);
        put_.BindBytes(4, document.body);
        return Run(put_, document);
      case Action::kDelete:
        return Run(delete_, document);
      case Action::kRequire:
      case Action::kRequireNone:
      case Action::kRequireEmpty:
        return {};
    }
    return {};
  }

  Result<bool> AnyWithPrefix(const Document& document) {
    find_from_.BindText(1, document.kind);
    find_from_.BindBytes(2, document.id);
    const auto row = find_from_.Step();
    const bool found = row && *row && find_from_.Bytes(0).starts_with(document.id);
    find_from_.Reset();
    if (!row) return row.error();
    return found;
  }

  // The id of the oldest document in the group; nullopt when there is none.
  Result<std::optional<std::string>> AnyInGroup(const Document& document) {
    find_in_group_.BindText(1, document.kind);
    find_in_group_.BindBytes(2, document.group);
    const auto row = find_in_group_.Step();
    std::optional<std::string> id;
    if (row && *row) id = std::string(find_in_group_.Bytes(0));
    find_in_group_.Reset();
    if (!row) return row.error();
    return id;
  }

  Result<std::optional<std::int64_t>> VersionOf(const Document& document) {
    find_.BindText(1, document.kind);
    find_.BindBytes(2, document.id);
    const auto row = find_.Step();
    std::optional<std::int64_t> version;
    if (row && *row) version = find_.Integer(0);
    find_.Reset();
    if (!row) return row.error();
    return version;
  }

  static Result<void> Run(Statement& statement, const Document& document) {
    statement.BindText(1, document.kind);
    statement.BindBytes(2, document.id);
    const auto done = statement.Step();
    statement.Reset();
    if (!done) return done.error();
    return {};
  }

  Connection connection_;
  Statement find_, insert_, update_, put_, delete_, find_from_, find_in_group_;
};

// A connection for reading with its statements.
struct Reader {
  Connection connection;
  Statement get, list_kind, list_group, list_by_id, list_by_id_below;

  static Result<std::unique_ptr<Reader>> Open(const std::string& file) {
    auto connection = Connection::Open(file, /*read_only=*/true);
    if (!connection) return connection.error();
    auto reader = std::make_unique<Reader>();
    reader->connection = std::move(*connection);
    const std::pair<Statement*, std::string_view> table[] = {
        {&reader->get,
         "SELECT sequence, id, listing, version, body FROM documents WHERE kind = ?1 AND id = ?2"},
        {&reader->list_kind,
         "SELECT sequence, id, listing, version, body FROM documents "
         "WHERE kind = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3"},
        {&reader->list_group,
         "SELECT sequence, id, listing, version, body FROM documents "
         "WHERE kind = ?1 AND sequence > ?2 AND listing = ?4 ORDER BY sequence LIMIT ?3"},
        {&reader->list_by_id,
         "SELECT sequence, id, listing, version, body FROM documents "
         "WHERE kind = ?1 AND id >= ?2 ORDER BY id LIMIT ?3"},
        {&reader->list_by_id_below,
         "SELECT sequence, id, listing, version, body FROM documents "
         "WHERE kind = ?1 AND id >= ?2 AND id < ?4 ORDER BY id LIMIT ?3"},
    };
    for (const auto& [statement, sql] : table) {
      auto prepared = reader->connection.Prepare(sql);
      if (!prepared) return prepared.error();
      *statement = std::move(*prepared);
    }
    return reader;
  }
};

Document ReadRow(std::string_view kind, const Statement& row) {
  return {.kind = std::string(kind),
          .id = std::string(row.Bytes(1)),
          .group = std::string(row.Bytes(2)),
          .body = std::string(row.Bytes(4)),
          .version = row.Integer(3),
          .sequence = row.Integer(0)};
}

class SqliteStore final : public DocumentStore {
 public:
  SqliteStore(std::string file, Writer writer)
      : file_(std::move(file)), writer_(std::move(writer)), thread_([this] { WriteLoop(); }) {}

  ~SqliteStore() override {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  Result<std::optional<Document>> Get(std::string_view kind, std::string_view id) const override {
    auto reader = TakeReader();
    if (!reader) return reader.error();
    Statement& get = (*reader)->get;
    get.BindText(1, kind);
    get.BindBytes(2, id);
    const auto row = get.Step();
    std::optional<Document> document;
    if (row && *row) document = ReadRow(kind, get);
    get.Reset();
    if (!row) return row.error();
    GiveBack(std::move(*reader));
    return document;
  }

  Result<Page> List(std::string_view kind, std::optional<std::string_view> group,
                    std::int64_t after, std::size_t limit) const override {
    Check(limit > 0 && limit <= kMaxPage, "page size is from 1 to 10000");
    auto reader = TakeReader();
    if (!reader) return reader.error();
    Statement& list = group ? (*reader)->list_group : (*reader)->list_kind;
    list.BindText(1, kind);
    list.BindInteger(2, after);
    list.BindInteger(3, static_cast<std::int64_t>(limit) + 1);  // one more tells of a next page
    if (group) list.BindBytes(4, *group);

    Page page;
    while (true) {
      const auto row = list.Step();
      if (!row) return row.error();
      if (!*row) break;
      if (page.documents.size() == limit) {
        page.next_after = page.documents.back().sequence;
        break;
      }
      page.documents.push_back(ReadRow(kind, list));
    }
    list.Reset();
    GiveBack(std::move(*reader));
    return page;
  }

  Result<std::vector<Document>> ListById(std::string_view kind, std::string_view id_prefix,
                                         std::string_view from_id,
                                         std::size_t limit) const override {
    Check(limit > 0 && limit <= kMaxPage, "page size is from 1 to 10000");
    auto reader = TakeReader();
    if (!reader) return reader.error();
    const std::optional<std::string> end = FirstBeyond(id_prefix);
    Statement& list = end ? (*reader)->list_by_id_below : (*reader)->list_by_id;
    list.BindText(1, kind);
    list.BindBytes(2, std::max(id_prefix, from_id));
    list.BindInteger(3, static_cast<std::int64_t>(limit));
    if (end) list.BindBytes(4, *end);

    std::vector<Document> documents;
    while (true) {
      const auto row = list.Step();
      if (!row) return row.error();
      if (!*row) break;
      documents.push_back(ReadRow(kind, list));
    }
    list.Reset();
    GiveBack(std::move(*reader));
    return documents;
  }

  Result<void> Commit(const Batch& batch) override {
    for (const Batch::Change& change : batch.changes()) {
      const Document& d = change.document;
      const std::size_t bytes = d.kind.size() + d.id.size() + d.group.size() + d.body.size();
      if (bytes > kMaxDocumentBytes) {
        return InvalidInput(d.kind + " takes " + std::to_string(bytes) +
                            " bytes; a document may have " + std::to_string(kMaxDocumentBytes));
      }
    }
    if (batch.empty()) return {};

    Waiting waiting{.batch = &batch, .done = {}};
    std::future<Result<void>> done = waiting.done.get_future();
    {
      const std::lock_guard lock(mutex_);
      Check(!closing_, "no commit while the store closes");
      queue_.push_back(&waiting);
    }
    wake_.notify_one();
    return done.get();
  }

 private:
  struct Waiting {
    const Batch* batch;  // lives in the caller's frame until `done` is set
    std::promise<Result<void>> done;
  };

  void WriteLoop() {
    while (true) {
      std::vector<Waiting*> group;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return closing_ || !queue_.empty(); });
        if (queue_.empty()) return;
        while (!queue_.empty() && group.size() < kMaxBatchesPerCommit) {
          group.push_back(queue_.front());
          queue_.pop_front();
        }
      }
      std::vector<Result<void>> results(group.size());
      if (const auto committed = CommitGroup(group, results); !committed) {
        // Nothing of the group was stored, but a batch refused by its own condition keeps its word.
        for (Result<void>& result : results) {
          if (result) result = committed.error();
        }
      }
      for (std::size_t i = 0; i < group.size(); ++i) group[i]->done.set_value(results[i]);
    }
  }

  Result<void> CommitGroup(const std::vector<Waiting*>& group, std::vector<Result<void>>& results) {
    if (failure_) return *failure_;
    Connection& connection = writer_.connection();
    const auto fail = [&](const Error& error) -> Result<void> {
      // After a failed sync nobody knows what is on the disk: no second try, no acknowledgement.
      if (connection.disk_failed()) {
        failure_ = Internal("the document store takes no more changes until a restart, since the " +
                            ("disk failed: " + error.message));
        Log(LogLevel::kError, "document store failed", {{"reason", error.message}});
      }
      if (connection.in_transaction()) (void)connection.Execute("ROLLBACK");
      return error;
    };

    if (auto begun = connection.Execute("BEGIN IMMEDIATE"); !begun) return fail(begun.error());
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (auto saved = connection.Execute("SAVEPOINT batch"); !saved) return fail(saved.error());
      results[i] = writer_.Apply(*group[i]->batch);
      if (!results[i]) {
        const bool condition = results[i].error().code != ErrorCode::kInternal;
        if (!condition && (!connection.in_transaction() || connection.disk_failed())) {
          return fail(results[i].error());
        }
        if (auto undone = connection.Execute("ROLLBACK TO batch"); !undone) {
          return fail(undone.error());
        }
      }
      if (auto released = connection.Execute("RELEASE batch"); !released) {
        return fail(released.error());
      }
    }
    if (auto committed = connection.Execute("COMMIT"); !committed) return fail(committed.error());
    return {};
  }

  Result<std::unique_ptr<Reader>> TakeReader() const {
    {
      const std::lock_guard lock(readers_mutex_);
      if (!readers_.empty()) {
        std::unique_ptr<Reader> reader = std::move(readers_.back());
        readers_.pop_back();
        return reader;
      }
    }
    return Reader::Open(file_);
  }

  // A reader that met an error is not given back but closed.
  void GiveBack(std::unique_ptr<Reader> reader) const {
    const std::lock_guard lock(readers_mutex_);
    if (readers_.size() < kMaxIdleReaders) readers_.push_back(std::move(reader));
  }

  const std::string file_;
  mutable std::mutex readers_mutex_;
  mutable std::vector<std::unique_ptr<Reader>> readers_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Waiting*> queue_;
  bool closing_ = false;

  Writer writer_;                 // of the writer thread alone
  std::optional<Error> failure_;  // of the writer thread alone
  std::thread thread_;            // last, so that it starts with everything in place
};

// Makes a new database file's name durable.
Result<void> SyncFolder(const std::string& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return SystemError("open data folder", errno);
  const int synced = fsync(fd);
  const int error_number = errno;
  close(fd);
  if (synced != 0) return SystemError("sync data folder", error_number);
  return {};
}

}  // namespace

Result<std::unique_ptr<DocumentStore>> OpenSqliteStore(const std::string& folder) {
  const std::string file = folder + "/usher.db";
  auto connection = Connection::Open(file, /*read_only=*/false);
  if (!connection) return connection.error();
  if (auto set = connection->Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                     "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;");
      !set) {
    return set.error();
  }
  if (auto prepared = PrepareFormat(*connection); !prepared) return prepared.error();
  if (auto synced = SyncFolder(folder); !synced) return synced.error();
  auto writer = Writer::Open(std::move(*connection));
  if (!writer) return writer.error();
  return std::unique_ptr<DocumentStore>(std::make_unique<SqliteStore>(file, std::move(*writer)));
}

}  // namespace usher::storage
