// SNS: topics, subscriptions and what is published to them, delivered at least once by mail, HTTP,
// Lambda and SQS.
//
// A publish commits one delivery for each subscription that takes the message
// (jobs/delivery_queue.h), in lanes of their own: "sns/mail", "sns/http", "sns/lambda", "sns/sqs".
// Once the call has returned, each is tried until it succeeds or is too old (delivery.h).
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "jobs/delivery_queue.h"
#include "mail/mailer.h"
#include "outbound/http_client.h"
#include "services/sns/signer.h"
#include "storage/document_store.h"
#include "wire/dispatcher.h"

namespace usher::sns {

struct Options {
  std::string endpoint;                       // of this server, for links: "http://127.0.0.1:4566"
  std::string sender = "no-reply@localhost";  // of mails
  // Subscriptions of mail addresses and URLs hold at once, without their owner's confirmation.
  bool auto_confirm = false;
};

// What the operations and the deliveries share. Everything must outlive the dispatcher's use and
// the queue.
struct Service {
  storage::DocumentStore& store;
  jobs::DeliveryQueue& queue;
  const wire::Dispatcher& dispatcher;
  const Clock& clock;
  mail::Mailer& mailer;
  outbound::HttpClient& http;
  Signer& signer;
  Options options;
};

// Adds every operation of the service to `dispatcher` and its lanes to the queue.
void Register(wire::Dispatcher& dispatcher, Service& service);

}  // namespace usher::sns
