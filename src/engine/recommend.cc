#include "engine/recommend.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "base/byte_source.h"
#include "base/parallel.h"
#include "engine/batch_line.h"
#include "engine/item_answers.h"
#include "engine/line_reader.h"

namespace usher::engine {
namespace {

constexpr std::size_t kLinesPerRound = 4096;  // answered together
constexpr std::size_t kLinesPerChunk = 64;    // parsed or written by a thread at a time
constexpr std::size_t kMaskBytesPerRound = std::size_t{64} << 20;

// The numbers of a situation's values, those left out that the model does not know.
// The numbers of the options' context.
Result<std::vector<std::uint32_t>> CheckOptions(const LoadedModel& model,
                                                const BatchOptions& options) {
  if (options.num_results < 1 || options.num_results > kMaxNumResults) {
    return InvalidInput("the number of results must be 1 to " + std::to_string(kMaxNumResults) +
                        ", got " + std::to_string(options.num_results));
  }
  return FindContext(*model.model, options.context);
}

// Answers rounds of requests: parse, score and write each on all threads.
class BatchRun {
 public:
  // `context` are the numbers of the options' context.
  BatchRun(const LoadedModel& model, const BatchOptions& options,
           std::vector<std::uint32_t> context, const LineSink& sink)
      : loaded_(model),
        model_(*model.model),
        options_(options),
        context_(std::move(context)),
        sink_(sink),
        asks_for_met_items_(options.filter != nullptr &&
                            options.filter->expression().IncludesByInteractions()),
        pool_(options.threads) {}

  // Lines to answer together: with a filter fewer of a large catalogue, whose sets are kept for
  // all.
  [[nodiscard]] std::size_t lines_per_round() const {
    if (options_.filter == nullptr) return kLinesPerRound;
    return std::clamp(kMaskBytesPerRound / (model_.items().size() / 8 + 1), kLinesPerChunk,
                      kLinesPerRound);
  }

  // Requests may carry errors already.
  Result<void> Answer(std::vector<BatchLine>& requests) {
    if (options_.stop.stop_requested()) return Cancelled("the batch was stopped");
    answers_.resize(requests.size());
    if (options_.filter != nullptr) FilterAll(requests);
    if (loaded_.kind == RecipeKind::kPersonalizedRanking) {
      RankAll(requests);
    } else {
      RecommendAll(requests);
    }
    masks_.clear();
    const std::size_t chunk_count = (requests.size() + kLinesPerChunk - 1) / kLinesPerChunk;
    texts_.resize(chunk_count);
    pool_.ParallelFor(requests.size(), kLinesPerChunk, [&](const ChunkRange& range) {
      std::string& text = texts_[range.chunk];
      text.clear();
      for (std::size_t j = range.begin; j < range.end; ++j) {
        AppendAnswer(model_, requests[j], answers_[j], text);
      }
    });
    for (const std::string& text : texts_) {
      if (auto taken = sink_(text); !taken) return taken;
    }
    counts_.lines += requests.size();
    counts_.failed += static_cast<std::uint64_t>(std::ranges::count_if(
        requests, [](const BatchLine& request) { return !request.error.empty(); }));
    return {};
  }

  Result<void> AnswerLines(std::span<const std::string> lines) {
    std::vector<BatchLine> requests(lines.size());
    pool_.ParallelFor(lines.size(), kLinesPerChunk, [&](const ChunkRange& range) {
      for (std::size_t j = range.begin; j < range.end; ++j) {
        requests[j] = ParseBatchLine(lines[j], loaded_.kind);
      }
    });
    return Answer(requests);
  }

  [[nodiscard]] const BatchCounts& counts() const { return counts_; }

 private:
  // With the user's events, which `folded` gets; it must outlive the query.
  recsys::UserQuery QueryOf(const BatchLine& request, const recsys::ItemMask* mask,
                            std::unique_ptr<OneUser>& folded) const {
    recsys::UserQuery query;
    if (options_.events != nullptr) {
      const UserEvents::Events events = options_.events->Of(request.user_id, kMaxRecentItems);
      folded = std::make_unique<OneUser>(loaded_, request.user_id, events.recent());
      query = folded->query;
    } else {
      query.user = model_.users().Find(request.user_id);
    }
    query.context = context_;
    query.allowed = mask;
    query.exclude_seen = options_.exclude_seen && !asks_for_met_items_;
    query.num_results = request.error.empty() ? options_.num_results : 0;
    return query;
  }

  // What each may get: of lists to rank what stays of them, of the others a set of items.
  void FilterAll(std::vector<BatchLine>& requests) {
    const bool ranks = loaded_.kind == RecipeKind::kPersonalizedRanking;
    if (!ranks) masks_.resize(requests.size());
    pool_.ParallelFor(requests.size(), kLinesPerChunk, [&](const ChunkRange& range) {
      for (std::size_t j = range.begin; j < range.end; ++j) {
        BatchLine& request = requests[j];
        if (!request.error.empty()) continue;
        const FilterQuery query{.user_id = request.user_id,
                                .item_id = {},
                                .values = &request.filter_values,
                                .newer_items = nullptr,
                                .newer_users = nullptr,
                                .newer_events = {}};
        if (!ranks) {
          const auto selected = options_.filter->Select(query, masks_[j]);
          if (!selected) request.error = selected.error().message;
          continue;
        }
        const auto may = options_.filter->SelectOf(query, request.list);
        if (!may) {
          request.error = may.error().message;
          continue;
        }
        std::size_t at = 0;
        std::erase_if(request.list, [&](const std::string&) { return !(*may)[at++]; });
      }
    });
  }

  void RecommendAll(const std::vector<BatchLine>& requests) {
    std::vector<recsys::UserQuery> queries(requests.size());
    std::vector<std::unique_ptr<OneUser>> folded(requests.size());
    pool_.ParallelFor(requests.size(), kLinesPerChunk, [&](const ChunkRange& range) {
      for (std::size_t j = range.begin; j < range.end; ++j) {
        queries[j] = QueryOf(requests[j], masks_.empty() ? nullptr : &masks_[j], folded[j]);
      }
    });
    model_.RecommendMany(queries, pool_, answers_);
    if (options_.explorer != nullptr) ExploreAll(requests, queries);
  }

  // Each answer as exploration shows it, with the model's scores.
  void ExploreAll(const std::vector<BatchLine>& requests,
                  const std::vector<recsys::UserQuery>& queries) {
    pool_.ParallelFor(requests.size(), kLinesPerChunk, [&](const ChunkRange& range) {
      std::vector<recsys::ExploredItem> explored;
      for (std::size_t j = range.begin; j < range.end; ++j) {
        const std::uint64_t seed =
            SeedOf(requests[j].user_id) ^ (options_.exploration_seed * 0x9e37'79b9'7f4a'7c15);
        options_.explorer->Apply(queries[j], answers_[j], seed, explored);
        for (std::size_t i = 0; i < explored.size(); ++i) {
          answers_[j][i] = {explored[i].item, explored[i].score};
        }
      }
    });
  }

  void RankAll(std::vector<BatchLine>& requests) {
    pool_.ParallelFor(requests.size(), kLinesPerChunk, [&](const ChunkRange& range) {
      for (std::size_t j = range.begin; j < range.end; ++j) {
        BatchLine& request = requests[j];
        FindKnown(model_, request.list, request.known, request.known_at);
        std::unique_ptr<OneUser> folded;
        model_.Rank(QueryOf(request, nullptr, folded), request.known, answers_[j]);
      }
    });
  }

  const LoadedModel& loaded_;
  const recsys::Model& model_;
  const BatchOptions& options_;
  std::vector<std::uint32_t> context_;
  const LineSink& sink_;
  const bool asks_for_met_items_;
  ThreadPool pool_;
  std::vector<recsys::ItemMask> masks_;  // with a filter, of each request of the round
  std::vector<std::vector<recsys::ScoredItem>> answers_;
  std::vector<std::string> texts_;
  BatchCounts counts_;
};

// Users given one by one instead of by lines.
template <typename IdAt>
Result<BatchCounts> RecommendIds(const LoadedModel& model, std::size_t count, const IdAt& id_at,
                                 const BatchOptions& options, const LineSink& sink) {
  const auto context = CheckOptions(model, options);
  if (!context) return context.error();
  if (model.kind == RecipeKind::kPersonalizedRanking) {
    return InvalidInput("a ranking model needs a file of lines with 'userId' and 'itemList'");
  }
  BatchRun run(model, options, *context, sink);
  std::vector<BatchLine> requests;
  const std::size_t round = run.lines_per_round();
  for (std::size_t begin = 0; begin < count; begin += round) {
    const std::size_t end = std::min(count, begin + round);
    requests.assign(end - begin, {});
    for (std::size_t j = begin; j < end; ++j) {
      requests[j - begin] = BatchLineOf(id_at(j));
    }
    if (const auto answered = run.Answer(requests); !answered) return answered.error();
    if (options.progress) {
      options.progress(static_cast<double>(end) / static_cast<double>(count));
    }
  }
  return run.counts();
}

Error WantsItems(const LoadedModel& model) {
  return InvalidInput("a model of recipe " + model.info.recipe + " answers for items, not users");
}

}  // namespace

Result<std::vector<std::uint32_t>> FindContext(const recsys::Model& model,
                                               const RequestContext& context) {
  std::vector<std::uint32_t> values;
  if (context.empty()) return values;
  const std::vector<std::string> columns = model.ContextColumns();
  for (const auto& [column, value] : context) {
    if (std::ranges::find(columns, column) == columns.end()) {
      std::string known;
      for (const std::string& name : columns) known += (known.empty() ? "" : ", ") + name;
      return InvalidInput(
          "the model has no context column " + column +
          (known.empty() ? "; it was trained without any" : "; it was trained with " + known));
    }
    if (const auto number = model.FindContext(column, value)) values.push_back(*number);
  }
  return values;
}

Result<BatchCounts> RecommendFile(const LoadedModel& model, const std::string& input_path,
                                  const BatchOptions& options, const LineSink& sink) {
  if (AnswersForItems(model)) return AnswerItemFile(model, input_path, options, sink);
  const auto context = CheckOptions(model, options);
  if (!context) return context.error();
  std::error_code ignored;
  if (!std::filesystem::exists(input_path, ignored)) return NotFound("there is no such input file");
  const auto source = FileSource::Open(input_path);
  if (!source) return source.error();
  LineReader reader(**source, kMaxBatchLineBytes);
  BatchRun run(model, options, *context, sink);
  const double size = static_cast<double>((*source)->size().value_or(0));
  while (true) {
    const auto lines = reader.Read(run.lines_per_round());
    if (!lines) return lines.error();
    if (lines->empty()) return run.counts();
    if (const auto answered = run.AnswerLines(*lines); !answered) return answered.error();
    if (options.progress && size > 0) {
      options.progress(std::min(1.0, static_cast<double>(reader.bytes_read()) / size));
    }
  }
}

Result<BatchCounts> RecommendUsers(const LoadedModel& model, std::span<const std::string> user_ids,
                                   const BatchOptions& options, const LineSink& sink) {
  if (AnswersForItems(model)) return WantsItems(model);
  return RecommendIds(
      model, user_ids.size(), [&](std::size_t j) { return std::string(user_ids[j]); }, options,
      sink);
}

Result<BatchCounts> RecommendAllUsers(const LoadedModel& model, const BatchOptions& options,
                                      const LineSink& sink) {
  if (AnswersForItems(model)) return WantsItems(model);
  const recsys::Vocabulary& users = model.model->users();
  return RecommendIds(
      model, users.size(),
      [&](std::size_t j) { return std::string(users[static_cast<std::uint32_t>(j)]); }, options,
      sink);
}

Result<std::vector<AnsweredItem>> RecommendOne(const LoadedModel& model, std::string_view user_id,
                                               const RecentEvents& recent, std::size_t num_results,
                                               bool exclude_seen, const Exploration* exploration,
                                               const RequestContext& context,
                                               const recsys::ItemMask* allowed) {
  if (AnswersForItems(model)) return WantsItems(model);
  if (model.kind == RecipeKind::kPersonalizedRanking) {
    return InvalidInput("a model of recipe " + model.info.recipe + " only ranks given items");
  }
  if (num_results > kMaxNumResults) {
    return InvalidInput("the number of results must be at most " + std::to_string(kMaxNumResults) +
                        ", got " + std::to_string(num_results));
  }
  const auto values = FindContext(*model.model, context);
  if (!values) return values.error();
  if (const auto checked = CheckEvents(recent); !checked) return checked.error();
  OneUser user(model, user_id, recent);
  user.query.context = *values;
  user.query.num_results = num_results;
  user.query.allowed = allowed;
  user.query.exclude_seen = exclude_seen;
  std::vector<recsys::ScoredItem> answer;
  model.model->Recommend(user.query, answer);
  std::vector<AnsweredItem> items;
  items.reserve(answer.size());
  if (exploration != nullptr) {
    std::vector<recsys::ExploredItem> explored;
    exploration->explorer.Apply(user.query, answer, exploration->seed, explored);
    for (const recsys::ExploredItem& entry : explored) {
      items.push_back(
          {model.model->items()[entry.item], entry.score, entry.propensity, entry.explored});
    }
    return items;
  }
  for (const recsys::ScoredItem& entry : answer) {
    items.push_back({model.model->items()[entry.item], std::nullopt});
    if (model.model->has_scores()) items.back().score = entry.score;
  }
  return items;
}

Result<std::vector<AnsweredItem>> RankOne(const LoadedModel& model, std::string_view user_id,
                                          const RecentEvents& recent,
                                          std::span<const std::string> list,
                                          const RequestContext& context) {
  if (model.kind != RecipeKind::kPersonalizedRanking) {
    return InvalidInput("a model of recipe " + model.info.recipe + " does not rank given items");
  }
  if (list.empty() || list.size() > kMaxRankingList) {
    return InvalidInput("the list to rank must have 1 to " + std::to_string(kMaxRankingList) +
                        " items, has " + std::to_string(list.size()));
  }
  std::vector<std::uint32_t> known;
  std::vector<std::uint32_t> known_at;
  FindKnown(*model.model, list, known, known_at);
  const auto values = FindContext(*model.model, context);
  if (!values) return values.error();
  if (const auto checked = CheckEvents(recent); !checked) return checked.error();
  OneUser user(model, user_id, recent);
  user.query.context = *values;
  std::vector<recsys::ScoredItem> answer;
  model.model->Rank(user.query, known, answer);
  std::vector<AnsweredItem> items;
  items.reserve(list.size());
  for (const recsys::ScoredItem& entry : answer) {
    items.push_back({model.model->items()[entry.item], entry.score});
  }
  for (const std::string_view id : UnknownOf(list, known_at)) items.push_back({id, std::nullopt});
  return items;
}

}  // namespace usher::engine
