#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "picture.hpp"

namespace gauge {

// Three dials, seven lamps and a line about the connection, redrawn in place; the cursor comes back at the end.
class Terminal final : public Screen {
 public:
  Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void show(const Picture& picture) override;
  void log(const std::string& words) override;
  void close() override;

 private:
  std::optional<Picture> last_;
  std::mutex mutex_;  // of the next two
  std::string logged_;
  bool log_is_new_ = false;
};

}  // namespace gauge
