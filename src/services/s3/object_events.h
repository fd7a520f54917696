// The one place that every object passes when it comes into being or goes: what the bucket's rules
// say is sent follows from the object's own commit, so that whoever is told that an object is
// stored can rely on its event.
//
//   const auto announcement = events.Announce(ObjectEvent::kPut, *bucket, context);
//   store.PutObject(…, announcement.consequence());
//
// Delivery: at least once, to a function as an asynchronous invocation; one record an event. A
//           target that is not there is named in the log and gets no second try; one that is busy
//           or fails is tried again for a day.
// Circles:  an event that functions have caused through kMaxDepth events before it is dropped, with
//           a line in the log that names the rule: the function writes where it is triggered.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "jobs/delivery_queue.h"
#include "services/s3/notification_rules.h"
#include "storage/object_store.h"
#include "wire/dispatcher.h"

namespace usher::s3 {

enum class ObjectEvent { kPut, kCopy, kCompleteMultipartUpload, kDelete };

inline constexpr int kMaxDepth = 16;

// Of `bucket`, as its document keeps it; empty when there is none.
[[nodiscard]] api::s3::NotificationConfiguration NotificationsOf(const storage::Bucket& bucket);
inline constexpr const char* kNotificationSetting = "notification";

class ObjectEvents {
 public:
  // Adds the lane "s3/events"; all must outlive this object.
  ObjectEvents(wire::Dispatcher& dispatcher, jobs::DeliveryQueue& deliveries, const Clock& clock);

  // Sends what was committed when it ends.
  class Announcement {
   public:
    Announcement(Announcement&&) = default;
    ~Announcement();
    // To be given to the store; lives as long as this announcement.
    [[nodiscard]] storage::Consequence consequence() const;

   private:
    friend class ObjectEvents;
    struct Told;
    explicit Announcement(std::unique_ptr<Told> told);
    std::unique_ptr<Told> told_;  // null when the bucket has no rules
  };

  [[nodiscard]] Announcement Announce(ObjectEvent event, const storage::Bucket& bucket,
                                      const wire::CallContext& context);

  // The message that a topic or a queue gets when a rule comes to name it, at once. Errors: those
  // of the target.
  [[nodiscard]] Result<void> SendTest(const NotificationRule& rule, const std::string& bucket,
                                      const wire::CallContext& context) const;
  // Errors: those of looking for the function.
  [[nodiscard]] Result<void> FindFunction(const std::string& arn,
                                          const wire::CallContext& context) const;

 private:
  jobs::Outcome Deliver(const jobs::Delivery& delivery) const;
  std::string NextSequencer(Time now);

  wire::Dispatcher& dispatcher_;
  jobs::DeliveryQueue& deliveries_;
  const Clock& clock_;
  std::atomic<std::uint64_t> last_sequencer_ = 0;
};

}  // namespace usher::s3
