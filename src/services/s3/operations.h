// The operations of S3: what each does is in its public API page, how in the file of its name.
//
// Errors: every operation on a bucket gives NoSuchBucket, and AccessDenied when the expected bucket
//         owner is another account; the sources name the rest.
// Threads: safe from any thread.
#pragma once

#include "base/result.h"
#include "services/s3/object_events.h"
#include "storage/object_store.h"
#include "wire/dispatcher.h"
#include "wire/s3.h"

namespace usher::s3 {

// Buckets.
Result<api::s3::CreateBucket::Response> CreateBucket(const api::s3::CreateBucket::Request& request,
                                                     wire::CallContext& context,
                                                     storage::ObjectStore& store);
Result<api::s3::DeleteBucket::Response> DeleteBucket(const api::s3::DeleteBucket::Request& request,
                                                     wire::CallContext& context,
                                                     storage::ObjectStore& store);
Result<api::s3::HeadBucket::Response> HeadBucket(const api::s3::HeadBucket::Request& request,
                                                 wire::CallContext& context,
                                                 storage::ObjectStore& store);
Result<api::s3::ListBuckets::Response> ListBuckets(const api::s3::ListBuckets::Request& request,
                                                   wire::CallContext& context,
                                                   storage::ObjectStore& store);
Result<api::s3::GetBucketLocation::Response> GetBucketLocation(
    const api::s3::GetBucketLocation::Request& request, wire::CallContext& context,
    storage::ObjectStore& store);
Result<api::s3::GetBucketVersioning::Response> GetBucketVersioning(
    const api::s3::GetBucketVersioning::Request& request, wire::CallContext& context,
    storage::ObjectStore& store);
Result<api::s3::GetBucketAcl::Response> GetBucketAcl(const api::s3::GetBucketAcl::Request& request,
                                                     wire::CallContext& context,
                                                     storage::ObjectStore& store);
Result<api::s3::PutBucketPolicy::Response> PutBucketPolicy(
    const api::s3::PutBucketPolicy::Request& request, wire::CallContext& context,
    storage::ObjectStore& store);
Result<api::s3::GetBucketPolicy::Response> GetBucketPolicy(
    const api::s3::GetBucketPolicy::Request& request, wire::CallContext& context,
    storage::ObjectStore& store);
Result<api::s3::DeleteBucketPolicy::Response> DeleteBucketPolicy(
    const api::s3::DeleteBucketPolicy::Request& request, wire::CallContext& context,
    storage::ObjectStore& store);
Result<api::s3::PutBucketAccelerateConfiguration::Response> PutBucketAccelerateConfiguration(
    const api::s3::PutBucketAccelerateConfiguration::Request& request, wire::CallContext& context,
    storage::ObjectStore& store);
Result<api::s3::GetBucketAccelerateConfiguration::Response> GetBucketAccelerateConfiguration(
    const api::s3::GetBucketAccelerateConfiguration::Request& request, wire::CallContext& context,
    storage::ObjectStore& store);
Result<api::s3::PutBucketTagging::Response> PutBucketTagging(
    const api::s3::PutBucketTagging::Request& request, wire::CallContext& context,
    storage::ObjectStore& store);
Result<api::s3::GetBucketTagging::Response> GetBucketTagging(
    const api::s3::GetBucketTagging::Request& request, wire::CallContext& context,
    storage::ObjectStore& store);
Result<api::s3::DeleteBucketTagging::Response> DeleteBucketTagging(
    const api::s3::DeleteBucketTagging::Request& request, wire::CallContext& context,
    storage::ObjectStore& store);
Result<api::s3::PutBucketNotificationConfiguration::Response> PutBucketNotificationConfiguration(
    const api::s3::PutBucketNotificationConfiguration::Request& request, wire::CallContext& context,
    storage::ObjectStore& store, ObjectEvents& events);
Result<api::s3::GetBucketNotificationConfiguration::Response> GetBucketNotificationConfiguration(
    const api::s3::GetBucketNotificationConfiguration::Request& request, wire::CallContext& context,
    storage::ObjectStore& store);

// Objects.
Result<api::s3::PutObject::Response> PutObject(const api::s3::PutObject::Request& request,
                                               wire::CallContext& context,
                                               storage::ObjectStore& store, ObjectEvents& events);
Result<api::s3::GetObject::Response> GetObject(const api::s3::GetObject::Request& request,
                                               wire::CallContext& context,
                                               storage::ObjectStore& store);
Result<api::s3::HeadObject::Response> HeadObject(const api::s3::HeadObject::Request& request,
                                                 wire::CallContext& context,
                                                 storage::ObjectStore& store);
Result<api::s3::GetObjectAttributes::Response> GetObjectAttributes(
    const api::s3::GetObjectAttributes::Request& request, wire::CallContext& context,
    storage::ObjectStore& store);
Result<api::s3::CopyObject::Response> CopyObject(const api::s3::CopyObject::Request& request,
                                                 wire::CallContext& context,
                                                 storage::ObjectStore& store, ObjectEvents& events);
Result<api::s3::DeleteObject::Response> DeleteObject(const api::s3::DeleteObject::Request& request,
                                                     wire::CallContext& context,
                                                     storage::ObjectStore& store,
                                                     ObjectEvents& events);
Result<api::s3::DeleteObjects::Response> DeleteObjects(
    const api::s3::DeleteObjects::Request& request, wire::CallContext& context,
    storage::ObjectStore& store, ObjectEvents& events);
Result<api::s3::ListObjects::Response> ListObjects(const api::s3::ListObjects::Request& request,
                                                   wire::CallContext& context,
                                                   storage::ObjectStore& store);
Result<api::s3::ListObjectsV2::Response> ListObjectsV2(
    const api::s3::ListObjectsV2::Request& request, wire::CallContext& context,
    storage::ObjectStore& store);
Result<api::s3::PutObjectTagging::Response> PutObjectTagging(
    const api::s3::PutObjectTagging::Request& request, wire::CallContext& context,
    storage::ObjectStore& store);
Result<api::s3::GetObjectTagging::Response> GetObjectTagging(
    const api::s3::GetObjectTagging::Request& request, wire::CallContext& context,
    storage::ObjectStore& store);
Result<api::s3::DeleteObjectTagging::Response> DeleteObjectTagging(
    const api::s3::DeleteObjectTagging::Request& request, wire::CallContext& context,
    storage::ObjectStore& store);

// Uploads in parts.
Result<api::s3::CreateMultipartUpload::Response> CreateMultipartUpload(
    const api::s3::CreateMultipartUpload::Request& request, wire::CallContext& context,
    storage::ObjectStore& store);
Result<api::s3::UploadPart::Response> UploadPart(const api::s3::UploadPart::Request& request,
                                                 wire::CallContext& context,
                                                 storage::ObjectStore& store);
Result<api::s3::UploadPartCopy::Response> UploadPartCopy(
    const api::s3::UploadPartCopy::Request& request, wire::CallContext& context,
    storage::ObjectStore& store);
Result<api::s3::ListParts::Response> ListParts(const api::s3::ListParts::Request& request,
                                               wire::CallContext& context,
                                               storage::ObjectStore& store);
Result<api::s3::ListMultipartUploads::Response> ListMultipartUploads(
    const api::s3::ListMultipartUploads::Request& request, wire::CallContext& context,
    storage::ObjectStore& store);
Result<api::s3::CompleteMultipartUpload::Response> CompleteMultipartUpload(
    const api::s3::CompleteMultipartUpload::Request& request, wire::CallContext& context,
    storage::ObjectStore& store, ObjectEvents& events);
Result<api::s3::AbortMultipartUpload::Response> AbortMultipartUpload(
    const api::s3::AbortMultipartUpload::Request& request, wire::CallContext& context,
    storage::ObjectStore& store);

}  // namespace usher::s3
