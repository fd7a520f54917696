// Objects of buckets for people: the beginning of one as text, or the whole one as a file that the
// browser saves and never shows.
//
// What is in a bucket is anybody's: it must never run where the console's pages do. A preview is a
// text in JSON, which the pages show as text. A download has no type of its own, is an attachment,
// and comes with a policy under which a browser that opened it all the same would run nothing.
//
// Source:  RFC 6266 and RFC 8187 (Content-Disposition), W3C CSP 3 (sandbox).
// Threads: safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/value.h"
#include "wire/dispatcher.h"
#include "wire/http_message.h"

namespace usher::console {

inline constexpr std::size_t kMaxPreviewBytes = 64U << 10;
inline constexpr std::string_view kDownloadPolicy = "sandbox; default-src 'none'";

// {"bucket", "key"} -> {"size", "text", "whole"}: the first kMaxPreviewBytes of an object that is
// UTF-8 without control characters; "text" is left out for any other. "whole": all of it is there.
// Errors: invalid input naming the member that is missing; as HeadObject and GetObject.
Result<Value> PreviewObject(const Value& request, const wire::Dispatcher& dispatcher,
                            wire::CallContext& context);

// The object that a query "bucket=…&key=…" names, percent-encoded, as a stream.
// Errors: invalid input for another query; as GetObject.
Result<wire::HttpResponse> DownloadObject(std::string_view query,
                                          const wire::Dispatcher& dispatcher,
                                          wire::CallContext& context);

}  // namespace usher::console
