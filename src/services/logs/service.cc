#include "services/logs/service.h"

#include <chrono>

#include "services/logs/operations.h"

namespace usher::logs {
namespace {

constexpr std::chrono::minutes kKeepEvery{10};

}  // namespace

Service::~Service() {
  {
    const std::unique_lock lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (keeper_.joinable()) keeper_.join();
}

Result<void> Service::Start() {
  if (auto loaded = groups.Load(); !loaded) return loaded;
  keeper_ = std::thread([this] { Keep(); });
  return {};
}

void Service::WakeKeeper() {
  {
    const std::unique_lock lock(mutex_);
    wake_ = true;
  }
  changed_.notify_all();
}

void Service::Keep() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    changed_.wait_for(lock, kKeepEvery, [this] { return stop_ || wake_; });
    if (stop_) return;
    wake_ = false;
    lock.unlock();
    groups.Maintain();
    lock.lock();
  }
}

void Register(wire::Dispatcher& dispatcher, Service& service) {
  const auto add = [&]<typename Op>(auto operation, Op* /*tag*/) {
    dispatcher.Handle<Op>(
        [operation, &service](const typename Op::Request& request, wire::CallContext& context) {
          return operation(request, service, context);
        });
  };

  add(CreateLogGroup, static_cast<api::CreateLogGroup*>(nullptr));
  add(DescribeLogGroups, static_cast<api::DescribeLogGroups*>(nullptr));
  add(DeleteLogGroup, static_cast<api::DeleteLogGroup*>(nullptr));
  add(PutRetentionPolicy, static_cast<api::PutRetentionPolicy*>(nullptr));
  add(DeleteRetentionPolicy, static_cast<api::DeleteRetentionPolicy*>(nullptr));

  add(CreateLogStream, static_cast<api::CreateLogStream*>(nullptr));
  add(DescribeLogStreams, static_cast<api::DescribeLogStreams*>(nullptr));
  add(DeleteLogStream, static_cast<api::DeleteLogStream*>(nullptr));

  add(PutLogEvents, static_cast<api::PutLogEvents*>(nullptr));
  add(GetLogEvents, static_cast<api::GetLogEvents*>(nullptr));
  add(FilterLogEvents, static_cast<api::FilterLogEvents*>(nullptr));

  add(StartQuery, static_cast<api::StartQuery*>(nullptr));
  add(GetQueryResults, static_cast<api::GetQueryResults*>(nullptr));
  add(StopQuery, static_cast<api::StopQuery*>(nullptr));
  add(DescribeQueries, static_cast<api::DescribeQueries*>(nullptr));

  add(TagResource, static_cast<api::TagResource*>(nullptr));
  add(UntagResource, static_cast<api::UntagResource*>(nullptr));
  add(ListTagsForResource, static_cast<api::ListTagsForResource*>(nullptr));
  add(TagLogGroup, static_cast<api::TagLogGroup*>(nullptr));
  add(UntagLogGroup, static_cast<api::UntagLogGroup*>(nullptr));
  add(ListTagsLogGroup, static_cast<api::ListTagsLogGroup*>(nullptr));
}

}  // namespace usher::logs
