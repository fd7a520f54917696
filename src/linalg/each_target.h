// ForEachTarget: runs a test once with each instruction set that this processor has and the kernels
// were compiled for.
#pragma once

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cstdint>

namespace usher::linalg {

template <typename Body>
void ForEachTarget(const Body& body) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    body();
  }
  hwy::SetSupportedTargetsForTest(0);  // back to what the processor has
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace usher::linalg
