#include "lines.hpp"

#include <cinttypes>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <string>

#include "words.hpp"

namespace gauge {
namespace {

void print_needle(const char* name, const NeedlePicture& needle) {
  std::printf("\"%s\":{\"deg\":%.3f,\"steps\":%" PRId32 ",\"target\":%d,\"moving\":%s}", name,
              static_cast<double>(needle.deg), needle.steps, needle.target, needle.moving ? "true" : "false");
}

// A reader that is gone, as of `gauge_sim --json | head`, ends the simulator like SIGTERM.
void flush() {
  if (std::fflush(stdout) != 0) std::raise(SIGTERM);
}

void warn(const std::string& words) { std::fprintf(stderr, "gauge_sim: %s\n", words.c_str()); }

}  // namespace

void JsonLines::show(const Picture& picture) {
  if (last_ && same_look(*last_, picture)) return;
  last_ = picture;
  std::printf("{\"t_ms\":%" PRIu32 ",\"link\":\"%s\",\"needles\":{", picture.at, name(picture.link));
  for (std::size_t dial = 0; dial < picture.needles.size(); ++dial) {
    if (dial > 0) std::putchar(',');
    print_needle(contract::kDialNames[dial], picture.needles[dial]);
  }
  std::printf("},\"lamps\":{");
  for (std::size_t lamp = 0; lamp < picture.lamps.size(); ++lamp) {
    std::printf("%s\"%s\":%d", lamp > 0 ? "," : "", contract::kLampNames[lamp], picture.lamps[lamp]);
  }
  std::printf("},\"lit\":[");
  const char* comma = "";
  for (std::size_t lamp = 0; lamp < picture.lamps.size(); ++lamp) {
    if ((picture.lit >> lamp & 1) == 0) continue;
    std::printf("%s\"%s\"", comma, contract::kLampNames[lamp]);
    comma = ",";
  }
  std::printf("],\"mark\":\"%s\",\"dropped\":%" PRIu32 ",\"reconnects\":%" PRIu32 "}\n",
              mark_of(picture.played).c_str(), picture.dropped, picture.reconnects);
  flush();
}

void JsonLines::log(const std::string& words) { warn(words); }

void PlainLines::show(const Picture& picture) {
  std::string line = words_of(picture.link);
  for (std::size_t dial = 0; dial < picture.needles.size(); ++dial) {
    const NeedlePicture& needle = picture.needles[dial];
    if (needle.moving) return;
    line +=
        std::string("  ") + contract::kDialNames[dial] + " " + reading_of(static_cast<contract::Dial>(dial), needle);
  }
  line += "  lamps " + names_of(picture.lit);
  if (picture.played != 0) line = mark_of(picture.played) + "  " + line;
  if (line == last_) return;
  last_ = line;
  std::printf("%8.1f s  %s\n", picture.at / 1000.0, line.c_str());
  flush();
}

void PlainLines::log(const std::string& words) { warn(words); }

}  // namespace gauge
