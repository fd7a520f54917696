// A server's S3 without the server: calls go through the dispatcher, as any caller's.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/check.h"
#include "services/s3/service.h"
#include "storage/object_store.h"
#include "wire/dispatcher.h"
#include "wire/s3.h"

namespace usher::s3 {

class S3Test : public testing::Test {
 protected:
  S3Test() {
    std::string name = testing::TempDir() + "s3_XXXXXX";
    folder_ = mkdtemp(name.data());
    auto documents = storage::OpenSqliteStore(folder_);
    Check(documents.has_value(), "document store opens");
    documents_ = std::move(*documents);
    auto store = storage::ObjectStore::Open(folder_ + "/objects", *documents_, clock_);
    Check(store.has_value(), "object store opens");
    store_ = std::move(*store);
    deliveries_ = jobs::DeliveryQueue::Create(*documents_, clock_);
    events_ = std::make_unique<ObjectEvents>(dispatcher_, *deliveries_, clock_);
    Register(dispatcher_, *store_, *events_);
    Check(Call<api::s3::CreateBucket>({.bucket = "bucket"}).has_value(), "bucket is made");
  }
  ~S3Test() override {
    deliveries_->Stop();
    store_.reset();
    documents_.reset();
    std::filesystem::remove_all(folder_);
  }

  // `context_` tells afterwards what the call put beside its answer.
  template <typename Op>
  Result<typename Op::Response> Call(const typename Op::Request& request) {
    context_ = {};
    context_.region = region_;
    context_.now = clock_.Now();
    context_.endpoint = "http://127.0.0.1:4566";
    return dispatcher_.Call<Op>(request, context_);
  }

  // The public name of the error that a call must give; "" for success.
  template <typename Op>
  std::string ErrorOf(const typename Op::Request& request) {
    const auto answer = Call<Op>(request);
    if (answer) return "";
    const Error& error = answer.error();
    return error.wire_name.empty() ? "unnamed: " + error.message : error.wire_name;
  }

  Result<api::s3::PutObjectOutput> Put(const std::string& key, const std::string& body) {
    return Call<api::s3::PutObject>({.body = Body(body), .bucket = "bucket", .key = key});
  }
  std::string Get(const std::string& key) { return GetBytes({.bucket = "bucket", .key = key}); }
  std::string GetBytes(const api::s3::GetObjectRequest& request) {
    const auto got = Call<api::s3::GetObject>(request);
    if (!got) return "<" + got.error().wire_name + ">";
    const auto bytes = ReadAll(*got->body, 1U << 30);
    return bytes ? *bytes : "<" + bytes.error().message + ">";
  }
  static Stream Body(std::string bytes) { return std::make_shared<StringSource>(std::move(bytes)); }

  std::string folder_;
  FixedClock clock_{FromEpochMillis(1'700'000'000'500)};
  std::unique_ptr<storage::DocumentStore> documents_;
  std::unique_ptr<storage::ObjectStore> store_;
  wire::Dispatcher dispatcher_;
  std::unique_ptr<jobs::DeliveryQueue> deliveries_;
  std::unique_ptr<ObjectEvents> events_;
  std::string region_ = "us-east-1";
  wire::CallContext context_;
};

}  // namespace usher::s3
