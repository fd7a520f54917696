#include "recsys/ranking/item_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "base/random.h"
#include "linalg/random_matrix.h"
#include "linalg/vector_ops.h"

namespace usher::recsys {
namespace {

using linalg::Matrix;

// The product as the scan computes it: fused on targets that fuse.
float Product(const float* u, const float* v, std::size_t rank) {
  const bool fused =
      linalg::InstructionSet().starts_with("AVX") || linalg::InstructionSet().starts_with("NEON");
  float sum = 0;
  for (std::size_t k = 0; k < rank; ++k) {
    sum = fused ? std::fma(u[k], v[k], sum) : sum + u[k] * v[k];
  }
  return sum;
}

std::vector<ScoredItem> BruteForce(const Matrix& items, const float* u,
                                   const std::vector<std::uint32_t>& exclude, std::size_t k) {
  const std::set<std::uint32_t> out(exclude.begin(), exclude.end());
  std::vector<ScoredItem> all;
  for (std::uint32_t i = 0; i < items.rows(); ++i) {
    if (!out.contains(i)) all.push_back({i, Product(u, items.Row(i), items.cols())});
  }
  std::ranges::sort(all, RanksBefore);
  all.resize(std::min(all.size(), k));
  return all;
}

// Searches all rows of `users` at once and one by one, and compares both with brute force.
void ExpectExact(const Matrix& items, const Matrix& users,
                 const std::vector<std::vector<std::uint32_t>>& exclude, std::size_t k) {
  const ItemIndex index(items.view());
  const auto scratch = index.NewScratch();
  std::vector<ItemQuery> queries;
  for (std::size_t u = 0; u < users.rows(); ++u) {
    queries.push_back({.u = users.Row(u), .exclude = exclude[u % exclude.size()], .k = k});
  }
  std::vector<std::vector<ScoredItem>> together(queries.size());
  index.Search(queries, *scratch, together);
  for (std::size_t u = 0; u < users.rows(); ++u) {
    const auto expected = BruteForce(items, users.Row(u), exclude[u % exclude.size()], k);
    EXPECT_EQ(together[u], expected) << "user " << u;
    std::vector<ScoredItem> alone;
    index.Search({&queries[u], 1}, *scratch, {&alone, 1});
    EXPECT_EQ(alone, expected) << "user " << u;
  }
}

// Norms fall steeply, as trained item factors' do.
Matrix SkewedItems(std::size_t count, std::size_t rank, std::uint64_t seed) {
  Matrix items = linalg::RandomMatrix(count, rank, seed);
  for (std::size_t i = 0; i < count; ++i) {
    const float scale = 3.0F / (1.0F + static_cast<float>((i * 7919) % count) / 20.0F);
    for (std::size_t k = 0; k < rank; ++k) items.Row(i)[k] *= scale;
  }
  return items;
}

TEST(ItemIndex, EqualsBruteForceOnRandomItems) {
  Random random(5);
  for (const std::size_t count : {1, 15, 16, 17, 64, 500, 3000}) {
    for (const std::size_t rank : {1, 16, 40}) {
      const Matrix users = linalg::RandomMatrix(100, rank, 9);
      std::vector<std::vector<std::uint32_t>> exclude(3);
      for (std::size_t j = 0; j < count / 2; ++j) {
        exclude[1].push_back(static_cast<std::uint32_t>(random.Below(count)));
      }
      for (std::uint32_t j = 0; j < count; ++j) exclude[2].push_back(j);  // everything seen
      for (const std::size_t k : {1, 25}) {
        ExpectExact(linalg::RandomMatrix(count, rank, count), users, exclude, k);
        ExpectExact(SkewedItems(count, rank, count), users, exclude, k);
      }
    }
  }
}

// Catalogues that are large and wide enough for the first pass over bytes.
TEST(ItemIndex, EqualsBruteForceWhereItemsAreRuledOutByTheirBytes) {
  Random random(6);
  for (const std::size_t count : {1024, 3001}) {
    for (const std::size_t rank : {32, 45, 64}) {
      const Matrix users = linalg::RandomMatrix(70, rank, 11);
      std::vector<std::vector<std::uint32_t>> exclude(4);
      for (std::size_t j = 0; j < count / 2; ++j) {
        exclude[1].push_back(static_cast<std::uint32_t>(random.Below(count)));
      }
      for (std::uint32_t j = 0; j < count; ++j) exclude[2].push_back(j);       // everything seen
      for (std::uint32_t j = 0; j + 10 < count; ++j) exclude[3].push_back(j);  // nearly
      for (const std::size_t k : {1, 25, 5000}) {
        ExpectExact(linalg::RandomMatrix(count, rank, count), users, exclude, k);
        ExpectExact(SkewedItems(count, rank, count), users, exclude, k);
      }
    }
  }
}

TEST(ItemIndex, BreaksTiesByIndexWhereItemsAreRuledOutByTheirBytes) {
  Matrix same(2000, 32);
  for (float& value : same.values()) value = 0.25F;
  ExpectExact(same, linalg::RandomMatrix(5, 32, 3), {{}, {0, 1, 2}}, 25);

  // Equal norms, and products that differ by less than a byte can say.
  Matrix close(2000, 32);
  Random random(1);
  for (std::size_t i = 0; i < 2000; ++i) {
    for (std::size_t k = 0; k < 32; ++k) {
      close.Row(i)[k] = 1.0F + 1e-6F * static_cast<float>(random.Below(8));
    }
  }
  ExpectExact(close, linalg::RandomMatrix(5, 32, 4), {{}, {7}}, 40);

  Matrix axes(1600, 32);
  for (std::size_t i = 0; i < 1600; ++i) axes.Row(i)[i % 32] = i % 2 == 0 ? 1.0F : -1.0F;
  ExpectExact(axes, linalg::RandomMatrix(5, 32, 4), {{}, {5, 21, 37}}, 60);
  ExpectExact(axes, Matrix(3, 32), {{}, {0}}, 10);  // users without direction
  ExpectExact(Matrix(1600, 32), linalg::RandomMatrix(3, 32, 5), {{}, {0}}, 10);

  // One entry so large that the bytes of the others are all zero.
  Matrix spiked = linalg::RandomMatrix(1600, 32, 6);
  for (std::size_t i = 0; i < 1600; ++i) spiked.Row(i)[i % 5] = 1000.0F;
  Matrix flat = linalg::RandomMatrix(5, 32, 7);
  for (std::size_t u = 0; u < 5; ++u) std::fill_n(flat.Row(u), 5, u == 0 ? 0.0F : 1e-6F);
  ExpectExact(spiked, flat, {{}, {3}}, 25);
}

TEST(ItemIndex, EqualsBruteForceForEntriesOfAnySize) {
  for (const float item_size : {1e-42F, 1e-25F, 1.0F, 1e15F}) {
    for (const float user_size : {1e-42F, 1e-25F, 1.0F, 1e15F}) {
      Matrix items = SkewedItems(1500, 40, 3);
      Matrix users = linalg::RandomMatrix(3, 40, 4);
      for (float& value : items.values()) value *= item_size;
      for (float& value : users.values()) value *= user_size;
      ExpectExact(items, users, {{}, {1, 2, 3}}, 25);
    }
  }
  // All sizes in one catalogue.
  Matrix items = linalg::RandomMatrix(1500, 40, 5);
  for (std::size_t i = 0; i < 1500; ++i) {
    const float size = std::pow(10.0F, static_cast<float>(i % 60) - 42.0F);
    for (std::size_t k = 0; k < 40; ++k) items.Row(i)[k] *= size;
  }
  ExpectExact(items, linalg::RandomMatrix(5, 40, 6), {{}, {59, 119}}, 200);
}

TEST(ItemIndex, GivesTheWholeCatalogueWhenAskedForMore) {
  ExpectExact(SkewedItems(90, 8, 1), linalg::RandomMatrix(5, 8, 2), {{}, {3, 4, 3}}, 500);
  ExpectExact(SkewedItems(90, 8, 1), linalg::RandomMatrix(5, 8, 2), {{}}, 0);
}

TEST(ItemIndex, BreaksTiesByIndex) {
  // All the same; pairs of equal norm and different direction; all zero; one apart from zeros.
  Matrix same(200, 4);
  for (float& value : same.values()) value = 0.25F;
  ExpectExact(same, linalg::RandomMatrix(20, 4, 3), {{}, {0, 1, 2}}, 25);

  Matrix axes(300, 16);
  for (std::size_t i = 0; i < 300; ++i) axes.Row(i)[i % 16] = i % 2 == 0 ? 1.0F : -1.0F;
  ExpectExact(axes, linalg::RandomMatrix(20, 16, 4), {{}, {5, 21, 37}}, 40);

  ExpectExact(Matrix(100, 8), linalg::RandomMatrix(5, 8, 5), {{}, {0}}, 10);
  ExpectExact(same, Matrix(3, 4), {{}, {0}}, 10);  // users without direction

  Matrix lone(100, 8);
  lone.Row(57)[3] = -1.0F;
  ExpectExact(lone, linalg::RandomMatrix(5, 8, 6), {{}}, 10);
}

// Scores of a catalogue with these columns, the best k of 4000.
void ExpectSoftmax(std::size_t columns, std::size_t k) {
  for (const float b : {0.3F, 1.0F, 3.0F, 30.0F, 2000.0F}) {
    const Matrix items = SkewedItems(4000, columns, 7);
    Matrix users = linalg::RandomMatrix(60, columns, 8, 0.2);
    const ItemIndex index(items.view());
    const auto scratch = index.NewScratch();
    std::vector<ItemQuery> queries;
    for (std::size_t u = 0; u < users.rows(); ++u) {
      queries.push_back({.u = users.Row(u), .k = k, .inverse_temperature = b});
    }
    std::vector<std::vector<ScoredItem>> got(queries.size());
    index.Search(queries, *scratch, got);
    for (std::size_t u = 0; u < users.rows(); ++u) {
      double z = 0;
      const float largest = BruteForce(items, users.Row(u), {}, 1)[0].score;
      for (std::size_t i = 0; i < 4000; ++i) {
        z += std::exp(double{b} * (Product(users.Row(u), items.Row(i), columns) - largest));
      }
      double total = 0;
      for (const ScoredItem& item : got[u]) {
        const float product = Product(users.Row(u), items.Row(item.item), columns);
        const double expected = std::exp(double{b} * (product - largest)) / z;
        ASSERT_NEAR(item.score, expected, 0.01 * expected + 1e-30) << b << " " << u;
        total += item.score;
      }
      if (k == 4000) {
        EXPECT_NEAR(total, 1.0, 0.01);
      }
    }
  }
}

TEST(ItemIndex, ScoresAreTheSoftmaxOverTheWholeCatalogue) {
  ExpectSoftmax(24, 4000);
  ExpectSoftmax(48, 4000);
  ExpectSoftmax(48, 25);
  ExpectSoftmax(64, 1);
}

// Without the bytes of the items, and with them.
class ItemIndexOfColumns : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(All, ItemIndexOfColumns, testing::Values(24, 48));

TEST_P(ItemIndexOfColumns, GivesProductsAndTheLogNormalizerOfTheWholeCatalogue) {
  for (const float b : {0.3F, 3.0F, 30.0F, 2000.0F}) {
    const Matrix items = SkewedItems(3000, GetParam(), 7);
    const Matrix users = linalg::RandomMatrix(60, GetParam(), 8, 0.2);
    const ItemIndex index(items.view());
    const auto scratch = index.NewScratch();
    const std::vector<std::uint32_t> exclude{0, 5, 900};
    std::vector<ItemQuery> queries;
    for (std::size_t u = 0; u < users.rows(); ++u) {
      queries.push_back({.u = users.Row(u), .exclude = exclude, .k = 20, .inverse_temperature = b});
    }
    std::vector<std::vector<ScoredItem>> got(queries.size());
    std::vector<double> log_normalizers(queries.size());
    index.SearchProducts(queries, *scratch, got, log_normalizers);
    for (std::size_t u = 0; u < users.rows(); ++u) {
      const auto all = BruteForce(items, users.Row(u), {}, 3000);
      EXPECT_EQ(got[u], BruteForce(items, users.Row(u), exclude, 20));
      double z = 0;  // excluded items included
      for (const ScoredItem& item : all) z += std::exp(double{b} * (item.score - all[0].score));
      EXPECT_NEAR(log_normalizers[u], double{b} * all[0].score + std::log(z), 0.01);
      std::vector<std::uint32_t> list;
      for (const ScoredItem& item : all) list.push_back(item.item);
      std::vector<float> products(list.size());
      index.Products(users.Row(u), list, products);
      for (std::size_t j = 0; j < all.size(); ++j) EXPECT_EQ(products[j], all[j].score);
    }
  }
}

TEST_P(ItemIndexOfColumns, GivesTheSameScoresForOneAndForMany) {
  const Matrix items = SkewedItems(2000, GetParam(), 9);
  const Matrix users = linalg::RandomMatrix(50, GetParam(), 10, 0.3);
  const ItemIndex index(items.view());
  const auto scratch = index.NewScratch();
  std::vector<ItemQuery> queries;
  for (std::size_t u = 0; u < 50; ++u) {
    queries.push_back({.u = users.Row(u), .k = 10, .inverse_temperature = 5.0F});
  }
  std::vector<std::vector<ScoredItem>> together(50);
  index.Search(queries, *scratch, together);
  for (std::size_t u = 0; u < 50; ++u) {
    std::vector<ScoredItem> alone;
    index.Search({&queries[u], 1}, *scratch, {&alone, 1});
    EXPECT_EQ(alone, together[u]);
  }
}

TEST(ItemIndex, AnswersNothingFromAnEmptyCatalogue) {
  const ItemIndex index(Matrix(0, 8).view());
  const Matrix user = linalg::RandomMatrix(1, 8, 1);
  std::vector<ScoredItem> out{{1, 1}};
  const ItemQuery query{.u = user.Row(0), .inverse_temperature = 1.0F};
  index.Search({&query, 1}, *index.NewScratch(), {&out, 1});
  EXPECT_TRUE(out.empty());
}

}  // namespace
}  // namespace usher::recsys
