#include "gauge/networks.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gauge;

namespace {

std::string listed(const Networks& networks) {
  std::string all;
  for (const Networks::Network& network : networks) {
    all += std::string(network.name.view()) + std::to_string(network.rssi_dbm) + (network.with_password ? "* " : " ");
  }
  return all;
}

}  // namespace

TEST_CASE("each name once, at its strongest, and the strongest first") {
  Networks networks;
  CHECK(listed(networks).empty());
  networks.add("a", -70, true);
  networks.add("b", -50, false);
  networks.add("c", -90, true);
  CHECK(listed(networks) == "b-50 a-70* c-90* ");
  networks.add("a", -80, true);
  CHECK(listed(networks) == "b-50 a-70* c-90* ");
  networks.add("c", -40, true);
  CHECK(listed(networks) == "c-40* b-50 a-70* ");
  networks.add("c", -39, true);
  CHECK(listed(networks) == "c-39* b-50 a-70* ");
  networks.clear();
  CHECK(listed(networks).empty());
}

TEST_CASE("what no setting could take is left out") {
  Networks networks;
  networks.add("", -10, true);
  networks.add(std::string(33, 'a'), -10, true);
  networks.add("a\nb", -10, true);
  networks.add(std::string(32, 'a'), -10, true);
  networks.add("caf\xc3\xa9", -20, false);
  CHECK(listed(networks) == std::string(32, 'a') + "-10* caf\xc3\xa9-20 ");
}

TEST_CASE("of more than fit the strongest stay") {
  Networks networks;
  for (int number = 0; number < 40; ++number)
    networks.add(std::string(1, static_cast<char>('A' + number)), -number, true);
  networks.add("strong", 5, true);
  networks.add("weak", -99, true);
  CHECK(networks.end() - networks.begin() == 16);
  CHECK(networks.begin()->name.view() == "strong");
  CHECK((networks.end() - 1)->rssi_dbm == -14);
}
