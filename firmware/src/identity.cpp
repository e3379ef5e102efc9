#include "identity.hpp"

#include "arduino.hpp"

#include <cstdint>
#include <cstdio>

#include "version.hpp"

namespace gauge {
namespace {

struct Identity {
  char id[13];
  char host[20];
  Device device;

  Identity() : device{id, kVersion} {
    const std::uint64_t mac = ESP.getEfuseMac();  // its first byte lowest
    const auto byte = [mac](int index) { return static_cast<unsigned>(mac >> (8 * index)) & 0xffU; };
    std::snprintf(id, sizeof id, "%02x%02x%02x%02x%02x%02x", byte(0), byte(1), byte(2), byte(3), byte(4), byte(5));
    std::snprintf(host, sizeof host, "claude-gauge-%s", id + 6);
  }
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;
};

const Identity& identity() {
  static const Identity identity;
  return identity;
}

}  // namespace

const Device& this_device() { return identity().device; }
const char* host_name() { return identity().host; }

}  // namespace gauge
