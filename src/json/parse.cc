#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <unordered_set>
#include <utility>
#include <vector>

#include "json/json.h"

namespace usher::json {
namespace {

namespace bj = boost::json;

constexpr std::size_t kPairwiseUpTo = 16;  // members; above, equal names are found by hashing
constexpr std::string_view kTooLarge = "a number is too large";

// The double nearest to `text`, a JSON number. Boost's own conversion may be off by a unit in the
// last place, so what we have written would not read back equal.
double ToDouble(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc()) return number;
  return std::strtod(text.c_str(), nullptr);  // tells too large (infinity) from too small (zero)
}

// Of members with equal names the last one stays.
void KeepLastOfNamesakes(ValueMap& map) {
  const std::size_t count = map.size();
  if (count <= kPairwiseUpTo) {
    bool any = false;
    for (auto at = map.begin(); at != map.end() && !any; ++at) {
      any = std::any_of(map.begin(), at, [&](const auto& one) { return one.first == at->first; });
    }
    if (!any) return;
  }
  std::unordered_set<std::string_view> seen;
  std::vector<bool> repeated(count);
  bool any = false;
  for (std::size_t i = count; i-- > 0;) {
    repeated[i] = !seen.insert((map.begin() + static_cast<std::ptrdiff_t>(i))->first).second;
    any = any || repeated[i];
  }
  if (!any) return;
  ValueMap kept;
  kept.reserve(seen.size());
  for (std::size_t i = 0; i < count; ++i) {
    auto& [name, value] = *(map.begin() + static_cast<std::ptrdiff_t>(i));
    if (!repeated[i]) kept.Append(std::move(name), std::move(value));
  }
  map = std::move(kept);
}

// What both handlers have: limits that Boost asks for, and events that say nothing here.
struct HandlerBase {
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);

  bool on_document_begin(bj::error_code& /*ec*/) { return true; }
  bool on_document_end(bj::error_code& /*ec*/) { return true; }
  bool on_comment_part(bj::string_view /*part*/, bj::error_code& /*ec*/) { return true; }
  bool on_comment(bj::string_view /*part*/, bj::error_code& /*ec*/) { return true; }

  bool CountValue(bj::error_code& ec) {
    return ++count_ <= kMaxValues || Fail("too many values in one document", ec);
  }

  bool Fail(std::string_view why, bj::error_code& ec) {
    failure_ = why;
    ec = bj::error::syntax;
    return false;
  }

  // What the handler itself refused; empty when the grammar did.
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  std::size_t count_ = 0;
  std::string failure_;
};

// Builds the tree: each value is made in the place where it stays, in the innermost array or object
// that is not yet finished.
class TreeHandler : public HandlerBase {
 public:
  bool on_array_begin(bj::error_code& /*ec*/) {
    open_.emplace_back(ValueList());
    return true;
  }
  bool on_object_begin(bj::error_code& /*ec*/) {
    open_.emplace_back(ValueMap());
    return true;
  }
  bool on_array_end(std::size_t /*count*/, bj::error_code& ec) { return Close(ec); }
  bool on_object_end(std::size_t /*count*/, bj::error_code& ec) {
    KeepLastOfNamesakes(*open_.back().as_map());
    return Close(ec);
  }

  bool on_string_part(bj::string_view part, std::size_t /*size*/, bj::error_code& /*ec*/) {
    return TakePart(part);
  }
  bool on_string(bj::string_view part, std::size_t /*size*/, bj::error_code& ec) {
    if (text_.empty()) return Put(std::string(part.data(), part.size()), ec);
    TakePart(part);
    return Put(std::exchange(text_, {}), ec);
  }
  bool on_key_part(bj::string_view part, std::size_t /*size*/, bj::error_code& /*ec*/) {
    return TakePart(part);
  }
  bool on_key(bj::string_view part, std::size_t /*size*/, bj::error_code& /*ec*/) {
    TakePart(part);
    open_.back().as_map()->Append(std::exchange(text_, {}), Value());
    return true;
  }

  bool on_number_part(bj::string_view part, bj::error_code& /*ec*/) { return TakePart(part); }
  bool on_int64(std::int64_t number, bj::string_view /*part*/, bj::error_code& ec) {
    text_.clear();
    return Put(number, ec);
  }
  bool on_uint64(std::uint64_t /*number*/, bj::string_view part, bj::error_code& ec) {
    return on_double(0, part, ec);
  }
  bool on_double(double /*number*/, bj::string_view part, bj::error_code& ec) {
    TakePart(part);
    const double number = ToDouble(std::exchange(text_, {}));
    return std::isfinite(number) ? Put(number, ec) : Fail(kTooLarge, ec);
  }

  bool on_bool(bool value, bj::error_code& ec) { return Put(value, ec); }
  bool on_null(bj::error_code& ec) { return Put(nullptr, ec); }

  Value TakeRoot() { return std::move(root_); }

 private:
  bool TakePart(bj::string_view part) {
    text_.append(part.data(), part.size());
    return true;
  }

  template <typename T>
  bool Put(T&& value, bj::error_code& ec) {
    if (open_.empty()) {
      root_ = Value(std::forward<T>(value));
    } else if (ValueList* const list = open_.back().as_list()) {
      list->emplace_back(std::forward<T>(value));
    } else {
      (open_.back().as_map()->end() - 1)->second = Value(std::forward<T>(value));
    }
    return CountValue(ec);
  }

  bool Close(bj::error_code& ec) {
    Value finished = std::move(open_.back());
    open_.pop_back();
    return Put(std::move(finished), ec);
  }

  std::vector<Value> open_;  // arrays and objects not yet finished, the innermost last
  Value root_;
  std::string text_;  // of the string, name or number being read, as far as it came in parts
};

// Looks at the grammar alone.
class GrammarHandler : public HandlerBase {
 public:
  bool on_array_begin(bj::error_code& /*ec*/) { return true; }
  bool on_object_begin(bj::error_code& /*ec*/) { return true; }
  bool on_array_end(std::size_t /*count*/, bj::error_code& ec) { return CountValue(ec); }
  bool on_object_end(std::size_t /*count*/, bj::error_code& ec) { return CountValue(ec); }
  bool on_string_part(bj::string_view /*part*/, std::size_t /*size*/, bj::error_code& /*ec*/) {
    return true;
  }
  bool on_string(bj::string_view /*part*/, std::size_t /*size*/, bj::error_code& ec) {
    return CountValue(ec);
  }
  bool on_key_part(bj::string_view /*part*/, std::size_t /*size*/, bj::error_code& /*ec*/) {
    return true;
  }
  bool on_key(bj::string_view /*part*/, std::size_t /*size*/, bj::error_code& /*ec*/) {
    return true;
  }
  bool on_number_part(bj::string_view part, bj::error_code& /*ec*/) {
    number_.append(part.data(), part.size());
    return true;
  }
  bool on_int64(std::int64_t /*number*/, bj::string_view /*part*/, bj::error_code& ec) {
    number_.clear();
    return CountValue(ec);
  }
  bool on_uint64(std::uint64_t /*number*/, bj::string_view part, bj::error_code& ec) {
    return on_double(0, part, ec);
  }
  bool on_double(double /*number*/, bj::string_view part, bj::error_code& ec) {
    number_.append(part.data(), part.size());
    const double number = ToDouble(std::exchange(number_, {}));
    return std::isfinite(number) ? CountValue(ec) : Fail(kTooLarge, ec);
  }
  bool on_bool(bool /*value*/, bj::error_code& ec) { return CountValue(ec); }
  bool on_null(bj::error_code& ec) { return CountValue(ec); }

 private:
  std::string number_;
};

// Lets `handler` read the text; an error says where reading ended.
template <typename Handler>
Result<void> Read(bj::basic_parser<Handler>& parser, std::string_view text) {
  bj::error_code ec;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), ec);
  if (!ec && read < text.size()) ec = bj::error::extra_data;
  if (!ec) return {};
  const std::string& why = parser.handler().failure();
  return InvalidInput("not valid JSON at byte " + std::to_string(read) + ": " +
                      (why.empty() ? ec.message() : why));
}

bj::parse_options Options(std::size_t max_depth) {
  bj::parse_options options;
  options.max_depth = max_depth;
  return options;
}

}  // namespace

Result<Value> Parse(std::string_view text, std::size_t max_depth) {
  bj::basic_parser<TreeHandler> parser(Options(max_depth));
  if (auto read = Read(parser, text); !read) return read.error();
  return parser.handler().TakeRoot();
}

Result<void> CheckGrammar(std::string_view text, std::size_t max_depth) {
  bj::basic_parser<GrammarHandler> parser(Options(max_depth));
  return Read(parser, text);
}

}  // namespace usher::json
