// The device's Improv on stdin and stdout, as on its serial line, with a radio that exists in memory only: it finds two
// networks, and takes "My net" with the password "secret77". Its time runs thirty times as fast.

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "gauge/improv.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr gauge::Device kDevice{"a1b2c3d4e5f6", "1.2.3"};
constexpr gauge::Millis kSpeed = 30;
constexpr gauge::Millis kAssociatesMs = 4000;
constexpr int kPauseMs = 5;

gauge::Millis now() {
  return kSpeed *
         static_cast<gauge::Millis>(std::chrono::duration_cast<milliseconds>(Clock::now().time_since_epoch()).count());
}

void say(std::string_view bytes) {
  std::fwrite(bytes.data(), 1, bytes.size(), stdout);
  std::fflush(stdout);
}

struct Port : gauge::ImprovPort {
  void write(std::string_view packet) override { say(packet); }
  bool scan() override { return scanning = true; }
  bool try_network(std::string_view name, std::string_view password) override {
    right = name == "My net" && password == "secret77";
    tried_at = now();
    return true;
  }
  void keep_network() override { say("kept\n"); }
  void drop_network() override { say("dropped\n"); }
  bool connected() const { return right && gauge::since(tried_at, now()) > kAssociatesMs; }

  bool scanning = false;
  bool right = false;
  gauge::Millis tried_at = 0;
};

}  // namespace

int main() {
  Port port;
  gauge::Improv improv(port, kDevice, "claude-gauge-d4e5f6");
  std::string line;
  say("wifi: a line of the log\n");
  for (pollfd input{STDIN_FILENO, POLLIN, 0};;) {
    if (::poll(&input, 1, kPauseMs) > 0) {
      char byte = 0;
      if (::read(STDIN_FILENO, &byte, 1) != 1) return 0;
      if (!improv.take(static_cast<std::uint8_t>(byte), line.empty(), now())) {
        line.append(improv.spilled()) += byte;
        if (byte == '\n') {
          if (line != "\n") say("console: " + line);
          line.clear();
        }
      }
    }
    improv.poll(port.connected(), port.connected() ? "http://10.0.0.7/" : "", now());
    if (port.scanning) {
      port.scanning = false;
      improv.found("My net", -61, true);
      improv.found("Caf\xc3\xa9", -80, false);
      improv.scanned();
    }
  }
}
