#include "server/console_operations.h"

#include <algorithm>

#include "console/objects.h"
#include "mail/maildir.h"
#include "services/personalize/insight.h"
#include "services/states/insight.h"

namespace usher::server {
namespace {

const std::string* Text(const Value& request, std::string_view name) {
  const Value* value = request.Find(name);
  return value ? value->as_string() : nullptr;
}

Result<Value> Titles(const Value& request, functions::MovieCatalogues& catalogues,
                     const wire::Dispatcher& dispatcher, wire::CallContext& context) {
  const std::string* bucket = Text(request, "bucket");
  const std::string* key = Text(request, "key");
  const Value* given = request.Find("itemIds");
  const ValueList* ids = given ? given->as_list() : nullptr;
  if (!bucket || !key || !ids || ids->size() > kMaxTitles) {
    return InvalidInput("bucket, key and a list of at most " + std::to_string(kMaxTitles) +
                        " itemIds are needed");
  }
  const auto catalogue = catalogues.Get(*bucket, *key, dispatcher, context);
  if (!catalogue) return catalogue.error();
  ValueMap movies;
  for (const Value& id : *ids) {
    if (!id.as_string()) return InvalidInput("itemIds must be texts");
    const functions::Movie* movie = (*catalogue)->Find(*id.as_string());
    if (!movie) continue;
    ValueMap entry;
    entry.Append("title", movie->title);
    entry.Append("genres", ValueList(movie->genres.begin(), movie->genres.end()));
    movies.Set(*id.as_string(), std::move(entry));
  }
  ValueMap answer;
  answer.Append("movies", std::move(movies));
  return Value(std::move(answer));
}

ValueMap MailHead(const std::string& name, const mail::Mail& one) {
  ValueMap head;
  head.Append("name", name);
  head.Append("date", one.date);
  head.Append("from", one.from);
  head.Append("to", one.to);
  head.Append("subject", one.subject);
  return head;
}

Result<Value> Mails(const std::string& folder) {
  ValueMap answer;
  answer.Append("relay", folder.empty());
  mail::NewestMails newest;
  if (!folder.empty()) {
    auto read = mail::ReadNewestMails(folder, kMaxMails);
    if (!read) return read.error();
    newest = *std::move(read);
  }
  answer.Append("files", static_cast<std::int64_t>(newest.files));
  ValueList mails;
  for (const mail::StoredMail& one : newest.mails) mails.emplace_back(MailHead(one.name, one.mail));
  std::ranges::reverse(mails);
  answer.Append("mails", std::move(mails));
  return Value(std::move(answer));
}

Result<Value> OneMail(const Value& request, const std::string& folder) {
  const std::string* name = Text(request, "name");
  if (!name) return InvalidInput("the name of a mail is needed");
  if (folder.empty()) return NotFound("mails are not kept here: a relay takes them");
  const auto found = mail::ReadMail(folder, *name);
  if (!found) return found.error();
  ValueMap answer = MailHead(*name, *found);
  answer.Append("messageId", found->message_id);
  answer.Append("body", found->body);
  ValueMap fields;
  for (const auto& [field, text] : found->fields) fields.Set(field, text);
  answer.Append("fields", std::move(fields));
  return Value(std::move(answer));
}

}  // namespace

std::map<std::string, console::OwnOperation, std::less<>> ConsoleOperations(
    const ServerFacts& facts, personalize::Service& personalize, states::Service& states,
    functions::MovieCatalogues& catalogues, const wire::Dispatcher& dispatcher) {
  const auto of = [&personalize](Result<Value> (*run)(const Value&, personalize::Service&)) {
    return [&personalize, run](const Value& request, wire::CallContext& /*context*/) {
      return run(request, personalize);
    };
  };
  return {
      {"Server",
       [facts](const Value& /*request*/, wire::CallContext& /*context*/) -> Result<Value> {
         ValueMap answer;
         answer.Append("version", facts.version);
         answer.Append("endpoint", facts.endpoint);
         answer.Append("started", facts.started);
         return Value(std::move(answer));
       }},
      {"Titles",
       [&](const Value& request, wire::CallContext& context) {
         return Titles(request, catalogues, dispatcher, context);
       }},
      {"Mails",
       [folder = facts.mail_folder](const Value& /*request*/, wire::CallContext& /*context*/) {
         return Mails(folder);
       }},
      {"Mail",
       [folder = facts.mail_folder](const Value& request, wire::CallContext& /*context*/) {
         return OneMail(request, folder);
       }},
      {"Preview",
       [&](const Value& request, wire::CallContext& context) {
         return console::PreviewObject(request, dispatcher, context);
       }},
      {"ExecutionTrace",
       [&states](const Value& request, wire::CallContext& /*context*/) {
         return states::TraceOfExecution(request, states);
       }},
      {"ExecutionEvents",
       [&states](const Value& request, wire::CallContext& /*context*/) {
         return states::EventsOfExecution(request, states);
       }},
      {"Campaign", of(personalize::DescribeModel)},
      {"History", of(personalize::UserHistory)},
      {"Explain", of(personalize::ExplainRecommendation)},
      {"Progress", of(personalize::ProgressOf)},
      {"TrainingCurve", of(personalize::TrainingCurve)},
  };
}

}  // namespace usher::server
