#include "storage/sqlite.h"

#include <sqlite3.h>

#include <utility>

namespace usher::storage {
namespace {

// Readers never block the one writer in WAL mode; this covers the moments of recovery at opening.
constexpr int kBusyTimeoutMs = 10'000;

Error SqliteError(std::string_view what, sqlite3* database) {
  return Internal("document store: " + std::string(what) + ": " + sqlite3_errmsg(database));
}

}  // namespace

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  return *this;
}

// An empty view may have no address, which SQLite would take for NULL.
void Statement::BindBytes(int index, std::string_view bytes) {
  const char* data = bytes.empty() ? "" : bytes.data();
  const int code = sqlite3_bind_blob64(statement_, index, data, bytes.size(), SQLITE_STATIC);
  Check(code == SQLITE_OK, "parameter exists and memory lasts");
}

void Statement::BindText(int index, std::string_view text) {
  const char* data = text.empty() ? "" : text.data();
  const int code =
      sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  Check(code == SQLITE_OK, "parameter exists and memory lasts");
}

void Statement::BindInteger(int index, std::int64_t number) {
  Check(sqlite3_bind_int64(statement_, index, number) == SQLITE_OK, "parameter exists");
}

Result<bool> Statement::Step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return SqliteError("step", sqlite3_db_handle(statement_));
}

std::string_view Statement::Bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return {static_cast<const char*>(data), data ? static_cast<std::size_t>(size) : 0};
}

std::int64_t Statement::Integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

void Statement::Reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Connection::~Connection() { sqlite3_close_v2(database_); }

Connection::Connection(Connection&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(database_, other.database_);
  return *this;
}

Result<Connection> Connection::Open(const std::string& file, bool read_only) {
  sqlite3* database = nullptr;
  const int mode = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(file.c_str(), &database,
                                   mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, nullptr);
  Connection connection(database);
  if (code != SQLITE_OK) {
    return database ? SqliteError("open", database) : Internal("document store: no memory");
  }
  sqlite3_busy_timeout(database, kBusyTimeoutMs);
  sqlite3_extended_result_codes(database, 1);
  return connection;
}

Result<Statement> Connection::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return SqliteError("prepare", database_);
  return Statement(statement);
}

Result<void> Connection::Execute(const char* sql) {
  if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return SqliteError(sql, database_);
  }
  return {};
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(database_) == 0; }

std::int64_t Connection::changed_rows() const { return sqlite3_changes64(database_); }

bool Connection::disk_failed() const {
  const int code = sqlite3_errcode(database_) & 0xff;
  return code == SQLITE_IOERR || code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

}  // namespace usher::storage
