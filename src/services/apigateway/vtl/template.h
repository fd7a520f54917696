// Template: a mapping template in the Velocity Template Language, parsed once and rendered for each
// request.
//
//   #set($user = $input.params('user_id'))
//   { "user_id": "$util.escapeJavaScript($user)" #if($user == ""), "anonymous": true #end }
//
// Directives: #set #if #elseif #else #foreach #break #stop #macro #end, comments ## and #* *#, and
// #[[ text as it is ]]#. References: $x ${x} $!x $!{x}, members, methods, indexes. Expressions:
// numbers, texts ("with $references", 'without'), lists, ranges, maps, arithmetic, comparison,
// logic. There is no way out of a template but the objects that it is given: no files, no includes,
// no reflection.
//
// What differs from Velocity: assigning null unsets the name; a method that does not exist is an
// error where Velocity would write the reference as it stands; the arguments of a macro are values.
//
// Source:  Apache Velocity 1.7, "User Guide" and "VTL Reference"; API Gateway Developer Guide,
//          "Mapping template reference".
// Errors:  "line 3, column 7: …", invalid input or, beyond the limits of value.h, limit exceeded.
// Cost:    parsing O(text); rendering allocates for the values it makes and the output.
// Threads: Parse and Render from any; a template is immutable.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "services/apigateway/vtl/value.h"

namespace usher::apigateway::vtl {

inline constexpr std::size_t kMaxTemplateBytes = 300U << 10;

// A name that a template starts with: $input.
struct Root {
  std::string_view name;
  Value value;
};

class Template {
 public:
  static Result<Template> Parse(std::string_view text);

  // What it makes lives in the arena, whose limits it spends.
  Result<std::string> Render(std::span<const Root> roots, Arena& arena) const;

  struct Program;

 private:
  explicit Template(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
  std::shared_ptr<const Program> program_;
};

}  // namespace usher::apigateway::vtl
