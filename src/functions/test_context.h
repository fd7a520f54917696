// For tests: a door with buckets in memory, and an invocation of a function.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "functions/builtin_function.h"
#include "wire/s3.h"

namespace usher::functions {

struct TestContext {
  TestContext() {
    dispatcher.Handle<api::s3::GetObject>(
        [this](const api::s3::GetObjectRequest& request,
               wire::CallContext& /*context*/) -> Result<api::s3::GetObjectOutput> {
          const auto found = objects.find({request.bucket, request.key});
          if (found == objects.end()) {
            return Named("NoSuchKey", ErrorCode::kNotFound, "The specified key does not exist.");
          }
          ++reads;
          api::s3::GetObjectOutput response;
          response.e_tag = found->second;
          response.body = std::make_shared<StringSource>(found->second);
          return response;
        });
    // The bytes themselves stand in for their hash.
    dispatcher.Handle<api::s3::HeadObject>(
        [this](const api::s3::HeadObjectRequest& request,
               wire::CallContext& /*context*/) -> Result<api::s3::HeadObjectOutput> {
          const auto found = objects.find({request.bucket, request.key});
          if (found == objects.end()) {
            return Named("NotFound", ErrorCode::kNotFound, "The object does not exist.");
          }
          api::s3::HeadObjectOutput response;
          response.e_tag = found->second;
          response.content_length = static_cast<std::int64_t>(found->second.size());
          return response;
        });
    dispatcher.Handle<api::s3::PutObject>(
        [this](const api::s3::PutObjectRequest& request,
               wire::CallContext& /*context*/) -> Result<api::s3::PutObjectOutput> {
          auto bytes = ReadAll(*request.body, std::size_t{1} << 30);
          if (!bytes) return bytes.error();
          objects[{request.bucket, request.key}] = *std::move(bytes);
          return api::s3::PutObjectOutput{};
        });
  }

  // Invokes a function with one record. The key is put into the event as it is given.
  using Function = std::function<Result<std::string>(const std::string&, FunctionContext&)>;
  Result<std::string> Invoke(const Function& function, const std::string& bucket,
                             const std::string& encoded_key) {
    return Invoke(function, R"({"Records":[{"s3":{"bucket":{"name":")" + bucket +
                                R"("},"object":{"key":")" + encoded_key + R"("}}}]})");
  }

  Result<std::string> Invoke(const Function& function, const std::string& event) {
    FunctionContext context{.request_id = "1",
                            .function_name = "f",
                            .function_version = "$LATEST",
                            .invoked_function_arn = "arn",
                            .environment = environment,
                            .deadline = deadline,
                            .clock = clock,
                            .cancelled = cancelled,
                            .dispatcher = dispatcher,
                            .call = call,
                            .log = [this](std::string_view line) { lines.emplace_back(line); }};
    return function(event, context);
  }

  FixedClock clock{FromEpochMillis(1'658'365'323'456)};
  Time deadline = FromEpochMillis(1'658'365'999'000);
  std::atomic<bool> cancelled = false;
  std::map<std::string, std::string> environment;
  std::map<std::pair<std::string, std::string>, std::string> objects;
  int reads = 0;                   // of objects
  std::vector<std::string> lines;  // of the log
  wire::Dispatcher dispatcher;
  wire::CallContext call;
};

}  // namespace usher::functions
