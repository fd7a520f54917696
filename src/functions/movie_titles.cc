#include "functions/movie_titles.h"

#include "functions/movies_csv.h"

namespace usher::functions {
namespace {

std::string Described(std::string_view title, std::string_view genres) {
  const std::string_view genre = genres.substr(0, genres.find('|'));
  if (genre.empty()) return std::string(title);
  const bool has_brackets = genre.starts_with('(') && genre.ends_with(')');
  std::string shown(title);
  shown += has_brackets ? " " : " (";
  shown += genre;
  if (!has_brackets) shown += ")";
  return shown;
}

}  // namespace

Result<MovieTitles> MovieTitles::Read(std::shared_ptr<ByteSource> csv) {
  MovieTitles titles;
  const auto read = ReadMovies(std::move(csv), [&titles](const MovieRow& movie) {
    titles.shown_[std::string(movie.id)] = Described(movie.title, movie.genres);
    return titles.size();
  });
  if (!read) return read.error();
  return titles;
}

std::string_view MovieTitles::Shown(std::string_view id) const {
  const auto found = shown_.find(id);
  return found == shown_.end() ? id : std::string_view(found->second);
}

}  // namespace usher::functions
