#include "wire/gateway.h"

#include <exception>

#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "tracing/recorder.h"
#include "wire/body_checksums.h"
#include "wire/call_trace.h"
#include "wire/cbor_protocol.h"
#include "wire/error_names.h"
#include "wire/gzip.h"
#include "wire/payload.h"
#include "wire/protocol.h"
#include "wire/request_target.h"
#include "wire/sigv2_link.h"
#include "wire/sigv4.h"

namespace usher::wire {
namespace {

// A body beyond this is read only once the request's head has passed for a known caller's.
constexpr std::size_t kMaxStrangersBodyBytes = 64U << 10;
constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

sigv4::ErrorStyle StyleOf(Protocol protocol) {
  switch (protocol) {
    case Protocol::kRestXml:
      return sigv4::ErrorStyle::kS3;
    case Protocol::kJson:
      return sigv4::ErrorStyle::kJson;
    case Protocol::kRestJson:
      return sigv4::ErrorStyle::kRestJson;
    case Protocol::kQuery:
      return sigv4::ErrorStyle::kQuery;
  }
  return sigv4::ErrorStyle::kS3;
}

sigv4::Rules RulesFor(const Service& service) {
  const sigv4::ErrorStyle style = StyleOf(service.protocol);
  if (style == sigv4::ErrorStyle::kS3) return sigv4::S3Rules();
  sigv4::Rules rules = sigv4::ServiceRules(style);
  rules.normalize_path = service.normalize_path;
  return rules;
}

// The protocol that a request for no service of ours seems to speak.
Protocol GuessProtocol(const HttpRequest& request) {
  if (request.headers.Find("X-Amz-Target")) return Protocol::kJson;
  const std::string* type = request.headers.Find("Content-Type");
  if (type && type->starts_with(kFormType)) return Protocol::kQuery;
  return Protocol::kRestJson;
}

Error UnknownService(std::string_view signing_name) {
  return Named("UnknownOperationException", ErrorCode::kUnsupported,
               signing_name.empty() ? "The request names no service that Usher knows."
                                    : "Usher has no service '" + std::string(signing_name) + "'.",
               404);
}

Error UnknownOperation(const Service& service, Protocol protocol, const HttpRequest& request) {
  const std::string said = request.method + " " + request.target.substr(0, 200);
  const std::string title(service.title);
  switch (protocol) {
    case Protocol::kJson: {
      const std::string* target = request.headers.Find("X-Amz-Target");
      return Named("UnknownOperationException", ErrorCode::kUnsupported,
                   target ? title + " has no operation '" + target->substr(0, 200) + "'."
                          : "The request has no X-Amz-Target header.",
                   400);
    }
    case Protocol::kQuery:
      return Named("InvalidAction", ErrorCode::kUnsupported,
                   title + " has no operation of the Action and Version asked for.", 400);
    case Protocol::kRestJson:
      return Named("UnknownOperationException", ErrorCode::kUnsupported,
                   title + " has no operation " + said + ".", 404);
    case Protocol::kRestXml:
      break;
  }
  return Named("MethodNotAllowed", ErrorCode::kUnsupported,
               "The specified method is not allowed against this resource.", 405);
}

Error BodyTooLarge(Protocol protocol, std::size_t limit) {
  const std::string message = "The body is larger than " + std::to_string(limit) + " bytes.";
  switch (protocol) {
    case Protocol::kRestXml:
      return Named("MaxMessageLengthExceeded", ErrorCode::kLimitExceeded, message, 400);
    case Protocol::kQuery:
      return Named("RequestEntityTooLarge", ErrorCode::kLimitExceeded, message, 413);
    case Protocol::kJson:
    case Protocol::kRestJson:
      break;
  }
  return Named("RequestEntityTooLargeException", ErrorCode::kLimitExceeded, message, 413);
}

// One request on its way through; knows at each moment as much as an error's answer can tell.
class Exchange {
 public:
  Exchange(const Dispatcher& dispatcher, const Credentials& credentials, const Router& router,
           const GatewayOptions& options, Time now, HttpRequest request)
      : dispatcher_(dispatcher),
        credentials_(credentials),
        router_(router),
        options_(options),
        request_(std::move(request)) {
    call_.now = now;
    call_.peer = request_.peer;
  }

  HttpResponse Run(Outcome& outcome) {
    auto answer = Guarded();
    outcome.service = route_.service ? route_.service->id : "";
    outcome.operation = route_.operation ? route_.operation->name : "";
    outcome.request_id = call_.request_id;
    outcome.access_key_id = call_.caller.access_key_id;
    HttpResponse response = answer ? *std::move(answer) : Refuse(answer.error(), outcome);
    for (const auto& [name, value] : call_.response_headers) response.headers.Set(name, value);
    return response;
  }

 private:
  Result<HttpResponse> Guarded() {
    try {
      return Answer();
    } catch (const std::exception& exception) {
      return Internal(std::string("a handler threw: ") + exception.what());
    }
  }

  Result<HttpResponse> Answer() {
    if (const auto routed = FindRoute(); !routed) return routed.error();
    const Service& service = *route_.service;
    const sigv4::Rules rules = RulesFor(service);
    if (rules.hash_body) {
      if (const auto checked = CheckBeforeLargeBody(rules); !checked) return checked.error();
      if (const auto read = ReadBody(service); !read) return read.error();
    }
    if (const auto verified = Authenticate(rules); !verified) return verified.error();
    if (rules.hash_body) {
      if (const auto unpacked = Unpack(); !unpacked) return unpacked.error();
    }
    if (Spoken() == Protocol::kQuery) {
      if (const auto found = FindQueryOperation(); !found) return found.error();
    }
    if (!route_.operation) return UnknownOperation(service, Spoken(), request_);
    const Operation& operation = *route_.operation;
    if (!operation.implemented) return NotBuilt(operation);
    if (!rules.hash_body && !StreamsIn(operation)) {
      if (const auto read = ReadBody(service); !read) return read.error();
      if (const auto held = CheckChecksums(operation); !held) return held.error();
    }
    auto input = SpokenCodec().decode({.operation = operation,
                                       .headers = request_.headers,
                                       .labels = route_.labels,
                                       .query = target_.query,
                                       .body = body_,
                                       .stream = BodyStream(operation)});
    if (!input) return input.error();

    BeginTrace(operation);
    auto output = dispatcher_.Call(operation, *input, call_);
    if (!output) return output.error();
    HttpResponse answer = SpokenCodec().encode(operation, *output, AnswerFrame());
    if (call_.response_status != 0) answer.status = call_.response_status;
    return answer;
  }

  // The protocol of this request; a service may be spoken to in several.
  [[nodiscard]] Protocol Spoken() const {
    const Protocol guessed = GuessProtocol(request_);
    if (!route_.service) return guessed;
    const bool is_form = guessed == Protocol::kQuery && !SpeaksCbor(request_);
    return is_form && SpeaksQuery(*route_.service) ? Protocol::kQuery : route_.service->protocol;
  }
  [[nodiscard]] const Codec& SpokenCodec() const {
    const Protocol protocol = Spoken();
    const bool may_be_cbor = !route_.service || protocol == Protocol::kJson;
    return may_be_cbor && SpeaksCbor(request_) ? kCborCodec : CodecFor(protocol);
  }

  // A client that says whether its trace is recorded is obeyed; else the rules decide.
  void BeginTrace(const Operation& operation) {
    tracing::TraceContext& trace = call_.trace;
    if (trace.root.empty()) trace.parent.clear();
    trace.sampled = sampling_ == tracing::SamplingDecision::kSampled;
    call_.http = &request_;
    trace.recorder = dispatcher_.recorder();
    if (trace.recorder == nullptr || sampling_ != tracing::SamplingDecision::kNone) return;
    const std::string_view node = NodeName(operation.service->id);
    const std::string* host = request_.headers.Find("Host");
    trace.sampled = RoleOf(operation) != TraceRole::kSilent &&
                    trace.recorder->Sample({.service_name = node,
                                            .service_type = NodeType(node),
                                            .host = host != nullptr ? *host : std::string_view(),
                                            .method = request_.method,
                                            .url_path = target_.path});
  }

  // The service, and outside the query protocol the operation too.
  Result<void> FindRoute() {
    if (const std::string* header = request_.headers.Find("X-Amzn-Trace-Id")) {
      sampling_ = tracing::ReadTraceHeader(*header, call_.trace);
    }
    if (const std::string* host = request_.headers.Find("Host")) call_.endpoint = "http://" + *host;
    const auto scope = sigv4::ClaimedScope(request_);
    if (scope) {
      call_.caller.access_key_id = scope->access_key_id;
      if (!scope->region.empty()) call_.region = scope->region;
    }
    const std::string_view signing_name = scope ? std::string_view(scope->service) : "";
    auto target = ParseTarget(request_.target);
    if (target) {
      target_ = *std::move(target);
    } else {
      target_.path = std::string_view(request_.target).substr(0, request_.target.find('?'));
    }
    if (target && !scope && TakeLink()) return {};
    auto route = router_.Find(request_, target_, signing_name);
    if (!route) {
      route_.service = FindService("s3");  // labels are all that can be wrong
      return route.error();
    }
    route_ = *std::move(route);
    if (UnsignedForm(scope.has_value())) route_ = {};
    if (!target) {
      return Named("InvalidURI", ErrorCode::kInvalidInput,
                   "The query cannot be read: " + target.error().message + ".", 400);
    }
    if (!route_.service && GuessProtocol(request_) == Protocol::kQuery && !scope) {
      return FindServiceByForm();
    }
    if (!route_.service) return UnknownService(signing_name);
    call_.request_id =
        route_.service->protocol == Protocol::kRestXml ? AsciiUpper(SecureHex(8)) : NewUuid();
    return {};
  }

  // A link in a mail, opened by its reader. HEAD, by which links are looked at beforehand, is none.
  bool TakeLink() {
    if (request_.method != "GET" || target_.path != "/") return false;
    const Operation* operation = router_.FindLink(target_.query);
    if (!operation) return false;
    route_ = {operation->service, operation, {}};
    call_.request_id = NewUuid();
    return true;
  }

  // A form posted to the root by nobody in particular can only be meant for a query service.
  [[nodiscard]] bool UnsignedForm(bool has_scope) const {
    return !has_scope && target_.path == "/" && request_.method == "POST" &&
           GuessProtocol(request_) == Protocol::kQuery &&
           !(route_.service && route_.service->protocol == Protocol::kQuery);
  }

  Result<void> FindServiceByForm() {
    const std::size_t limit =
        options_.verify_signatures ? kMaxStrangersBodyBytes : options_.max_body_bytes;
    if (const auto read = ReadWhole(Protocol::kQuery, limit); !read) return read.error();
    const auto form = ParseParameters(body_, kMaxFormParameters);
    if (form) route_ = router_.FindByForm(nullptr, target_.query, *form);
    if (!route_.service) return UnknownService("");
    call_.request_id = NewUuid();
    return {};
  }

  Result<void> FindQueryOperation() {
    // What has been let in without a signature is that operation and no other.
    if (route_.operation) return {};
    const auto form = ParseParameters(body_, kMaxFormParameters);
    if (!form) {
      return Named("MalformedQueryString", ErrorCode::kInvalidInput, form.error().message, 400);
    }
    route_ = router_.FindByForm(route_.service, target_.query, *form);
    return {};
  }

  // Where the signature asked for the whole body, it is read already.
  [[nodiscard]] Stream BodyStream(const Operation& operation) const {
    if (body_read_ && StreamsIn(operation)) return std::make_shared<StringSource>(body_);
    return request_.body;
  }

  Result<void> ReadBody(const Service& service) {
    const std::size_t limit =
        service.id == "lambda" ? options_.max_lambda_body_bytes : options_.max_body_bytes;
    return body_read_ ? Result<void>() : ReadWhole(Spoken(), limit);
  }

  Result<void> ReadWhole(Protocol protocol, std::size_t limit) {
    if (const auto size = request_.body->size(); size && *size > limit) {
      return BodyTooLarge(protocol, limit);
    }
    auto body = ReadAll(*request_.body, limit);
    if (!body) {
      const bool own =
          body.error().code == ErrorCode::kLimitExceeded && body.error().wire_name.empty();
      return own ? BodyTooLarge(protocol, limit) : std::move(body).error();
    }
    body_ = *std::move(body);
    body_read_ = true;
    return {};
  }

  // Clients pack large bodies of some operations.
  Result<void> Unpack() {
    const std::string* encoding = request_.headers.Find("Content-Encoding");
    if (!encoding || *encoding != "gzip") return {};
    auto unpacked = Gunzip(body_, options_.max_body_bytes);
    if (!unpacked) {
      if (unpacked.error().code == ErrorCode::kLimitExceeded) {
        return BodyTooLarge(Spoken(), options_.max_body_bytes);
      }
      return Named("SerializationException", ErrorCode::kInvalidInput, unpacked.error().message,
                   400);
    }
    body_ = *std::move(unpacked);
    return {};
  }

  [[nodiscard]] bool NeedsNoSignature() const {
    return !options_.verify_signatures || (route_.operation && route_.operation->unsigned_allowed &&
                                           !sigv4::HasSignature(request_));
  }

  // Memory is not given to bodies of callers whom the head already shows to be strangers.
  Result<void> CheckBeforeLargeBody(const sigv4::Rules& rules) const {
    const auto size = request_.body->size();
    if (body_read_ || NeedsNoSignature() || (size && *size <= kMaxStrangersBodyBytes)) return {};
    return sigv4::CheckBeforeBody(request_, rules, credentials_, call_.now);
  }

  // Afterwards request_.body gives the bytes that the signature promised.
  Result<void> Authenticate(const sigv4::Rules& rules) {
    if (NeedsNoSignature()) {
      call_.caller.anonymous = options_.verify_signatures;
      if (!options_.verify_signatures) {
        call_.caller.arn = "arn:aws:iam::" + std::string(kAccountId) + ":root";
      }
      if (rules.hash_body) return {};
      auto body = DecodeUnsignedPayload(request_);
      if (!body) return body.error();
      request_.body = *std::move(body);
      return {};
    }
    if (!rules.hash_body && sigv2::IsLink(target_.query)) return AuthenticateLink();
    auto verified = sigv4::Verify(request_, body_, rules, credentials_, call_.now);
    if (!verified) return verified.error();
    call_.caller.access_key_id = verified->scope.access_key_id;
    call_.caller.arn = verified->arn;
    if (rules.hash_body) return {};
    auto body = DecodePayload(request_, *verified);
    if (!body) return body.error();
    request_.body = *std::move(body);
    return {};
  }

  Result<void> AuthenticateLink() {
    const auto verified = sigv2::VerifyLink(request_, target_, credentials_, call_.now);
    if (!verified) return verified.error();
    call_.caller.access_key_id = verified->access_key_id;
    call_.caller.arn = verified->arn;
    for (const auto& [name, value] : verified->headers) request_.headers.Set(name, value);
    auto body = DecodeUnsignedPayload(request_);
    if (!body) return body.error();
    request_.body = *std::move(body);
    return {};
  }

  // Of a body that is no object's: there the header says what the object must have.
  [[nodiscard]] Result<void> CheckChecksums(const Operation& operation) const {
    if (auto md5 = CheckContentMd5(request_.headers, body_); !md5) return md5;
    if (!operation.checksum_required) return {};
    return CheckChecksumHeaders(request_.headers, body_);
  }

  [[nodiscard]] Error NotBuilt(const Operation& operation) const {
    return Unsupported(std::string(operation.service->title) + " " + std::string(operation.name) +
                       " is not supported by Usher.");
  }

  [[nodiscard]] AnswerContext AnswerFrame() const {
    return {.request_id = call_.request_id, .head = request_.method == "HEAD"};
  }

  HttpResponse Refuse(const Error& error, Outcome& outcome) {
    if (call_.request_id.empty()) {
      call_.request_id = NewUuid();
      outcome.request_id = call_.request_id;
    }
    const Protocol protocol = Spoken();
    const ErrorAnswer answer = route_.service ? NameError(*route_.service, route_.operation, error)
                                              : NameError(protocol, error);
    outcome.error_name = answer.name;
    if (IsInternal(error)) {
      Log(LogLevel::kError, "internal error",
          {{"request_id", call_.request_id},
           {"service", outcome.service},
           {"operation", outcome.operation},
           {"message", error.message}});
    }
    return SpokenCodec().encode_error(answer, AnswerFrame());
  }

  const Dispatcher& dispatcher_;
  const Credentials& credentials_;
  const Router& router_;
  const GatewayOptions& options_;
  HttpRequest request_;
  RequestTarget target_;  // its path lies in request_.target
  Route route_;
  CallContext call_;
  tracing::SamplingDecision sampling_ = tracing::SamplingDecision::kNone;
  std::string body_;
  bool body_read_ = false;
};

}  // namespace

Gateway::Gateway(const Dispatcher& dispatcher, const Credentials& credentials, const Clock& clock,
                 GatewayOptions options)
    : dispatcher_(dispatcher),
      credentials_(credentials),
      clock_(clock),
      options_(options),
      router_(options.services) {}

HttpResponse Gateway::Handle(HttpRequest request, Outcome& outcome) const {
  Exchange exchange(dispatcher_, credentials_, router_, options_, clock_.Now(), std::move(request));
  return exchange.Run(outcome);
}

}  // namespace usher::wire
