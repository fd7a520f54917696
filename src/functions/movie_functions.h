// The built-in functions of the movie workflow, with what they keep between invocations.
#pragma once

#include <array>
#include <chrono>
#include <span>

#include "functions/builtin_function.h"
#include "functions/movie_catalogue.h"

namespace usher::functions {

inline constexpr std::chrono::seconds kCatalogueAge{1};  // how old titles may be

class MovieFunctions {
 public:
  MovieFunctions();
  MovieFunctions(const MovieFunctions&) = delete;
  MovieFunctions& operator=(const MovieFunctions&) = delete;

  // `training_trigger`, `batch_trigger`, `batch_transform` and `realtime_api`; valid as long as this is.
  [[nodiscard]] std::span<const BuiltinFunction> all() const { return functions_; }
  // Those that the functions keep; others may look into them, too.
  [[nodiscard]] MovieCatalogues& catalogues() { return catalogues_; }

 private:
  MovieCatalogues catalogues_{kCatalogueAge};
  std::array<BuiltinFunction, 4> functions_;
};

}  // namespace usher::functions
