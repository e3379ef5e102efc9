#pragma once

#include "gauge/host.hpp"

namespace gauge {

// What tells this device from all others: twelve hexadecimal digits of its MAC, and a name on the network made of the
// last six.
const Device& this_device();
const char* host_name();

}  // namespace gauge
