// Products of vectors, with the best instructions that the processor has.
//
// The order of summation depends on the instruction set alone: the same target gives the same bits.
// Threads: all kernels of this folder are safe to call from any number of threads.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace usher::linalg {

// Highway's name of the instruction set in use: "AVX3", "AVX2", "NEON" …
[[nodiscard]] std::string_view InstructionSet();

// sum a_i b_i; both of the same size.
[[nodiscard]] float Dot(std::span<const float> a, std::span<const float> b);

// y += alpha x; both of the same size.
void AddScaled(float alpha, std::span<const float> x, std::span<float> y);

}  // namespace usher::linalg
