// One SQLite connection and its prepared statements, with errors as values. For storage/ alone.
//
// Threads: one thread at a time for each connection.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace usher::storage {

// A compiled statement, used again and again: bind, step, read, reset.
class Statement {
 public:
  Statement() = default;
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;

  // Parameters are numbered from 1. Bytes are borrowed until Reset().
  void BindBytes(int index, std::string_view bytes);
  void BindText(int index, std::string_view text);
  void BindInteger(int index, std::int64_t number);

  // True when there is a row to read, false at the end.
  Result<bool> Step();
  // Columns are numbered from 0; valid until the next Step() or Reset().
  [[nodiscard]] std::string_view Bytes(int column) const;
  [[nodiscard]] std::int64_t Integer(int column) const;
  void Reset();

 private:
  friend class Connection;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  sqlite3_stmt* statement_ = nullptr;
};

class Connection {
 public:
  Connection() = default;
  ~Connection();
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;

  // Opens (and for writing creates) the file. Errors: internal.
  static Result<Connection> Open(const std::string& file, bool read_only);

  Result<Statement> Prepare(std::string_view sql);
  // Runs one or more statements without parameters.
  Result<void> Execute(const char* sql);
  // False once an error has made SQLite roll the open transaction back by itself.
  [[nodiscard]] bool in_transaction() const;
  [[nodiscard]] std::int64_t changed_rows() const;  // by the last statement
  // True when the last error says that the disk failed rather than that it is full or busy.
  [[nodiscard]] bool disk_failed() const;

 private:
  explicit Connection(sqlite3* database) : database_(database) {}
  sqlite3* database_ = nullptr;
};

}  // namespace usher::storage
