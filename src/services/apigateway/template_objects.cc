#include "services/apigateway/template_objects.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/text.h"
#include "json/json.h"
#include "json/json_path.h"

namespace usher::apigateway {
namespace {

using vtl::Arena;
using vtl::Object;
using VtlValue = vtl::Value;
using Arguments = std::span<const VtlValue>;
using Answer = Result<std::optional<VtlValue>>;

Answer None() { return std::optional<VtlValue>(); }
Answer Give(VtlValue value) { return std::optional(std::move(value)); }

Answer GiveText(std::string text, Arena& arena) {
  if (const auto made = arena.Make(text.size()); !made) return made.error();
  return Give(VtlValue(std::move(text)));
}

Result<std::string> TextArgument(std::string_view method, const VtlValue& argument, Arena& arena) {
  if (argument.is_null()) return std::string();
  if (argument.as_list() || argument.as_map()) {
    return InvalidInput(std::string(method) + " takes a text, not " +
                        std::string(vtl::KindOf(argument)));
  }
  return vtl::TextOf(argument, arena);
}

vtl::Map* MapOf(const wire::Parameters& parameters, Arena& arena) {
  vtl::Map* const map = arena.NewMap();
  for (const auto& [name, value] : parameters) map->Set(name, VtlValue(value));  // the last counts
  return map;
}

vtl::Map* MapOf(const wire::Headers& headers, Arena& arena) {
  vtl::Map* const map = arena.NewMap();
  for (const auto& [name, value] : headers) map->Set(name, VtlValue(value));
  return map;
}

class Input final : public Object {
 public:
  Input(const ApiCall& call, std::string_view body) : call_(call), body_(body) {}

  Result<VtlValue> Member(std::string_view name, Arena& arena) const override {
    if (name != "body") return VtlValue();
    if (const auto made = arena.Make(body_.size()); !made) return made.error();
    return VtlValue(body_);
  }

  Answer Call(std::string_view name, Arguments arguments, Arena& arena) const override {
    if (name == "params" && arguments.empty()) return AllParameters(arena);
    if (arguments.size() != 1) return None();
    if (name != "params" && name != "json" && name != "path") return None();
    const auto text = TextArgument(name, arguments[0], arena);
    if (!text) return text.error();
    if (name == "params") return Parameter(*text, arena);
    const auto found = Find(*text);
    if (!found) return found.error();
    if (name == "json") {
      return GiveText(*found ? json::Write(**found) : std::string("\"\""), arena);
    }
    if (!*found) return Give(VtlValue());
    auto value = arena.FromJson(**found);
    if (!value) return value.error();
    return Give(*std::move(value));
  }

  bool null_is_empty() const override { return true; }

 private:
  Answer AllParameters(Arena& arena) const {
    vtl::Map* const all = arena.NewMap();
    all->Set("path", VtlValue(MapOf(call_.path_parameters, arena)));
    all->Set("querystring", VtlValue(MapOf(call_.query, arena)));
    all->Set("header", VtlValue(MapOf(call_.headers, arena)));
    return Give(VtlValue(all));
  }

  // Path, then query, then header; the empty text where there is none.
  Answer Parameter(const std::string& name, Arena& arena) const {
    for (const Place place : {Place::kPath, Place::kQuery, Place::kHeader}) {
      auto value = RequestValue(call_, {.place = place, .multi = false, .name = name});
      if (value) return GiveText(*std::move(value), arena);
    }
    return Give(VtlValue(""));
  }

  // A body that is empty is an empty object; one that is no JSON is a text.
  Result<std::optional<Value>> Find(const std::string& text) const {
    const auto path = json::JsonPath::Parse(text);
    if (!path) return path.error();
    if (!document_) {
      if (Trim(body_).empty()) {
        document_ = Value(ValueMap());
      } else if (auto parsed = json::Parse(body_)) {
        document_ = *std::move(parsed);
      } else if (IsUtf8(body_)) {
        document_ = Value(body_);
      } else {
        return InvalidInput("the body is neither JSON nor text");
      }
    }
    return path->Get(*document_);
  }

  const ApiCall& call_;
  std::string_view body_;
  mutable std::optional<Value> document_;
};

class Util final : public Object {
 public:
  Answer Call(std::string_view name, Arguments arguments, Arena& arena) const override {
    static constexpr std::array<std::string_view, 6> kNames{
        "escapeJavaScript", "parseJson", "urlEncode", "urlDecode", "base64Encode", "base64Decode"};
    if (arguments.size() != 1 || std::ranges::find(kNames, name) == kNames.end()) return None();
    const auto text = TextArgument(name, arguments[0], arena);
    if (!text) return text.error();
    if (name == "escapeJavaScript") return GiveText(Escape(*text), arena);
    if (name == "base64Encode") return GiveText(Base64Encode(*text), arena);
    if (name == "urlEncode") return GiveText(UrlEncode(*text), arena);
    if (name == "parseJson") {
      const auto parsed = json::Parse(*text);
      if (!parsed) return InvalidInput("$util.parseJson: " + parsed.error().message);
      auto value = arena.FromJson(*parsed);
      if (!value) return value.error();
      return Give(*std::move(value));
    }
    auto decoded = name == "urlDecode" ? PercentDecode(*text, true) : Base64Decode(*text);
    if (!decoded || !IsUtf8(*decoded)) {
      return InvalidInput("$util." + std::string(name) + ": the text cannot be decoded");
    }
    return GiveText(*std::move(decoded), arena);
  }

 private:
  // As org.apache.commons.lang.StringEscapeUtils.escapeJavaScript does.
  static std::string Escape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto c = static_cast<unsigned char>(text[i]);
      std::array<char, 16> code{};
      switch (c) {
        case '\'':
          out += "\\'";
          break;
        case '"':
          out += "\\\"";
          break;
        case '\\':
          out += "\\\\";
          break;
        case '/':
          out += "\\/";
          break;
        case '\b':
          out += "\\b";
          break;
        case '\n':
          out += "\\n";
          break;
        case '\t':
          out += "\\t";
          break;
        case '\f':
          out += "\\f";
          break;
        case '\r':
          out += "\\r";
          break;
        default:
          if (c < 0x20) {
            std::snprintf(code.data(), code.size(), "\\u%04X", c);
            out += code.data();
          } else if (c < 0x80) {
            out += static_cast<char>(c);
          } else {
            out += Unicode(text, i);
          }
      }
    }
    return out;
  }

  // The character that begins at `at`, as UTF-16 escapes; moves to its last byte.
  static std::string Unicode(std::string_view text, std::size_t& at) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t more = lead >= 0xF0 ? 3 : (lead >= 0xE0 ? 2 : 1);
    std::uint32_t code = lead & (0x3FU >> more);
    for (std::size_t i = 0; i < more && at + 1 < text.size(); ++i) {
      code = code << 6 | (static_cast<unsigned char>(text[++at]) & 0x3FU);
    }
    std::array<char, 32> out{};
    if (code >= 0x10000) {
      code -= 0x10000;
      std::snprintf(out.data(), out.size(), "\\u%04X\\u%04X", 0xD800 + (code >> 10),
                    0xDC00 + (code & 0x3FF));
    } else {
      std::snprintf(out.data(), out.size(), "\\u%04X", code);
    }
    return out.data();
  }

  // As java.net.URLEncoder does: a space is '+', '*' stays.
  static std::string UrlEncode(std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (c == ' ') {
        out += '+';
      } else if (c == '*') {
        out += c;
      } else if (c == '~') {
        out += "%7E";
      } else {
        out += PercentEncode(std::string_view(&c, 1));
      }
    }
    return out;
  }
};

// $context and, by their common beginning, $context.identity and $context.error.
class Context final : public Object {
 public:
  Context(const ApiCall& call, std::string prefix, std::string_view missing, vtl::Map* request,
          vtl::Map* response)
      : call_(call),
        prefix_(std::move(prefix)),
        missing_(missing),
        request_(request),
        response_(response) {}

  Result<VtlValue> Member(std::string_view name, Arena& arena) const override {
    if (prefix_.empty()) {
      if (name == "requestOverride") return VtlValue(request_);
      if (name == "responseOverride") return VtlValue(response_);
      if (name == "identity" || name == "error" || name == "integration") {
        return VtlValue(arena.Keep(
            std::make_unique<Context>(call_, std::string(name) + ".", missing_, nullptr, nullptr)));
      }
    }
    auto value = ContextValue(call_, prefix_ + std::string(name));
    if (!value) return missing_.empty() ? VtlValue() : VtlValue(missing_);
    if (const auto made = arena.Make(value->size()); !made) return made.error();
    return VtlValue(*std::move(value));
  }

  bool null_is_empty() const override { return true; }

 private:
  const ApiCall& call_;
  std::string prefix_;
  std::string_view missing_;
  vtl::Map* request_;
  vtl::Map* response_;
};

class StageVariables final : public Object {
 public:
  StageVariables(const ApiCall& call, Arena& arena) : map_(arena.NewMap()) {
    for (const auto& [name, value] : call.stage->variables) map_->Set(name, VtlValue(value));
  }
  Result<VtlValue> Member(std::string_view name, Arena& /*arena*/) const override {
    const VtlValue* const found = map_->Find(name);
    return found != nullptr ? *found : VtlValue();
  }
  Answer Call(std::string_view name, Arguments arguments, Arena& arena) const override {
    VtlValue map(map_);
    auto value = vtl::CallMethod(map, name, arguments, arena);
    if (!value) return value.error();
    return Give(*std::move(value));
  }
  bool null_is_empty() const override { return true; }

 private:
  vtl::Map* map_;
};

vtl::Map* NewOverride(Arena& arena) {
  vtl::Map* const map = arena.NewMap();
  for (const std::string_view part : {"header", "querystring", "path"}) {
    map->Set(part, VtlValue(arena.NewMap()));
  }
  return map;
}

Result<Overrides> ReadOverrides(vtl::Map& map, Arena& arena) {
  Overrides out;
  if (const VtlValue* const status = map.Find("status")) {
    const auto text = vtl::TextOf(*status, arena);
    if (!text) return text.error();
    const int number = std::atoi(text->c_str());
    if (number < 100 || number > 599) {
      return InvalidInput("the status of a response override must be 100 to 599, got " +
                          text->substr(0, 20));
    }
    out.status = number;
  }
  const auto read = [&](std::string_view part, wire::Parameters& to) -> Result<void> {
    const VtlValue* const found = map.Find(part);
    vtl::Map* const values = found != nullptr ? found->as_map() : nullptr;
    if (values == nullptr) return {};
    for (const auto& [name, value] : values->entries) {
      auto text = vtl::TextOf(value, arena);
      if (!text) return text.error();
      to.emplace_back(name, *std::move(text));
    }
    return {};
  };
  if (const auto done = read("header", out.headers); !done) return done.error();
  if (const auto done = read("querystring", out.query); !done) return done.error();
  if (const auto done = read("path", out.path); !done) return done.error();
  return out;
}

}  // namespace

Result<Rendered> RenderTemplate(const vtl::Template& code, const ApiCall& call,
                                std::string_view body, std::string_view missing) {
  Arena arena;
  vtl::Map* const request = NewOverride(arena);
  vtl::Map* const response = NewOverride(arena);
  const Input input(call, body);
  const Util util;
  const Context context(call, "", missing, request, response);
  const StageVariables variables(call, arena);
  const auto object = [](const Object& one) { return VtlValue(&one); };
  const vtl::Root roots[] = {{"input", object(input)},
                             {"util", object(util)},
                             {"context", object(context)},
                             {"stageVariables", object(variables)}};
  auto text = code.Render(roots, arena);
  if (!text) return text.error();
  auto of_request = ReadOverrides(*request, arena);
  if (!of_request) return of_request.error();
  auto of_response = ReadOverrides(*response, arena);
  if (!of_response) return of_response.error();
  return Rendered{*std::move(text), *std::move(of_request), *std::move(of_response)};
}

}  // namespace usher::apigateway
