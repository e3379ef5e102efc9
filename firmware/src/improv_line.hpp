#pragma once

#include <string_view>

#include "gauge/improv.hpp"
#include "gauge/settings.hpp"
#include "gauge/text.hpp"
#include "gauge/time.hpp"
#include "radio.hpp"
#include "search.hpp"

namespace gauge {

// The serial line and the radio, for Improv.
class ImprovLine : public ImprovPort {
 public:
  ImprovLine(Settings& settings, Radio& radio, Search& search) : settings_(settings), radio_(radio), search_(search) {}

  void poll(Improv& improv, Millis now);

  void write(std::string_view packet) override;
  bool scan() override;
  bool try_network(std::string_view name, std::string_view password) override;
  void keep_network() override;
  void drop_network() override;

 private:
  void name_page();

  Settings& settings_;
  Radio& radio_;
  Search& search_;
  Settings before_;
  Text<64> page_;
  bool was_connected_ = false;
  bool listing_ = false;
};

}  // namespace gauge
