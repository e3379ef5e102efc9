// Bytes from a serial line, which is as easily noise as a browser.

#include "gauge/improv.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "require.hpp"

namespace {

struct Port : gauge::ImprovPort {
  void write(std::string_view packet) override {
    require(packet.size() >= 11 && packet.size() <= 266 && packet.substr(0, 6) == "IMPROV" && packet.back() == '\n');
  }
  bool scan() override { return tried % 2 == 0; }
  bool try_network(std::string_view name, std::string_view password) override {
    require(name.size() + password.size() <= 251);
    return ++tried % 3 != 0;
  }
  void keep_network() override {}
  void drop_network() override {}

  int tried = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const gauge::Device device{"a1b2c3d4e5f6", "1.2.3"};
  Port port;
  gauge::Improv improv(port, device, "claude-gauge-d4e5f6");
  bool first = true;
  std::size_t text = 0;
  std::size_t taken = 0;
  for (std::size_t at = 0; at < size; ++at) {
    const gauge::Millis now = static_cast<gauge::Millis>(at * 400);
    if (improv.take(data[at], first, now)) {
      ++taken;
    } else {
      require(improv.spilled().size() <= taken);
      taken -= improv.spilled().size();
      text += improv.spilled().size() + 1;
      first = data[at] == '\n';
    }
    if (at % 7 == 0) improv.poll(at % 2 == 0, "http://10.0.0.7/", now);
  }
  require(text + taken == size);
  return 0;
}
