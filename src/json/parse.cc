#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <span>
#include <unordered_set>
#include <utility>
#include <vector>

#include "json/json.h"

namespace usher::json {
namespace {

namespace bj = boost::json;

constexpr std::size_t kPairwiseUpTo = 16;  // members; above, equal names are found by hashing

// The double nearest to `text`, a JSON number. Boost's own conversion may be off by a unit in the
// last place, so what we have written would not read back equal.
double ToDouble(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc()) return number;
  return std::strtod(text.c_str(), nullptr);  // tells too large (infinity) from too small (zero)
}

// Builds the tree from the bottom up: a finished array or object takes its elements from the top of
// the stack.
class Handler {
 public:
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);

  bool on_document_begin(bj::error_code& /*ec*/) { return true; }
  bool on_document_end(bj::error_code& /*ec*/) { return true; }
  bool on_array_begin(bj::error_code& /*ec*/) { return true; }
  bool on_object_begin(bj::error_code& /*ec*/) { return true; }

  bool on_array_end(std::size_t count, bj::error_code& ec) {
    const auto first = values_.end() - static_cast<std::ptrdiff_t>(count);
    ValueList list(std::make_move_iterator(first), std::make_move_iterator(values_.end()));
    values_.erase(first, values_.end());
    return Push(Value(std::move(list)), ec);
  }

  bool on_object_end(std::size_t count, bj::error_code& ec) {
    const std::size_t first_key = keys_.size() - count;
    const std::size_t first_value = values_.size() - count;
    const auto repeated = LaterNamesakes({keys_.data() + first_key, count});
    ValueMap map;
    map.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      if (!repeated.empty() && repeated[i]) continue;
      map.Append(std::move(keys_[first_key + i]), std::move(values_[first_value + i]));
    }
    keys_.resize(first_key);
    values_.resize(first_value);
    return Push(Value(std::move(map)), ec);
  }

  bool on_string_part(bj::string_view part, std::size_t /*size*/, bj::error_code& /*ec*/) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_string(bj::string_view part, std::size_t /*size*/, bj::error_code& ec) {
    text_.append(part.data(), part.size());
    return Push(Value(std::exchange(text_, {})), ec);
  }
  bool on_key_part(bj::string_view part, std::size_t /*size*/, bj::error_code& /*ec*/) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_key(bj::string_view part, std::size_t /*size*/, bj::error_code& /*ec*/) {
    text_.append(part.data(), part.size());
    keys_.push_back(std::exchange(text_, {}));
    return true;
  }

  bool on_number_part(bj::string_view part, bj::error_code& /*ec*/) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_int64(std::int64_t number, bj::string_view /*part*/, bj::error_code& ec) {
    text_.clear();
    return Push(Value(number), ec);
  }
  bool on_uint64(std::uint64_t /*number*/, bj::string_view part, bj::error_code& ec) {
    return on_double(0, part, ec);
  }
  bool on_double(double /*number*/, bj::string_view part, bj::error_code& ec) {
    text_.append(part.data(), part.size());
    const double number = ToDouble(std::exchange(text_, {}));
    if (!std::isfinite(number)) return Fail("a number is too large", ec);
    return Push(Value(number), ec);
  }

  bool on_bool(bool value, bj::error_code& ec) { return Push(Value(value), ec); }
  bool on_null(bj::error_code& ec) { return Push(Value(), ec); }
  bool on_comment_part(bj::string_view /*part*/, bj::error_code& /*ec*/) { return true; }
  bool on_comment(bj::string_view /*part*/, bj::error_code& /*ec*/) { return true; }

  // What the handler itself refused; empty when the grammar did.
  [[nodiscard]] const std::string& failure() const { return failure_; }
  Value TakeRoot() { return std::move(values_.back()); }

 private:
  // For each name, whether an equal one follows; empty when all differ.
  static std::vector<bool> LaterNamesakes(std::span<const std::string> names) {
    if (names.size() <= kPairwiseUpTo) {
      bool any = false;
      for (std::size_t i = 1; i < names.size() && !any; ++i) {
        any = std::ranges::find(names.first(i), names[i]) != names.begin() + i;
      }
      if (!any) return {};
    }
    std::unordered_set<std::string_view> seen;
    std::vector<bool> repeated(names.size());
    for (std::size_t i = names.size(); i-- > 0;) repeated[i] = !seen.insert(names[i]).second;
    return repeated;
  }

  bool Push(Value value, bj::error_code& ec) {
    if (++count_ > kMaxValues) return Fail("too many values in one document", ec);
    values_.push_back(std::move(value));
    return true;
  }

  bool Fail(std::string_view why, bj::error_code& ec) {
    failure_ = why;
    ec = bj::error::syntax;
    return false;
  }

  std::vector<Value> values_;
  std::vector<std::string> keys_;  // of objects not yet finished
  std::string text_;               // of the string, name or number being read
  std::size_t count_ = 0;
  std::string failure_;
};

}  // namespace

Result<Value> Parse(std::string_view text, std::size_t max_depth) {
  bj::parse_options options;
  options.max_depth = max_depth;
  bj::basic_parser<Handler> parser(options);
  bj::error_code ec;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), ec);
  if (!ec && read < text.size()) ec = bj::error::extra_data;
  if (ec) {
    const std::string& why = parser.handler().failure();
    return InvalidInput("not valid JSON at byte " + std::to_string(read) + ": " +
                        (why.empty() ? ec.message() : why));
  }
  return parser.handler().TakeRoot();
}

}  // namespace usher::json
