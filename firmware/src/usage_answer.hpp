#pragma once

#include <cstddef>

#include "gauge/session.hpp"

namespace gauge {

// Reads the answer of `GET /usage`, in place, and tells the session: a usage, or that it is none.
void tell_usage(char* body, std::size_t size, Session& session);

}  // namespace gauge
