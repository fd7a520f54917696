// Router: which service and operation a request asks for. It believes what the request says of
// itself: whether that was signed is checked afterwards.
//
// Order: the service named in the signing scope, the path of a CBOR request, the prefix of
// X-Amz-Target, the host, the path.
// Operations of a REST service are told apart by method, path, query keys and required headers, the
// more specific one first; all of it comes from the models.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/http_message.h"
#include "wire/protocol.h"
#include "wire/request_target.h"
#include "wire/shape.h"

namespace usher::wire {

struct Route {
  const Service* service = nullptr;      // nullptr: none that we know
  const Operation* operation = nullptr;  // nullptr: none that fits, or named in the body (query)
  UriLabels labels;
};

class Router {
 public:
  // Routes to `services`, which must outlive it.
  explicit Router(std::span<const Service* const> services = AllServices());
  ~Router();

  // `signing_name` of the scope, empty for an unsigned request. Errors: invalid input when a label
  // of the path is not percent-encoded UTF-8.
  Result<Route> Find(const HttpRequest& request, const RequestTarget& target,
                     std::string_view signing_name) const;

  // The query operation that a form names by Action, of `service` or, when it is nullptr, of the
  // service that Version tells.
  [[nodiscard]] Route FindByForm(const Service* service, const Parameters& query,
                                 const Parameters& form) const;

  // The operation that an unsigned GET of the root asks for by Action, as links in mails do;
  // nullptr when it is none of those that may be reached so.
  [[nodiscard]] const Operation* FindLink(const Parameters& query) const;

 private:
  struct Pattern;
  struct RestService;

  const RestService* PatternsOf(const Service& service) const;
  Result<Route> Rest(std::span<const Service* const> candidates, const HttpRequest& request,
                     const RequestTarget& target) const;

  std::span<const Service* const> services_;
  std::vector<std::unique_ptr<RestService>> rest_;
};

// Whether older clients speak the query protocol to the service, beside its own.
[[nodiscard]] bool SpeaksQuery(const Service& service);

// Whether the request is of the protocol that its header smithy-protocol names rpc-v2-cbor.
[[nodiscard]] bool SpeaksCbor(const HttpRequest& request);

// The bucket in a virtual-host style Host header ("my.bucket.s3.eu-west-1.amazonaws.com",
// "bucket.localhost:4566"); nullopt when the host names none.
[[nodiscard]] std::optional<std::string_view> BucketOfHost(std::string_view host);

}  // namespace usher::wire
