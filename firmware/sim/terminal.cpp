#include "terminal.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>
#include <vector>

#include "canvas.hpp"
#include "words.hpp"

namespace gauge {
namespace {

constexpr std::size_t kColumns = 24, kRows = 10;  // of a dial
constexpr std::size_t kLines = kRows + 4;         // of the whole view
constexpr Millis kEveryMs = 50;

// In dots. The hub sits so that a parked needle, which hangs lowest, still fits.
constexpr float kHubX = 23.5F, kHubY = 23;
constexpr float kRim = 22.4F, kTick = 19, kMark = 17, kTip = 19.5F;

constexpr int kMarks = 10, kArcPoints = 240;
// The tach's redline; the fuels' WARN, 80 %, stands at the same place.
constexpr float kRedFrom = contract::kRedlineMark / float{contract::kNeedleMax};

constexpr const char* kTitles[] = {"5h FUEL", "TOKENS/MIN", "7d FUEL"};

struct Rgb {
  int red, green, blue;
};
// Of the seven lamps, as they are wired.
constexpr Rgb kRed{255, 64, 48}, kAmber{255, 176, 32}, kGreen{72, 220, 96}, kBlue{80, 144, 255};
constexpr Rgb kColours[] = {kRed, kAmber, kGreen, kRed, kAmber, kBlue, kGreen};
constexpr int kSmoked = 104;  // what of a dark lamp can be seen, 0..255

constexpr float angle_of(float share) { return contract::kZeroDeg + share * (contract::kFullDeg - contract::kZeroDeg); }

void ray(Canvas& canvas, float motor_deg, float from, float to, Ink ink) {
  constexpr float kTop = (contract::kZeroDeg + contract::kFullDeg) / 2;  // the middle of the scale
  const float angle = (motor_deg - kTop) * 3.14159265F / 180;
  const float x = std::sin(angle), y = -std::cos(angle);
  canvas.line(kHubX + from * x, kHubY + from * y, kHubX + to * x, kHubY + to * y, ink);
}

Canvas dial(contract::Dial which, const NeedlePicture& needle) {
  Canvas canvas(kColumns, kRows);
  for (int point = 0; point <= kArcPoints; ++point) {
    const float share = static_cast<float>(point) / kArcPoints;
    ray(canvas, angle_of(share), kRim, kRim, share >= kRedFrom ? Ink::red : Ink::scale);
  }
  for (int mark = 0; mark <= kMarks; ++mark) {
    const float share = static_cast<float>(mark) / kMarks;
    ray(canvas, angle_of(share), mark % 2 == 0 ? kMark : kTick, kRim, share >= kRedFrom ? Ink::red : Ink::scale);
  }
  ray(canvas, needle.deg, 0, kTip, Ink::needle);
  canvas.text(kRows - 2, reading_of(which, needle));
  canvas.text(kRows - 1, kTitles[static_cast<std::size_t>(which)]);
  return canvas;
}

std::string lamp(std::size_t which, std::uint8_t level) {
  const auto part = [level](int full) {
    return ";" + std::to_string(full * (kSmoked + (255 - kSmoked) * level / 255) / 255);
  };
  const Rgb full = kColours[which];
  return "\x1b[38;2" + part(full.red) + part(full.green) + part(full.blue) + "m" + (level > 0 ? "\u25cf " : "\u25cb ") +
         upper(contract::kLampNames[which]) + "\x1b[0m";
}

}  // namespace

// No cursor, and no wrapping: on a narrow terminal the view is cut.
Terminal::Terminal() { std::fputs("\x1b[?25l\x1b[?7l", stdout); }

void Terminal::close() {
  std::fputs("\x1b[?7h\x1b[?25h\x1b[0m", stdout);
  std::fflush(stdout);
}

void Terminal::show(const Picture& picture) {
  std::string said;
  {
    const std::lock_guard lock(mutex_);
    if (last_ && (since(last_->at, picture.at) < kEveryMs || (same_look(*last_, picture) && !log_is_new_))) return;
    log_is_new_ = false;
    said = logged_;
  }
  std::vector<Canvas> dials;
  for (std::size_t which = 0; which < picture.needles.size(); ++which) {
    dials.push_back(dial(static_cast<contract::Dial>(which), picture.needles[which]));
  }
  std::string view = last_ ? "\x1b[" + std::to_string(kLines) + "A" : "";
  const auto end_line = [&view] { view += "\x1b[K\r\n"; };
  for (std::size_t row = 0; row < kRows; ++row) {
    for (const Canvas& canvas : dials) view += " " + canvas.row(row) + " ";
    end_line();
  }
  end_line();
  for (std::size_t which = 0; which < picture.lamps.size(); ++which) view += "    " + lamp(which, picture.lamps[which]);
  end_line();
  end_line();
  if (picture.played != 0) view += "    \x1b[7m " + mark_of(picture.played) + " \x1b[0m nobody's numbers";
  view += "    \x1b[2m" + words_of(picture.link) + "  " + said + "\x1b[0m";
  end_line();
  std::fputs(view.c_str(), stdout);
  std::fflush(stdout);
  last_ = picture;
}

void Terminal::log(const std::string& words) {
  if (words.rfind("link: ", 0) == 0) return;  // the picture has it
  const std::lock_guard lock(mutex_);
  logged_ = words;
  log_is_new_ = true;
}

}  // namespace gauge
