// Amazon Resource Names of the service. The account is the server's one account; the region comes
// from the caller.
#pragma once

#include <string>
#include <string_view>

namespace usher::personalize {

// arn:aws:personalize:<region>:<account>:<type>/<name>
[[nodiscard]] std::string MakeArn(std::string_view region, std::string_view type,
                                  std::string_view name);

// "dataset-group", "campaign" … of an ARN of this service; empty for anything else.
[[nodiscard]] std::string_view ArnType(std::string_view arn);
// What follows "<type>/": the name, "<group>/<TYPE>" of a dataset, "<solution>/<id>" of a solution
// version.
[[nodiscard]] std::string_view ArnName(std::string_view arn);

// ARNs of what is built in carry neither region nor account: arn:aws:personalize:::recipe/<name>.
[[nodiscard]] std::string BuiltInArn(std::string_view type, std::string_view name);

}  // namespace usher::personalize
