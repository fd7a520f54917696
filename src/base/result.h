// Result<T>: a value or an Error, shaped like std::expected<T, Error> so that it can become it.
//
//   const auto campaign = catalog.Find(arn);
//   if (!campaign) return campaign.error();
//   Use(*campaign);
#pragma once

#include <optional>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/error.h"

namespace usher {

template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: a value is a result
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: so is an error

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & {
    Check(has_value(), "result holds a value");
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    Check(has_value(), "result holds a value");
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    Check(has_value(), "result holds a value");
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] const Error& error() const& {
    Check(!has_value(), "result holds an error");
    return *std::get_if<1>(&state_);
  }
  [[nodiscard]] Error&& error() && {
    Check(!has_value(), "result holds an error");
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: an error is a result

  [[nodiscard]] bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  [[nodiscard]] const Error& error() const {
    Check(error_.has_value(), "result holds an error");
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace usher
