#include "options.hpp"

#include <getopt.h>
#include <unistd.h>

#include <cinttypes>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

namespace gauge {
namespace {

constexpr char kHelp[] = R"(Usage: gauge_sim [OPTION...]
The firmware of the cluster without the hardware: three needles and seven lamps in a terminal, driven by a broker.

  --host HOST            broker [localhost]
  --port PORT            its port [1883]
  --instance NAME        publisher to show [the first one seen]
  --id ID                12 hex digits that tell this display from others [made from the name of this machine]
  --username NAME        user at the broker [none]
  --password-file FILE   the first line is the password [none]
  --json                 JSON lines on stdout, one whenever anything visible changed, at most 50 a second
  --no-wifi              as where no Wi-Fi reaches: what the lamps say then
  --quiet-boot           neither homing nor self-test, as after a soft reset
  --driver 4wire|stepdir steps of 1/3 degree or of 1/12 degree [4wire]
  --trace FILE           lines with CLOCK_MONOTONIC in ns: needles set in motion ("moving 123456789"), the first step of
                         each ("5h 123456789"), all at rest again ("resting 123456789")
  --help                 this text

Ends with 0 on SIGINT and SIGTERM, 2 on a wrong command line, 3 when a motor was driven in a way that the real one
cannot follow. Settings that are changed by command last as long as the program. HTTP, which the device asks where it has
no broker, is not in here.
)";

constexpr std::size_t kIdDigits = 12;

[[noreturn]] void refuse(const std::string& why) {
  std::fprintf(stderr, "gauge_sim: %s; see gauge_sim --help\n", why.c_str());
  std::exit(2);
}

void store_setting(Settings& settings, std::string_view key, const char* name, std::string_view value) {
  const char* const wrong = set(settings, key, value);
  if (wrong != nullptr) refuse(std::string(name) + ": " + wrong);
}

std::string id_from(const std::string& text) {
  const bool hex = text.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!hex || text.size() != kIdDigits) refuse("--id is 12 hex digits in lower case, not '" + text + "'");
  return text;
}

Driver driver_from(std::string_view text) {
  if (text == "4wire") return Driver::four_wire;
  if (text == "stepdir") return Driver::step_dir;
  refuse("--driver is 4wire or stepdir, not '" + std::string(text) + "'");
}

std::string first_line_of(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) refuse("cannot read a password from " + path);
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

// The same on each start, so that Home Assistant knows the display again, and another on another machine.
std::string id_of_this_machine() {
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
  for (const char letter : std::string_view(name)) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3U;
  const std::uint64_t locally_administered = 0x020000000000U;
  char id[kIdDigits + 1];
  std::snprintf(id, sizeof id, "%012" PRIx64, (hash & 0xfcffffffffffU) | locally_administered);
  return id;
}

}  // namespace

Options parse_options(int argc, char** argv) {
  enum Code { host = 1, port, instance, id, username, password_file, json, no_wifi, quiet_boot, driver, trace, help };
  static constexpr option kKnown[] = {
      {"host", required_argument, nullptr, host},
      {"port", required_argument, nullptr, port},
      {"instance", required_argument, nullptr, instance},
      {"id", required_argument, nullptr, id},
      {"username", required_argument, nullptr, username},
      {"password-file", required_argument, nullptr, password_file},
      {"json", no_argument, nullptr, json},
      {"no-wifi", no_argument, nullptr, no_wifi},
      {"quiet-boot", no_argument, nullptr, quiet_boot},
      {"driver", required_argument, nullptr, driver},
      {"trace", required_argument, nullptr, trace},
      {"help", no_argument, nullptr, help},
      {nullptr, 0, nullptr, 0},
  };
  Options options;
  options.id = id_of_this_machine();
  Settings& settings = options.settings;
  store_setting(settings, "broker_host", "--host", "localhost");
  for (int code; (code = getopt_long(argc, argv, "", kKnown, nullptr)) != -1;) {
    switch (code) {
      case host:
        store_setting(settings, "broker_host", "--host", optarg);
        break;
      case port:
        store_setting(settings, "broker_port", "--port", optarg);
        break;
      case instance:
        store_setting(settings, "instance", "--instance", optarg);
        break;
      case id:
        options.id = id_from(optarg);
        break;
      case username:
        store_setting(settings, "broker_user", "--username", optarg);
        break;
      case password_file:
        store_setting(settings, "broker_password", "--password-file", first_line_of(optarg));
        break;
      case json:
        options.json = true;
        break;
      case no_wifi:
        options.wifi = false;
        break;
      case quiet_boot:
        options.soft_start = true;
        break;
      case driver:
        options.driver = driver_from(optarg);
        break;
      case trace:
        options.trace = std::fopen(optarg, "w");
        if (options.trace == nullptr) refuse(std::string("cannot write ") + optarg);
        break;
      case help:
        std::fputs(kHelp, stdout);
        std::exit(0);
      default:
        std::exit(2);  // getopt_long has said why
    }
  }
  if (optind < argc) refuse(std::string("unexpected '") + argv[optind] + "'");
  return options;
}

}  // namespace gauge
