#pragma once

#include "arduino.hpp"

#include <array>
#include <string_view>

namespace gauge {

// The address of a host. One that was found is taken again without asking, since a name server that is away costs 15 s;
// after some tries to which nobody answered it is asked anew, as a host may have got another address.
class Lookup {
 public:
  // Blocks for up to blocking::kResolveMs. False: nobody knows the name, or another task is just asking.
  bool find(std::string_view host, IPAddress& address);
  // Whether somebody was at the address that was found.
  void answered(bool yes) { silent_ = yes ? 0 : silent_ + 1; }

 private:
  bool ask(IPAddress& address);

  std::array<char, 129> host_{};
  IPAddress address_;
  bool known_ = false;
  int silent_ = 0;  // tries in a row
};

}  // namespace gauge
