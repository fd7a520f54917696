// Matrix: rows of floats, each padded with zeros to whole vectors, so that kernels need no tails.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <vector>

namespace usher::linalg {

// Row strides are multiples of this many floats: one cache line, the widest vector used.
inline constexpr std::size_t kRowMultiple = 16;

[[nodiscard]] constexpr std::size_t PaddedColumns(std::size_t columns) {
  return (columns + kRowMultiple - 1) / kRowMultiple * kRowMultiple;
}

// Hands out memory that begins at a cache line.
template <typename T>
struct LineAllocator {
  using value_type = T;
  static constexpr std::align_val_t kAlignment{64};

  LineAllocator() = default;
  template <typename U>
  LineAllocator(const LineAllocator<U>&) {}  // NOLINT: allocators convert

  [[nodiscard]] T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new(count * sizeof(T), kAlignment));
  }
  void deallocate(T* memory, std::size_t) { ::operator delete(memory, kAlignment); }
  bool operator==(const LineAllocator&) const = default;
};

using FloatVector = std::vector<float, LineAllocator<float>>;

// Borrowed rows. `stride` floats from row to row, of which `cols` mean something and the rest are
// zero; stride is a multiple of kRowMultiple.
struct MatrixView {
  const float* data = nullptr;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t stride = 0;

  [[nodiscard]] const float* Row(std::size_t row) const { return data + row * stride; }
};

class Matrix {
 public:
  Matrix() = default;
  // All zeros.
  Matrix(std::size_t rows, std::size_t cols)
      : rows_(rows), cols_(cols), stride_(PaddedColumns(cols)), data_(rows * stride_, 0.0F) {}

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }
  [[nodiscard]] std::size_t stride() const { return stride_; }
  [[nodiscard]] float* Row(std::size_t row) { return data_.data() + row * stride_; }
  [[nodiscard]] const float* Row(std::size_t row) const { return data_.data() + row * stride_; }
  [[nodiscard]] std::span<float> values() { return data_; }  // rows * stride, padding included
  [[nodiscard]] std::span<const float> values() const { return data_; }
  [[nodiscard]] MatrixView view() const { return {data_.data(), rows_, cols_, stride_}; }

 private:
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
  std::size_t stride_ = 0;
  FloatVector data_;
};

}  // namespace usher::linalg
