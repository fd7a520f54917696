// Requests signed by botocore, made by tests/clients/make_sigv4_vectors.py when a test asks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "wire/payload.h"
#include "wire/sigv4.h"
#include "wire/test_request.h"

namespace usher::wire::testing {

struct Vector {
  std::string name;
  sigv4::Rules rules;
  TextRequest request;  // its body as sent, framing included
  std::string decoded;  // what a reader must see
  FakeCredentials credentials;
  Time now;
};

// All of them, made once a process. Errors: internal, when the script fails.
Result<std::vector<Vector>> LoadVectors();

// The body that a server would hand on: signature verified, payload decoded and read to its end.
Result<std::string> Accept(const Vector& vector);

}  // namespace usher::wire::testing
