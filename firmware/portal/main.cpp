// The set-up page as the device serves it, at http://127.0.0.1:PORT/: to be looked at in a browser. What is saved lasts
// as long as the program.

#include <arpa/inet.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <thread>

#include "gauge/portal_pages.hpp"
#include "gauge/settings.hpp"
#include "http_server.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr gauge::Device kDevice{"a1b2c3d4e5f6", "0.0.0"};

gauge::Millis now() {
  return static_cast<gauge::Millis>(std::chrono::duration_cast<milliseconds>(Clock::now().time_since_epoch()).count());
}

}  // namespace

int main(int argc, char** argv) {
  std::uint16_t port = 8080;
  if (argc > 1) {
    const char* const end = argv[1] + std::strlen(argv[1]);
    if (argc > 3 || std::from_chars(argv[1], end, port).ptr != end) {
      std::fprintf(stderr,
                   "Usage: gauge_portal [PORT [PASSWORD]]    the set-up page of the firmware, at 127.0.0.1 [8080]; "
                   "with a password "
                   "as on the network of the house\n");
      return 2;
    }
  }
  std::signal(SIGPIPE, SIG_IGN);  // lwIP has none

  gauge::Settings settings;
  gauge::Networks networks;
  networks.add("My net", -61, true);
  networks.add("Caf\xc3\xa9 \"Zur Post\"", -80, false);
  gauge::PortalPages pages(settings, kDevice, "claude-gauge-d4e5f6", networks,
                           [](const gauge::Settings&) { return true; });
  gauge::HttpServer server([&pages, argc](const gauge::HttpRequest& request, std::uint32_t, gauge::HttpAnswer& answer) {
    pages.answer(request, argc < 3, answer);
  });
  if (argc == 3) pages.set_password(argv[2]);
  pages.set_trouble("the broker refuses user or password");
  if (!server.begin(htonl(INADDR_LOOPBACK), port)) {
    std::perror("gauge_portal");
    return 1;
  }
  std::printf("http://127.0.0.1:%u/\n", server.port());
  std::fflush(stdout);
  for (;;) {
    server.poll(now());
    std::this_thread::sleep_for(milliseconds(5));
  }
}
