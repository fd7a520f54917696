#include "recsys/linear/ease.h"

#include <string>
#include <vector>

#include "base/check.h"
#include "linalg/gather_sum.h"
#include "linalg/matrix.h"
#include "linalg/spd_inverse.h"
#include "recsys/linear/largest_weights.h"

namespace usher::recsys {
namespace {

constexpr std::size_t kStripe = 64;       // items worked on together
constexpr std::size_t kRowsPerChunk = 8;  // of a matrix of counts

// Lists without the empty ones, and which those were.
struct Dense {
  Lists lists;
  std::vector<std::uint32_t> names;  // of each list: its place among all
};

Dense WithoutEmpty(const ListsView& all) {
  Dense dense;
  for (std::size_t list = 0; list < all.size(); ++list) {
    if (all[list].empty()) continue;
    dense.lists.Append(all[list]);
    dense.names.push_back(static_cast<std::uint32_t>(list));
  }
  return dense;
}

// X by users and by items, both without those that met nothing.
struct Matrix01 {
  Lists by_user;                     // places in `items`
  Lists by_item;                     // places among the lists of by_user
  std::vector<std::uint32_t> items;  // their indices
};

Matrix01 Compact(const Interactions& interactions) {
  Matrix01 X;
  Dense users = WithoutEmpty(interactions.by_user.view());
  Dense items = WithoutEmpty(Transpose(users.lists.view(), interactions.item_count).view());
  X.by_item = std::move(items.lists);
  X.items = std::move(items.names);
  X.by_user = Transpose(X.by_item.view(), users.lists.size());
  return X;
}

Error TooLarge(std::size_t order, std::string_view what) {
  return {ErrorCode::kLimitExceeded, "EASE over " + std::to_string(order) + " " +
                                         std::string(what) +
                                         " would invert a matrix of that order; the limit is " +
                                         std::to_string(kMaxEaseOrder)};
}

// (L L^T + lambda I)^-1 for the 0-1 matrix L of `lists`, whose transpose is `turned`, with padding
// for InvertSpdInPlace. Empty after a stop request.
linalg::FloatVector InverseOfProduct(const ListsView& lists, const ListsView& turned, float lambda,
                                     ThreadPool& pool, const std::stop_token& stop) {
  const std::size_t n = linalg::PaddedOrder(lists.size());
  linalg::FloatVector A(n * n, 0.0F);
  pool.ParallelFor(n, kRowsPerChunk, [&](const ChunkRange& range) {
    for (std::size_t r = range.begin; r < range.end; ++r) {
      float* row = A.data() + r * n;
      row[r] = r < lists.size() ? lambda : 1.0F;
      if (r >= lists.size()) continue;
      for (const std::uint32_t shared : lists[r]) {
        for (const std::uint32_t other : turned[shared]) row[other] += 1;
      }
    }
  });
  if (!linalg::InvertSpdInPlace(A.data(), n, pool, stop)) A.clear();
  return A;
}

// The users' route, given K^-1 [n x n].
class OverUsers {
 public:
  OverUsers(const Matrix01& X, const linalg::MatrixView& inverse, ThreadPool& pool)
      : X_(X), inverse_(inverse), own_(X.items.size()) {
    std::vector<linalg::FloatVector> scratches(pool.thread_count(),
                                               linalg::FloatVector(inverse.stride));
    pool.ParallelFor(own_.size(), kStripe, [&](const ChunkRange& range) {
      linalg::FloatVector& z = scratches[range.worker];
      for (std::size_t j = range.begin; j < range.end; ++j) {
        linalg::GatherSum(inverse_, X_.by_item[j], {}, z.data());
        double sum = 0;
        for (const std::uint32_t user : X_.by_item[j]) sum += double{z[user]};
        own_[j] = static_cast<float>(1 / (1 - sum));
      }
    });
  }

  struct Scratch {
    linalg::FloatVector z;
    linalg::Matrix Z;
    linalg::FloatVector sums;
    LargestWeights weights;
  };

  // The rows of the items at [begin, end), at most kStripe.
  void Rows(std::size_t begin, std::size_t end, std::size_t neighbours, Scratch& scratch,
            std::vector<std::vector<ScoredItem>>& rows) const {
    const std::size_t users = X_.by_user.size();
    scratch.z.resize(inverse_.stride);
    scratch.sums.resize(kStripe);
    if (scratch.Z.rows() == 0) scratch.Z = linalg::Matrix(users, kStripe);
    // Z = K^-1 X at these items.
    for (std::size_t i = begin; i < end; ++i) {
      linalg::GatherSum(inverse_, X_.by_item[i], {}, scratch.z.data());
      for (std::size_t user = 0; user < users; ++user) {
        scratch.Z.Row(user)[i - begin] = scratch.z[user];
      }
    }
    scratch.weights.Reset(std::span(X_.items).subspan(begin, end - begin), neighbours);
    for (std::size_t j = 0; j < X_.items.size(); ++j) {
      linalg::GatherSum(scratch.Z.view(), X_.by_item[j], {}, scratch.sums.data());
      scratch.weights.Offer(X_.items[j], scratch.sums, own_[j]);
    }
    scratch.weights.Take(rows);
  }

 private:
  const Matrix01& X_;
  linalg::MatrixView inverse_;
  std::vector<float> own_;  // 1 / (1 - s_jj)
};

}  // namespace

Result<WeightedLists> TrainEaseOverItems(const Interactions& interactions,
                                         const EaseOptions& options, ThreadPool& pool,
                                         const std::stop_token& stop) {
  Check(options.regularization > 0, "the regularisation is over 0");
  const Matrix01 X = Compact(interactions);
  const std::size_t items = X.items.size();
  if (items > kMaxEaseOrder) return TooLarge(items, "items");
  const linalg::FloatVector P =
      InverseOfProduct(X.by_item.view(), X.by_user.view(), options.regularization, pool, stop);
  if (stop.stop_requested()) return Cancelled("the training was stopped");
  const std::size_t n = linalg::PaddedOrder(items);
  std::vector<std::vector<ScoredItem>> rows(interactions.item_count);
  std::vector<LargestWeights> scratches(pool.thread_count());
  pool.ParallelFor(items, 1, [&](const ChunkRange& range) {
    const std::size_t i = range.begin;
    LargestWeights& weights = scratches[range.worker];
    weights.Reset({&X.items[i], 1}, options.neighbours);
    for (std::size_t j = 0; j < items; ++j) {
      const float weight = -P[i * n + j] / P[j * n + j];
      weights.Offer(X.items[j], {&weight, 1}, 1.0F);
    }
    weights.Take(rows);
  });
  return ListsOf(rows);
}

Result<WeightedLists> TrainEaseOverUsers(const Interactions& interactions,
                                         const EaseOptions& options, ThreadPool& pool,
                                         const std::stop_token& stop) {
  Check(options.regularization > 0, "the regularisation is over 0");
  const Matrix01 X = Compact(interactions);
  const std::size_t users = X.by_user.size();
  if (users > kMaxEaseOrder) return TooLarge(users, "users");
  const std::size_t n = linalg::PaddedOrder(users);
  const linalg::FloatVector inverse =
      InverseOfProduct(X.by_user.view(), X.by_item.view(), options.regularization, pool, stop);
  if (stop.stop_requested()) return Cancelled("the training was stopped");
  const OverUsers over_users(X, {inverse.data(), n, n, n}, pool);
  std::vector<std::vector<ScoredItem>> rows(interactions.item_count);
  std::vector<OverUsers::Scratch> scratches(pool.thread_count());
  pool.ParallelFor(X.items.size(), kStripe, [&](const ChunkRange& range) {
    if (stop.stop_requested()) return;
    over_users.Rows(range.begin, range.end, options.neighbours, scratches[range.worker], rows);
  });
  if (stop.stop_requested()) return Cancelled("the training was stopped");
  return ListsOf(rows);
}

Result<WeightedLists> TrainEase(const Interactions& interactions, const EaseOptions& options,
                                ThreadPool& pool, const std::stop_token& stop) {
  const ListsView by_user = interactions.by_user.view();
  std::size_t users = 0;
  std::vector<bool> met(interactions.item_count, false);
  for (std::size_t user = 0; user < by_user.size(); ++user) {
    users += by_user[user].empty() ? 0 : 1;
    for (const std::uint32_t item : by_user[user]) met[item] = true;
  }
  std::size_t items = 0;
  for (const bool item_met : met) items += item_met ? 1 : 0;
  return users < items ? TrainEaseOverUsers(interactions, options, pool, stop)
                       : TrainEaseOverItems(interactions, options, pool, stop);
}

}  // namespace usher::recsys
