#include "services/s3/service.h"

#include "services/s3/operations.h"

namespace usher::s3 {
namespace {

template <typename Op, typename Function>
void AddWithEvents(wire::Dispatcher& dispatcher, storage::ObjectStore& store, ObjectEvents& events,
                   Function function) {
  dispatcher.Handle<Op>(
      [&store, &events, function](const auto& request, wire::CallContext& context) {
        return function(request, context, store, events);
      });
}

template <typename Op, typename Function>
void Add(wire::Dispatcher& dispatcher, storage::ObjectStore& store, Function function) {
  dispatcher.Handle<Op>([&store, function](const auto& request, wire::CallContext& context) {
    return function(request, context, store);
  });
}

}  // namespace

void Register(wire::Dispatcher& dispatcher, storage::ObjectStore& store, ObjectEvents& events) {
  Add<api::s3::AbortMultipartUpload>(dispatcher, store, AbortMultipartUpload);
  AddWithEvents<api::s3::CompleteMultipartUpload>(dispatcher, store, events,
                                                  CompleteMultipartUpload);
  AddWithEvents<api::s3::CopyObject>(dispatcher, store, events, CopyObject);
  Add<api::s3::CreateBucket>(dispatcher, store, CreateBucket);
  Add<api::s3::CreateMultipartUpload>(dispatcher, store, CreateMultipartUpload);
  Add<api::s3::DeleteBucket>(dispatcher, store, DeleteBucket);
  Add<api::s3::DeleteBucketPolicy>(dispatcher, store, DeleteBucketPolicy);
  Add<api::s3::DeleteBucketTagging>(dispatcher, store, DeleteBucketTagging);
  AddWithEvents<api::s3::DeleteObject>(dispatcher, store, events, DeleteObject);
  Add<api::s3::DeleteObjectTagging>(dispatcher, store, DeleteObjectTagging);
  AddWithEvents<api::s3::DeleteObjects>(dispatcher, store, events, DeleteObjects);
  Add<api::s3::GetBucketAccelerateConfiguration>(dispatcher, store,
                                                 GetBucketAccelerateConfiguration);
  Add<api::s3::GetBucketAcl>(dispatcher, store, GetBucketAcl);
  Add<api::s3::GetBucketLocation>(dispatcher, store, GetBucketLocation);
  Add<api::s3::GetBucketNotificationConfiguration>(dispatcher, store,
                                                   GetBucketNotificationConfiguration);
  Add<api::s3::GetBucketPolicy>(dispatcher, store, GetBucketPolicy);
  Add<api::s3::GetBucketTagging>(dispatcher, store, GetBucketTagging);
  Add<api::s3::GetBucketVersioning>(dispatcher, store, GetBucketVersioning);
  Add<api::s3::GetObject>(dispatcher, store, GetObject);
  Add<api::s3::GetObjectAttributes>(dispatcher, store, GetObjectAttributes);
  Add<api::s3::GetObjectTagging>(dispatcher, store, GetObjectTagging);
  Add<api::s3::HeadBucket>(dispatcher, store, HeadBucket);
  Add<api::s3::HeadObject>(dispatcher, store, HeadObject);
  Add<api::s3::ListBuckets>(dispatcher, store, ListBuckets);
  Add<api::s3::ListMultipartUploads>(dispatcher, store, ListMultipartUploads);
  Add<api::s3::ListObjects>(dispatcher, store, ListObjects);
  Add<api::s3::ListObjectsV2>(dispatcher, store, ListObjectsV2);
  Add<api::s3::ListParts>(dispatcher, store, ListParts);
  Add<api::s3::PutBucketAccelerateConfiguration>(dispatcher, store,
                                                 PutBucketAccelerateConfiguration);
  AddWithEvents<api::s3::PutBucketNotificationConfiguration>(dispatcher, store, events,
                                                             PutBucketNotificationConfiguration);
  Add<api::s3::PutBucketPolicy>(dispatcher, store, PutBucketPolicy);
  Add<api::s3::PutBucketTagging>(dispatcher, store, PutBucketTagging);
  AddWithEvents<api::s3::PutObject>(dispatcher, store, events, PutObject);
  Add<api::s3::PutObjectTagging>(dispatcher, store, PutObjectTagging);
  Add<api::s3::UploadPart>(dispatcher, store, UploadPart);
  Add<api::s3::UploadPartCopy>(dispatcher, store, UploadPartCopy);
}

}  // namespace usher::s3
