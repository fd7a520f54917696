// A model as a folder: arrays as Arrow IPC files and manifest.json, which names each file with its
// checksum. docs/formats.md gives the layout.
//
// Published by rename: the folder is complete or absent. Loading maps the files and compares every
// checksum.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/event_rules.h"
#include "engine/recipes.h"
#include "recsys/blend/blend_options.h"
#include "recsys/model.h"

namespace usher::recsys {
class RelatedItems;
class SegmentModel;
}  // namespace usher::recsys

namespace usher::engine {

inline constexpr int kModelFormatVersion = 2;

// How far a search for hyperparameters came: with these the same search can be made again.
struct TuningSummary {
  std::string objective;
  std::uint64_t trials = 0;
  std::uint64_t evaluations = 0;
  bool complete = true;  // false: a limit ended it after that many evaluations
};

struct Calibration {
  double error = 0;
  double plain_softmax_error = 0;
};

// That a model continues an earlier one (engine/update.h).
struct UpdateSummary {
  std::string parent_sha256;    // of the manifest of the model that it continues
  std::uint64_t updates = 0;    // since the last training from the beginning, this one included
  std::uint64_t new_items = 0;  // that the parent did not know
};

// Of an item whose time of creation nobody says.
inline constexpr std::int64_t kNoBirth = std::numeric_limits<std::int64_t>::min();

struct ModelInfo {
  int format_version = kModelFormatVersion;
  std::string recipe;
  Hyperparameters hyperparameters;  // complete, defaults included
  std::uint64_t seed = 0;
  std::vector<EventRule> events;  // learned from; empty: all, alike
  std::string data_sha256;        // of the interactions as trained on
  std::string instruction_set;    // Highway's name of the target that trained it
  double temperature = 0;         // of the scores' softmax; 0 for popularity
  // Expected calibration error of the scores of the held-out users' lists, and what it would be at
  // temperature 1 (recsys/metrics/calibration.h); absent without held-out users or scores.
  std::optional<Calibration> calibration;
  std::optional<recsys::BlendOptions> blend;  // of the personalisation and ranking recipes
  std::optional<TuningSummary> tuning;
  std::optional<double> context_weight;  // with context columns; recsys/context/
  std::optional<UpdateSummary> update;   // absent: trained from the beginning
  // Unix seconds of the earliest interaction, which the times of histories count from; absent for
  // recipes without histories.
  std::optional<std::int64_t> first_timestamp;
  std::uint64_t interactions = 0;  // distinct user-item pairs
  std::uint64_t users = 0;
  std::uint64_t items = 0;
  std::map<std::string, double> metrics;
  std::map<std::string, std::string> file_sha256;  // by file name
};

struct LoadedModel {
  ModelInfo info;
  RecipeKind kind = RecipeKind::kUserPersonalization;
  // Exactly one of these is there, by kind: answers for users, items like an item, users for items.
  std::shared_ptr<const recsys::Model> model;
  std::shared_ptr<const recsys::RelatedItems> related;
  std::shared_ptr<const recsys::SegmentModel> segments;
  // CREATION_TIMESTAMP of each item of `model`, Unix seconds, kNoBirth where there is none; empty
  // when no item has one. Points into what `births_owner` keeps.
  std::span<const std::int64_t> item_births;
  std::shared_ptr<const void> births_owner;
};

// Errors: kNotFound when there is no manifest; kCorrupt when a file is missing or does not match;
// kUnsupported for a newer format.
Result<LoadedModel> LoadModel(const std::string& folder);

// The manifest alone, without reading the arrays.
Result<ModelInfo> ReadModelInfo(const std::string& folder);

}  // namespace usher::engine
