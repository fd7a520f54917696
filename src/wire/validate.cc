#include "wire/validate.h"

#include <cmath>
#include <string>
#include <vector>

#include "json/json.h"
#include "wire/pattern.h"

namespace usher::wire {
namespace {

constexpr std::size_t kMaxViolations = 50;     // further ones are not listed
constexpr std::size_t kMaxQuotedBytes = 1024;  // of the offending value

std::string Whole(double number) { return std::to_string(static_cast<std::int64_t>(number)); }

std::size_t CodePoints(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

// The offending value as messages quote it.
std::string Quoted(const Value& value) {
  std::string text;
  if (const std::string* string = value.as_string()) {
    text = *string;
  } else if (value.as_blob() || value.as_stream()) {
    text = "blob";
  } else {
    text = json::Write(value);
  }
  if (text.size() > kMaxQuotedBytes) {
    std::size_t end = kMaxQuotedBytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end) + "...";
  }
  return "'" + text + "'";
}

// Where a value stands, as steps on the stack: put into words only where something is wrong.
struct Path {
  const Path* above = nullptr;  // nullptr at the root
  std::string_view name;        // of a structure's member or a map's key
  std::size_t number = 0;       // of a list's element, from 1
  bool in_collection = false;   // a list's element or a map's value

  [[nodiscard]] std::string Text() const {
    if (above == nullptr) return {};
    std::string text = above->Text();
    if (!text.empty()) text += '.';
    text += number > 0 ? std::to_string(number) : std::string(name);
    if (in_collection) text += ".member";
    return text;
  }
};

class Validation {
 public:
  void Structure(const Shape& shape, const Value& value, const Path& path) {
    for (const Member& member : shape.members) {
      const Value* found = value.Find(member.name);
      const Path at{.above = &path, .name = member.name};
      if (found && !found->is_null()) {
        Any(*member.shape, *found, at);
      } else if (member.required && !member.streaming) {
        violations_.push_back("Value null at '" + at.Text() +
                              "' failed to satisfy constraint: Member must not be null");
      }
    }
  }

  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }

 private:
  void Any(const Shape& shape, const Value& value, const Path& path) {
    switch (shape.kind) {
      case ShapeKind::kStructure:
        if (!shape.is_document) Structure(shape, value, path);
        return;
      case ShapeKind::kList: {
        const ValueList* list = value.as_list();
        if (!list) return;
        Length(shape, static_cast<double>(list->size()), value, path);
        for (std::size_t i = 0; i < list->size() && violations_.size() < kMaxViolations; ++i) {
          Any(*shape.element->shape, (*list)[i],
              {.above = &path, .number = i + 1, .in_collection = true});
        }
        return;
      }
      case ShapeKind::kMap: {
        const ValueMap* map = value.as_map();
        if (!map) return;
        Length(shape, static_cast<double>(map->size()), value, path);
        for (const auto& [key, element] : *map) {
          if (violations_.size() >= kMaxViolations) return;
          Keys(*shape.key->shape, key, value, path);
          Any(*shape.value->shape, element, {.above = &path, .name = key, .in_collection = true});
        }
        return;
      }
      case ShapeKind::kString:
        if (const std::string* text = value.as_string()) {
          for (const std::string& constraint : BrokenByText(shape, *text)) {
            Add(value, path, constraint);
          }
        }
        return;
      case ShapeKind::kBlob:
        if (const Blob* blob = value.as_blob()) {
          Length(shape, static_cast<double>(blob->bytes.size()), value, path);
        }
        return;
      case ShapeKind::kInteger:
      case ShapeKind::kLong:
      case ShapeKind::kFloat:
      case ShapeKind::kDouble:
        Range(shape, value, path);
        return;
      case ShapeKind::kBoolean:
      case ShapeKind::kTimestamp:
        return;
    }
  }

  static std::vector<std::string> BrokenByText(const Shape& shape, const std::string& text) {
    std::vector<std::string> broken;
    const bool is_bounded = shape.max || shape.min;
    const auto length = is_bounded ? static_cast<double>(CodePoints(text)) : 0;
    if (shape.max && length > *shape.max) {
      broken.push_back("Member must have length less than or equal to " + Whole(*shape.max));
    }
    if (shape.min && length < *shape.min) {
      broken.push_back("Member must have length greater than or equal to " + Whole(*shape.min));
    }
    if (!shape.enumeration.empty()) {
      std::string set;
      for (const std::string_view allowed : shape.enumeration) {
        if (allowed == text) return broken;
        set += (set.empty() ? "" : ", ") + std::string(allowed);
      }
      broken.push_back("Member must satisfy enum value set: [" + set + "]");
    }
    // A text beyond its maximum is refused already and not worth the matching.
    if (!shape.pattern.empty() && broken.empty() && !Pattern::Of(shape.pattern).Matches(text)) {
      broken.push_back("Member must satisfy regular expression pattern: " +
                       std::string(shape.pattern));
    }
    return broken;
  }

  void Keys(const Shape& shape, const std::string& key, const Value& map, const Path& path) {
    for (const std::string& constraint : BrokenByText(shape, key)) {
      Add(map, path, "Map keys must satisfy constraint: [" + constraint + "]");
    }
  }

  void Length(const Shape& shape, double length, const Value& value, const Path& path) {
    if (shape.max && length > *shape.max) {
      Add(value, path, "Member must have length less than or equal to " + Whole(*shape.max));
    }
    if (shape.min && length < *shape.min) {
      Add(value, path, "Member must have length greater than or equal to " + Whole(*shape.min));
    }
  }

  void Range(const Shape& shape, const Value& value, const Path& path) {
    double number = 0;
    if (const std::int64_t* whole = value.as_int()) {
      number = static_cast<double>(*whole);
    } else if (const double* real = value.as_double()) {
      number = *real;
    } else {
      return;
    }
    if (shape.max && !(number <= *shape.max)) {
      Add(value, path, "Member must have value less than or equal to " + Whole(*shape.max));
    }
    if (shape.min && !(number >= *shape.min)) {
      Add(value, path, "Member must have value greater than or equal to " + Whole(*shape.min));
    }
  }

  void Add(const Value& value, const Path& path, const std::string& constraint) {
    violations_.push_back("Value " + Quoted(value) + " at '" + path.Text() +
                          "' failed to satisfy constraint: " + constraint);
  }

  std::vector<std::string> violations_;
};

}  // namespace

Result<void> Validate(const Shape& shape, const Value& value) {
  Validation validation;
  validation.Structure(shape, value, Path());
  const auto& violations = validation.violations();
  if (violations.empty()) return {};
  std::string message = std::to_string(violations.size()) +
                        (violations.size() == 1 ? " validation error" : " validation errors") +
                        " detected: ";
  for (std::size_t i = 0; i < violations.size(); ++i) message += (i ? "; " : "") + violations[i];
  return Named("ValidationException", ErrorCode::kInvalidInput, std::move(message), 400);
}

}  // namespace usher::wire
