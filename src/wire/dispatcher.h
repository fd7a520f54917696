// Dispatcher: the one door. Whoever calls an operation, an HTTP client, a job, a state machine,
// comes through here; so validation, metrics and audit exist once. So do traces: a call from
// outside becomes a segment, a call within a segment that is open (tracing/trace_context.h) a
// subsegment of it (wire/call_trace.h says which).
//
//   dispatcher.Handle<api::personalize::CreateCampaign>(
//       [&](const auto& request, CallContext& context) { return CreateCampaign(request, catalog,
//       context); });
//   const auto got = dispatcher.Call<api::s3::GetObject>({.bucket = "b", .key = "k"}, context);
//
// Threads: Handle at start only; Call from any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "base/value.h"
#include "tracing/trace_context.h"
#include "wire/call_trace.h"
#include "wire/http_message.h"
#include "wire/shape.h"

namespace usher::metrics {
class Registry;
}

namespace usher::wire {

inline constexpr std::string_view kAccountId = "000000000000";
inline constexpr std::string_view kDefaultRegion = "us-east-1";

struct Caller {
  std::string account_id = std::string(kAccountId);
  std::string access_key_id;  // empty for the server itself and for anonymous callers
  std::string arn;            // arn:aws:iam::…:root for the server's own key
  bool anonymous = false;
};

// Where in which trace the call stands, carried from call to call.
using tracing::TraceContext;

// What travels beside a request. A handler may add to the answer what its shape cannot say.
struct CallContext {
  Caller caller;
  std::string region = std::string(kDefaultRegion);
  std::string request_id;
  TraceContext trace;
  Time now;              // when the call came in
  std::string endpoint;  // "http://127.0.0.1:4566", as the client sees it; empty for internal calls
  std::string peer;      // address of the client, without the port; empty for internal calls
  // The client's request, for the trace; nullptr for internal calls.
  const HttpRequest* http = nullptr;

  int response_status =
      0;  // replaces the operation's own success status (206 for a range) when not 0
  Headers response_headers;  // added to the answer
};

class Dispatcher {
 public:
  using Handler = std::function<Result<Value>(const Value& request, CallContext& context)>;

  void Add(const Operation& operation, Handler handler);
  // Where traces and numbers go; both outlive the dispatcher's last call. Without them nothing is
  // kept of either. At start only.
  void SetTelemetry(tracing::Recorder* recorder, metrics::Registry* metrics) {
    recorder_ = recorder;
    metrics_ = metrics;
  }
  // nullptr when there is none.
  [[nodiscard]] tracing::Recorder* recorder() const { return recorder_; }
  [[nodiscard]] metrics::Registry* metrics() const { return metrics_; }

  // Op is a generated tag: Op::Request, Op::Response, Op::operation().
  template <typename Op, typename F>
  void Handle(F handler) {
    Add(Op::operation(),
        [handler = std::move(handler)](const Value& request,
                                       CallContext& context) -> Result<Value> {
          auto response = handler(Op::Request::FromValue(request), context);
          if (!response) return std::move(response).error();
          return response->ToValue();
        });
  }

  // Validates, then runs the handler. Errors: invalid input listing every violation; unsupported
  // when the operation has no handler; whatever the handler gives.
  Result<Value> Call(const Operation& operation, const Value& request, CallContext& context) const;

  template <typename Op>
  Result<typename Op::Response> Call(const typename Op::Request& request,
                                     CallContext& context) const {
    auto response = Call(Op::operation(), request.ToValue(), context);
    if (!response) return std::move(response).error();
    return Op::Response::FromValue(*response);
  }

 private:
  struct Entry {
    Handler handler;
    TraceRole role;
    std::string_view node;  // NodeName of the service
  };

  static Result<Value> Run(const Entry& entry, const Operation& operation, const Value& request,
                           CallContext& context);

  std::unordered_map<const Operation*, Entry> handlers_;
  tracing::Recorder* recorder_ = nullptr;
  metrics::Registry* metrics_ = nullptr;
};

}  // namespace usher::wire
