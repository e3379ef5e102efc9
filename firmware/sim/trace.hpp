#pragma once

#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>

namespace gauge {

// A line of --trace: what happened, and CLOCK_MONOTONIC in ns, which all processes of a machine share.
inline void trace(std::FILE* file, const char* what) {
  if (file == nullptr) return;
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const std::int64_t ns = std::chrono::nanoseconds(now).count();
  std::fprintf(file, "%s %" PRId64 "\n", what, ns);
  std::fflush(file);
}

}  // namespace gauge
