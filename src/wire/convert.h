// Conversion between Value and the members of generated structures. Reading is lenient, since
// validation has been before it: a member of another kind is left at its default. JSON documents
// read back give numbers for times and base64 text for blobs, so both forms are taken.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/value.h"

namespace usher::wire {

template <typename T>
concept GeneratedStruct = requires(const Value& value) {
  { T::FromValue(value) } -> std::same_as<T>;
};

inline void Read(const Value& value, bool& out) {
  if (const bool* flag = value.as_bool()) out = *flag;
}

inline void Read(const Value& value, std::int64_t& out) {
  if (const std::int64_t* number = value.as_int()) out = *number;
}

inline void Read(const Value& value, double& out) {
  if (const double* number = value.as_double()) out = *number;
  if (const std::int64_t* number = value.as_int()) out = static_cast<double>(*number);
}

// Text, or the bytes of a blob.
inline void Read(const Value& value, std::string& out) {
  if (const std::string* text = value.as_string()) out = *text;
  if (const Blob* blob = value.as_blob()) out = blob->bytes;
}

inline void Read(const Value& value, Time& out) {
  if (const Time* time = value.as_time()) out = *time;
  if (const std::int64_t* seconds = value.as_int()) out = FromEpochMillis(*seconds * 1000);
  if (const double* seconds = value.as_double()) {
    out = FromEpochMillis(static_cast<std::int64_t>(*seconds * 1000 + (*seconds < 0 ? -0.5 : 0.5)));
  }
}

inline void Read(const Value& value, Stream& out) {
  if (const Stream* stream = value.as_stream()) out = *stream;
}

inline void Read(const Value& value, Value& out) { out = value; }

template <GeneratedStruct T>
void Read(const Value& value, T& out) {
  out = T::FromValue(value);
}

template <typename T>
void Read(const Value& value, std::vector<T>& out);
template <typename T>
void Read(const Value& value, std::map<std::string, T>& out);

template <typename T>
void Read(const Value& value, std::vector<T>& out) {
  const ValueList* list = value.as_list();
  if (!list) return;
  out.reserve(list->size());
  for (const Value& element : *list) {
    T item{};
    Read(element, item);
    out.push_back(std::move(item));
  }
}

template <typename T>
void Read(const Value& value, std::map<std::string, T>& out) {
  const ValueMap* map = value.as_map();
  if (!map) return;
  for (const auto& [key, element] : *map) Read(element, out[key]);
}

template <typename T>
void ReadMember(const Value& value, std::string_view name, T& out) {
  const Value* member = value.Find(name);
  if (member && !member->is_null()) Read(*member, out);
}

template <typename T>
void ReadMember(const Value& value, std::string_view name, std::optional<T>& out) {
  const Value* member = value.Find(name);
  if (member && !member->is_null()) Read(*member, out.emplace());
}

inline Value Write(bool value) { return value; }
inline Value Write(std::int64_t value) { return value; }
inline Value Write(double value) { return value; }
inline Value Write(const std::string& value) { return value; }
inline Value Write(Time value) { return value; }
inline Value Write(const Stream& value) { return value; }
inline Value Write(const Value& value) { return value; }

template <GeneratedStruct T>
Value Write(const T& value) {
  return value.ToValue();
}

template <typename T>
Value Write(const std::vector<T>& values);
template <typename T>
Value Write(const std::map<std::string, T>& values);

template <typename T>
Value Write(const std::vector<T>& values) {
  ValueList list;
  list.reserve(values.size());
  for (const T& value : values) list.push_back(Write(value));
  return list;
}

template <typename T>
Value Write(const std::map<std::string, T>& values) {
  ValueMap map;
  map.reserve(values.size());
  for (const auto& [key, value] : values) map.Append(key, Write(value));
  return map;
}

template <typename T>
void WriteMember(ValueMap& map, std::string_view name, const T& value) {
  map.Append(std::string(name), Write(value));
}

inline void WriteMember(ValueMap& map, std::string_view name, const Stream& value) {
  if (value) map.Append(std::string(name), Value(value));
}

template <typename T>
void WriteMember(ValueMap& map, std::string_view name, const std::optional<T>& value) {
  if (value) map.Append(std::string(name), Write(*value));
}

}  // namespace usher::wire
