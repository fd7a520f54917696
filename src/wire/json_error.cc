#include "wire/json_error.h"

#include "base/text.h"
#include "json/json.h"

namespace usher::wire {
namespace {

constexpr int kFirstServerStatus = 500;

void AppendMember(std::string& out, std::string_view name, std::string_view text) {
  if (!out.ends_with('{')) out += ',';
  json::AppendString(out, name);
  out += ':';
  json::AppendString(out, text);
}

}  // namespace

void AppendErrorMembers(std::string& out, const ErrorAnswer& error) {
  std::string_view message_name = "message";
  if (const Shape* model = ModelledError(error.operation, error.name)) {
    for (const Member& member : model->members) {
      if (EqualsIgnoreCase(member.name, "message")) message_name = member.wire_name;
      if (member.name == "Type") {  // whose fault it was
        AppendMember(out, member.wire_name, error.status < kFirstServerStatus ? "User" : "Service");
      }
    }
  }
  AppendMember(out, message_name, error.message);
  for (const auto& [name, text] : error.details) AppendMember(out, name, text);
}

}  // namespace usher::wire
