#include "gauge/kept.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>

using namespace gauge;

TEST_CASE("resting places come back as they were kept") {
  for (const RestingSteps& steps : {RestingSteps{0, 0, 0}, RestingSteps{18, 432, 944}, RestingSteps{3779, 0, 72}}) {
    CHECK(resting_steps(keep(steps)) == steps);
  }
}

TEST_CASE("nothing is kept in memory that was never written, or wiped") {
  CHECK_FALSE(resting_steps(Kept{}));
  Kept noise;
  for (const int byte : {0x00, 0xFF, 0xA5, 0x5A}) {
    std::memset(&noise, byte, sizeof noise);
    CHECK_FALSE(resting_steps(noise));
  }
}

TEST_CASE("a single wrong bit anywhere is noticed") {
  const Kept good = keep({18, 432, 944});
  for (unsigned bit = 0; bit < 8 * sizeof good; ++bit) {
    unsigned char bytes[sizeof good];
    std::memcpy(bytes, &good, sizeof good);
    bytes[bit / 8] = static_cast<unsigned char>(bytes[bit / 8] ^ (1U << bit % 8));
    Kept bad;
    std::memcpy(&bad, bytes, sizeof bad);
    CHECK_FALSE(resting_steps(bad));
  }
}

TEST_CASE("needles that were exchanged are noticed") {
  Kept kept = keep({18, 432, 944});
  kept.steps = {432, 18, 944};
  CHECK_FALSE(resting_steps(kept));
}
