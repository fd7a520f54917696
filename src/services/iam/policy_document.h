// Whether a text is a policy that IAM would take. Only its form is looked at: Usher enforces none.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace usher::iam {

enum class PolicyUse {
  kTrust,    // says who may assume a role: names principals, no resources
  kIdentity  // says what a role may do: names resources, no principals
};

// Source: IAM User Guide, "Grammar of the IAM JSON policy language".
// Errors: invalid input named MalformedPolicyDocument, saying what is wrong.
Result<void> CheckPolicyDocument(std::string_view document, PolicyUse use);

// Characters as IAM's quotas count them: white space is not.
std::size_t CountCharacters(std::string_view document);

}  // namespace usher::iam
