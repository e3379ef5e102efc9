#pragma once

#include <optional>
#include <string>

#include "picture.hpp"

namespace gauge {

// A JSON object on a line of stdout for each picture that differs from the last:
// {"t_ms": .., "link": "live", "needles": {"5h": {"deg": 120.333, "steps": 361, "target": 401, "moving": false}, ..},
//  "lamps": {"opus": 255, ..}, "lit": ["opus"], "mark": "", "dropped": 0, "reconnects": 0}, each as in Picture. "mark":
//  "DEMO" or "REPLAY"
// where these are nobody's numbers.
class JsonLines final : public Screen {
 public:
  void show(const Picture& picture) override;
  void log(const std::string& words) override;

 private:
  std::optional<Picture> last_;
};

// For a log or a pipe: a line for people whenever the needles have come to rest on something new, or lamps changed.
class PlainLines final : public Screen {
 public:
  void show(const Picture& picture) override;
  void log(const std::string& words) override;

 private:
  std::string last_;
};

}  // namespace gauge
