#pragma once

namespace gauge {

// Of the firmware; the publisher of the same release has the same.
inline constexpr char kVersion[] = "0.1.0";

}  // namespace gauge
