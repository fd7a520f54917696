#include "functions/movie_catalogue.h"

#include <algorithm>

#include "base/text.h"
#include "functions/movies_csv.h"
#include "wire/s3.h"

namespace usher::functions {
namespace {

namespace s3 = usher::api::s3;

constexpr std::string_view kNoGenres = "(no genres listed)";

std::vector<std::string> SplitGenres(std::string_view genres) {
  std::vector<std::string> names;
  if (genres == kNoGenres) return names;
  for (const std::string_view genre : Split(genres, '|')) {
    if (!genre.empty()) names.emplace_back(genre);
  }
  return names;
}

Error Explain(const std::string& bucket, const std::string& key, const Error& error) {
  return Error{error.code,
               "cannot read the movies at s3://" + bucket + "/" + key + ": " + error.message,
               error.wire_name,
               0,
               {}};
}

}  // namespace

Result<MovieCatalogue> MovieCatalogue::Read(std::shared_ptr<ByteSource> csv) {
  MovieCatalogue catalogue;
  const auto read = ReadMovies(std::move(csv), [&catalogue](const MovieRow& row) {
    catalogue.movies_[std::string(row.id)] = {.title = std::string(row.title),
                                              .genres = SplitGenres(row.genres)};
    return catalogue.size();
  });
  if (!read) return read.error();
  return catalogue;
}

const Movie* MovieCatalogue::Find(std::string_view id) const {
  const auto found = movies_.find(id);
  return found == movies_.end() ? nullptr : &found->second;
}

std::shared_ptr<MovieCatalogues::Entry> MovieCatalogues::Find(const std::string& bucket,
                                                              const std::string& key) {
  const std::scoped_lock lock(mutex_);
  const std::pair object(bucket, key);
  const auto found = std::ranges::find_if(
      entries_, [&](const std::shared_ptr<Entry>& entry) { return entry->object == object; });
  if (found != entries_.end()) {
    entries_.splice(entries_.begin(), entries_, found);
    return entries_.front();
  }
  auto entry = std::make_shared<Entry>();
  entry->object = object;
  entries_.push_front(std::move(entry));
  if (entries_.size() > kMaxCatalogues) entries_.pop_back();
  return entries_.front();
}

Result<std::shared_ptr<const MovieCatalogue>> MovieCatalogues::Get(
    const std::string& bucket, const std::string& key, const wire::Dispatcher& dispatcher,
    wire::CallContext& call) {
  const std::shared_ptr<Entry> entry = Find(bucket, key);
  const std::scoped_lock lock(entry->loading);
  const auto now = std::chrono::steady_clock::now();
  if (entry->catalogue && now - entry->looked_at < max_age_) return entry->catalogue;
  const auto head = dispatcher.Call<s3::HeadObject>({.bucket = bucket, .key = key}, call);
  if (!head) return Explain(bucket, key, head.error());
  entry->looked_at = now;
  if (entry->catalogue && entry->etag == head->e_tag.value_or("")) return entry->catalogue;
  if (const std::int64_t bytes = head->content_length.value_or(0); bytes > kMaxCatalogueBytes) {
    return Explain(bucket, key,
                   InvalidInput("it has " + std::to_string(bytes) + " bytes; at most " +
                                std::to_string(kMaxCatalogueBytes) + " are kept in memory"));
  }
  const auto object = dispatcher.Call<s3::GetObject>({.bucket = bucket, .key = key}, call);
  if (!object) return Explain(bucket, key, object.error());
  if (!object->body) return Internal("an object came without its bytes");
  auto read = MovieCatalogue::Read(object->body);
  if (!read) return Explain(bucket, key, read.error());
  entry->etag = object->e_tag.value_or("");
  entry->catalogue = std::make_shared<const MovieCatalogue>(*std::move(read));
  return entry->catalogue;
}

}  // namespace usher::functions
