// Value: what every protocol carries, a JSON-like tree that also knows times, blobs and streams.
// Requests and responses pass through it between the wire and the typed structures; documents are
// kept as its JSON.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/byte_source.h"
#include "base/clock.h"

namespace usher {

class Value;
using ValueList = std::vector<Value>;

// Members in the order in which they were added; names are unique. Small, so looked up by scanning.
class ValueMap {
 public:
  using Entry = std::pair<std::string, Value>;

  // nullptr when there is none.
  [[nodiscard]] const Value* Find(std::string_view name) const;
  [[nodiscard]] Value* Find(std::string_view name);
  // Replaces the member of this name or adds it at the end.
  void Set(std::string name, Value value);
  // Adds without looking for an equal name: for decoders that have checked.
  void Append(std::string name, Value value);
  void Erase(std::string_view name);

  [[nodiscard]] bool empty() const;
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::vector<Entry>::const_iterator begin() const;
  [[nodiscard]] std::vector<Entry>::const_iterator end() const;
  [[nodiscard]] std::vector<Entry>::iterator begin();
  [[nodiscard]] std::vector<Entry>::iterator end();
  void reserve(std::size_t count);
  bool operator==(const ValueMap&) const;

 private:
  std::vector<Entry> entries_;
};

struct Blob {
  std::string bytes;
  bool operator==(const Blob&) const = default;
};

using Stream = std::shared_ptr<ByteSource>;

class Value {
 public:
  Value() = default;                                             // null
  Value(std::nullptr_t) {}                                       // NOLINT: literals are values
  Value(bool value) : state_(value) {}                           // NOLINT
  Value(int value) : state_(std::int64_t{value}) {}              // NOLINT
  Value(std::int64_t value) : state_(value) {}                   // NOLINT
  Value(double value) : state_(value) {}                         // NOLINT
  Value(const char* value) : state_(std::string(value)) {}       // NOLINT
  Value(std::string value) : state_(std::move(value)) {}         // NOLINT
  Value(std::string_view value) : state_(std::string(value)) {}  // NOLINT
  Value(Time value) : state_(value) {}                           // NOLINT
  Value(Blob value) : state_(std::move(value)) {}                // NOLINT
  Value(Stream value) : state_(std::move(value)) {}              // NOLINT
  Value(ValueList value) : state_(std::move(value)) {}           // NOLINT
  Value(ValueMap value) : state_(std::move(value)) {}            // NOLINT

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(state_); }
  // nullptr when the value is of another kind.
  [[nodiscard]] const bool* as_bool() const { return std::get_if<bool>(&state_); }
  [[nodiscard]] const std::int64_t* as_int() const { return std::get_if<std::int64_t>(&state_); }
  [[nodiscard]] const double* as_double() const { return std::get_if<double>(&state_); }
  [[nodiscard]] const std::string* as_string() const { return std::get_if<std::string>(&state_); }
  [[nodiscard]] const Time* as_time() const { return std::get_if<Time>(&state_); }
  [[nodiscard]] const Blob* as_blob() const { return std::get_if<Blob>(&state_); }
  [[nodiscard]] const Stream* as_stream() const { return std::get_if<Stream>(&state_); }
  [[nodiscard]] const ValueList* as_list() const { return std::get_if<ValueList>(&state_); }
  [[nodiscard]] const ValueMap* as_map() const { return std::get_if<ValueMap>(&state_); }
  [[nodiscard]] std::string* as_string() { return std::get_if<std::string>(&state_); }
  [[nodiscard]] ValueList* as_list() { return std::get_if<ValueList>(&state_); }
  [[nodiscard]] ValueMap* as_map() { return std::get_if<ValueMap>(&state_); }
  // The member of this name when the value is a map that has it; nullptr otherwise.
  [[nodiscard]] const Value* Find(std::string_view name) const;

  bool operator==(const Value&) const = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Time, Blob, Stream,
               ValueList, ValueMap>
      state_;
};

// ValueMap's short members, here because they need Value whole.
inline bool ValueMap::empty() const { return entries_.empty(); }
inline std::size_t ValueMap::size() const { return entries_.size(); }
inline std::vector<ValueMap::Entry>::const_iterator ValueMap::begin() const {
  return entries_.begin();
}
inline std::vector<ValueMap::Entry>::const_iterator ValueMap::end() const { return entries_.end(); }
inline std::vector<ValueMap::Entry>::iterator ValueMap::begin() { return entries_.begin(); }
inline std::vector<ValueMap::Entry>::iterator ValueMap::end() { return entries_.end(); }
inline void ValueMap::reserve(std::size_t count) { entries_.reserve(count); }
inline void ValueMap::Append(std::string name, Value value) {
  entries_.emplace_back(std::move(name), std::move(value));
}
inline bool ValueMap::operator==(const ValueMap& other) const { return entries_ == other.entries_; }

}  // namespace usher
