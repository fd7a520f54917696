#include "wire/xml_body.h"

#include <algorithm>
#include <pugixml.hpp>

#include "base/text.h"
#include "wire/member_finder.h"
#include "wire/protocol.h"
#include "wire/scalar_text.h"

namespace usher::wire {
namespace {

// White space counts where it is all that an element holds. Document types are parsed only to be
// refused.
constexpr unsigned kParseOptions = pugi::parse_escapes | pugi::parse_cdata | pugi::parse_eol |
                                   pugi::parse_ws_pcdata_single | pugi::parse_doctype;

std::string_view LocalName(std::string_view name) {
  const std::size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

std::string TextOf(pugi::xml_node element) {
  std::string text;
  for (const pugi::xml_node child : element.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) {
      text += child.value();
    }
  }
  return text;
}

class LimitWalker final : public pugi::xml_tree_walker {
 public:
  bool for_each(pugi::xml_node& node) override {
    return ++count_ <= kMaxXmlNodes && static_cast<std::size_t>(depth()) < kMaxXmlDepth &&
           node.type() != pugi::node_doctype;
  }

 private:
  std::size_t count_ = 0;
};

Result<Value> Decode(const Member& member, pugi::xml_node element);

Error At(std::string_view name, const Error& why) {
  return InvalidInput("'" + std::string(name) + "' " + why.message);
}

Result<void> DecodeAttributes(const Shape& shape, pugi::xml_node element, ValueMap& result) {
  for (const Member& member : shape.members) {
    if (!member.xml_attribute) continue;
    const pugi::xml_attribute attribute = element.attribute(std::string(member.wire_name).c_str());
    if (!attribute) continue;
    auto value = ParseScalar(*member.shape, attribute.value());
    if (!value) return At(member.wire_name, value.error());
    result.Append(std::string(member.name), *std::move(value));
  }
  return {};
}

// <key>…</key><value>…</value>, under the names that the model gives them.
Result<void> DecodeEntry(const Shape& map_shape, pugi::xml_node entry, ValueMap& map) {
  std::optional<std::string> key;
  std::optional<Value> value;
  for (const pugi::xml_node child : entry.children()) {
    const std::string_view name = LocalName(child.name());
    if (name == map_shape.key->wire_name) {
      key = TextOf(child);
    } else if (name == map_shape.value->wire_name) {
      auto decoded = Decode(*map_shape.value, child);
      if (!decoded) return decoded.error();
      value = *std::move(decoded);
    }
  }
  if (!key || !value) return InvalidInput("must have a key and a value");
  if (map.Find(*key)) return InvalidInput("has one key twice");
  map.Append(*std::move(key), *std::move(value));
  return {};
}

// Adds one element of a flattened list or map to what came before.
Result<void> AddFlattened(const Member& member, pugi::xml_node element, ValueMap& result) {
  Value* earlier = result.Find(member.name);
  if (member.shape->kind == ShapeKind::kMap) {
    if (!earlier) {
      result.Append(std::string(member.name), ValueMap());
      earlier = result.Find(member.name);
    }
    return DecodeEntry(*member.shape, element, *earlier->as_map());
  }
  auto decoded = Decode(*member.shape->element, element);
  if (!decoded) return decoded.error();
  if (!earlier) {
    result.Append(std::string(member.name), ValueList());
    earlier = result.Find(member.name);
  }
  earlier->as_list()->push_back(*std::move(decoded));
  return {};
}

Result<Value> DecodeStructure(const Shape& shape, pugi::xml_node element, BodyMembers which) {
  ValueMap result;
  if (auto attributes = DecodeAttributes(shape, element, result); !attributes) {
    return attributes.error();
  }
  MemberFinder members(shape);
  for (const pugi::xml_node child : element.children()) {
    if (child.type() != pugi::node_element) continue;
    const Member* member = members.ByWireName(LocalName(child.name()));
    if (!member || member->xml_attribute) continue;
    if (which == BodyMembers::kUnbound && member->location != Location::kBody) continue;
    const bool repeats =
        member->shape->kind == ShapeKind::kList || member->shape->kind == ShapeKind::kMap;
    if (member->flattened && repeats) {
      if (const auto added = AddFlattened(*member, child, result); !added) {
        return At(member->wire_name, added.error());
      }
      continue;
    }
    if (result.Find(member->name)) {
      return InvalidInput("'" + std::string(member->wire_name) + "' is given twice");
    }
    auto value = Decode(*member, child);
    if (!value) return At(member->wire_name, value.error());
    result.Append(std::string(member->name), *std::move(value));
  }
  return Value(std::move(result));
}

Result<Value> DecodeList(const Shape& shape, pugi::xml_node element) {
  ValueList list;
  for (const pugi::xml_node child : element.children()) {
    if (child.type() != pugi::node_element || LocalName(child.name()) != shape.element->wire_name) {
      continue;
    }
    auto value = Decode(*shape.element, child);
    if (!value) return value;
    list.push_back(*std::move(value));
  }
  return Value(std::move(list));
}

Result<Value> DecodeMap(const Shape& shape, pugi::xml_node element) {
  ValueMap map;
  for (const pugi::xml_node child : element.children("entry")) {
    if (const auto added = DecodeEntry(shape, child, map); !added) return added.error();
  }
  return Value(std::move(map));
}

Result<Value> Decode(const Member& member, pugi::xml_node element) {
  switch (member.shape->kind) {
    case ShapeKind::kStructure:
      return DecodeStructure(*member.shape, element, BodyMembers::kAll);
    case ShapeKind::kList:
      return DecodeList(*member.shape, element);
    case ShapeKind::kMap:
      return DecodeMap(*member.shape, element);
    default:
      return ParseScalar(*member.shape, TextOf(element));
  }
}

struct Writer {
  std::string& out;
  bool millis;

  void Members(const Shape& shape, const Value& value, BodyMembers which) {
    const ValueMap* map = value.as_map();
    if (!map) return;
    MemberFinder members(shape);
    for (const auto& [name, element] : *map) {
      const Member* member = members.ByName(name);
      if (!member || element.is_null() || member->xml_attribute) continue;
      if (which == BodyMembers::kUnbound && member->location != Location::kBody) continue;
      Element(*member, element);
    }
  }

  void Element(const Member& member, const Value& value) {
    const Shape& shape = *member.shape;
    if (shape.kind == ShapeKind::kList && value.as_list()) {
      List(member, *value.as_list());
    } else if (shape.kind == ShapeKind::kMap && value.as_map()) {
      Map(member, *value.as_map());
    } else if (shape.kind == ShapeKind::kStructure) {
      Start(member, value);
      Members(shape, value, BodyMembers::kAll);
      AppendXmlEnd(out, member.wire_name);
    } else {
      AppendXmlElement(out, member.wire_name, Text(member, value));
    }
  }

 private:
  std::string Text(const Member& member, const Value& value) const {
    const TimestampFormat format = TimestampFormatOf(member, TimestampFormat::kIso8601);
    if (const Time* time = value.as_time(); time && format == TimestampFormat::kIso8601 && millis) {
      return FormatIso8601(*time, /*with_millis=*/true);
    }
    return FormatScalar(value, format);
  }

  // The opening tag with those members that are its attributes.
  void Start(const Member& member, const Value& value) {
    out += '<';
    out += member.wire_name;
    for (const Member& attribute : member.shape->members) {
      const Value* text = attribute.xml_attribute ? value.Find(attribute.name) : nullptr;
      if (!text) continue;
      const std::size_t colon = attribute.wire_name.find(':');
      if (colon != std::string_view::npos && !member.xml_namespace.empty()) {
        out.append(" xmlns:").append(attribute.wire_name.substr(0, colon)).append("=\"");
        AppendXmlText(out, member.xml_namespace);
        out += '"';
      }
      out.append(" ").append(attribute.wire_name).append("=\"");
      AppendXmlText(out, FormatScalar(*text, TimestampFormat::kIso8601));
      out += '"';
    }
    out += '>';
  }

  void List(const Member& member, const ValueList& list) {
    Member element = *member.shape->element;
    if (member.flattened) {
      element.wire_name = member.wire_name;
    } else {
      AppendXmlStart(out, member.wire_name);
    }
    for (const Value& value : list) Element(element, value);
    if (!member.flattened) AppendXmlEnd(out, member.wire_name);
  }

  void Map(const Member& member, const ValueMap& map) {
    const std::string_view entry = member.flattened ? member.wire_name : "entry";
    if (!member.flattened) AppendXmlStart(out, member.wire_name);
    for (const auto& [key, value] : map) {
      AppendXmlStart(out, entry);
      AppendXmlElement(out, member.shape->key->wire_name, key);
      Element(*member.shape->value, value);
      AppendXmlEnd(out, entry);
    }
    if (!member.flattened) AppendXmlEnd(out, member.wire_name);
  }
};

}  // namespace

Result<Value> DecodeXmlBody(const Shape& shape, std::string_view root, std::string_view text,
                            BodyMembers which) {
  if (text.empty()) return Value(ValueMap());
  if (!IsUtf8(text)) return InvalidInput("the body is not UTF-8");
  // The parser's nodes take many times the bytes of a short tag: count before it builds them.
  if (static_cast<std::size_t>(std::ranges::count(text, '<')) > 2 * kMaxXmlNodes) {
    return InvalidInput("the body has too many elements");
  }
  pugi::xml_document document;
  const pugi::xml_parse_result parsed =
      document.load_buffer(text.data(), text.size(), kParseOptions, pugi::encoding_utf8);
  if (!parsed) {
    return InvalidInput("the body is not well-formed XML at byte " + std::to_string(parsed.offset) +
                        ": " + parsed.description());
  }
  LimitWalker limits;
  if (!document.traverse(limits)) {
    return InvalidInput("the body has a document type, or too many or too deep elements");
  }
  pugi::xml_node element;
  for (const pugi::xml_node child : document.children()) {
    if (child.type() != pugi::node_element) continue;
    if (element) return InvalidInput("the body has more than one root element");
    element = child;
  }
  if (!element || (!root.empty() && LocalName(element.name()) != root)) {
    return InvalidInput("the body's root element is not " + std::string(root));
  }
  return DecodeStructure(shape, element, which);
}

void AppendXmlMembers(std::string& out, const Shape& shape, const Value& value, BodyMembers which,
                      bool millis) {
  Writer{out, millis}.Members(shape, value, which);
}

void AppendXmlText(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          out += "&#" + std::to_string(static_cast<int>(c)) + ";";
        } else {
          out += c;
        }
    }
  }
}

void AppendXmlStart(std::string& out, std::string_view name, std::string_view xmlns) {
  out += '<';
  out += name;
  if (!xmlns.empty()) {
    out += " xmlns=\"";
    AppendXmlText(out, xmlns);
    out += '"';
  }
  out += '>';
}

void AppendXmlEnd(std::string& out, std::string_view name) {
  out += "</";
  out += name;
  out += '>';
}

void AppendXmlElement(std::string& out, std::string_view name, std::string_view text) {
  AppendXmlStart(out, name);
  AppendXmlText(out, text);
  AppendXmlEnd(out, name);
}

}  // namespace usher::wire
