#include "gauge/improv.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace gauge;

namespace {

constexpr Device kDevice{"a1b2c3d4e5f6", "1.2.3"};

// As https://www.improv-wifi.com/serial/ has them: header, version, type, length, data, checksum of all before it.
std::string packet(char type, const std::string& data) {
  std::string made = "IMPROV\x01";
  made += type;
  made += static_cast<char>(data.size());
  made += data;
  unsigned sum = 0;
  for (const char c : made) sum += static_cast<unsigned char>(c);
  made += static_cast<char>(sum & 0xff);
  return made;
}
std::string state(char code) { return packet(1, {code}) + "\n"; }
std::string fault(char code) { return packet(2, {code}) + "\n"; }
std::string text(const std::string& words) { return static_cast<char>(words.size()) + words; }
std::string command(char id, const std::string& data = "") { return packet(3, id + text(data)); }
std::string result(char id, const std::string& texts) { return packet(4, id + text(texts)) + "\n"; }

struct Port : ImprovPort {
  void write(std::string_view packet) override { said += packet; }
  bool scan() override {
    ++scans;
    return scans_well;
  }
  bool try_network(std::string_view name, std::string_view password) override {
    tried.push_back(std::string(name) + "/" + std::string(password));
    return name.size() <= 32;
  }
  void keep_network() override { ++kept; }
  void drop_network() override { ++dropped; }

  std::string take() {
    const std::string taken = said;
    said.clear();
    return taken;
  }

  std::string said;
  std::vector<std::string> tried;
  bool scans_well = true;
  int scans = 0;
  int kept = 0;
  int dropped = 0;
};

struct Bench {
  // What is left for the console.
  std::string feed(const std::string& bytes) {
    std::string line;
    std::string words;
    for (const char c : bytes) {
      if (improv.take(static_cast<std::uint8_t>(c), line.empty(), now)) continue;
      const std::string more = std::string(improv.spilled()) + c;
      words += more;
      line = c == '\n' ? "" : line + more;
    }
    return words;
  }
  std::string ask(const std::string& bytes) {
    feed(bytes);
    return port.take();
  }
  void poll(bool connected) { improv.poll(connected, connected ? "http://10.0.0.7/" : "", now); }

  Port port;
  Improv improv{port, kDevice, "claude-gauge-d4e5f6"};
  Millis now = 0xffffff00;  // about to wrap
};

}  // namespace

TEST_CASE("the packets of the published protocol, byte by byte") {
  // Requests as the page of ESP Web Tools sends them; the checksums were worked out by hand.
  const std::string tell_state{"IMPROV\x01\x03\x02\x02\x00\xe5", 12};
  CHECK(command(2) == tell_state);
  Bench bench;
  const std::string ready{"IMPROV\x01\x01\x01\x02\xe2\n", 12};
  CHECK(bench.ask(tell_state) == ready);
}

TEST_CASE("it tells who it is") {
  Bench bench;
  CHECK(bench.ask(command(3)) ==
        result(3, text("claude-gauge") + text("1.2.3") + text("ESP32") + text("claude-gauge-d4e5f6")));
}

TEST_CASE("a device that is on the network says where its page is") {
  Bench bench;
  bench.poll(true);
  CHECK(bench.ask(command(2)) == state(4) + result(2, text("http://10.0.0.7/")));
}

TEST_CASE("the network that takes it is kept") {
  Bench bench;
  bench.poll(true);  // on another one
  CHECK(bench.ask(command(1, text("My net") + text("secret77"))) == state(3));
  CHECK(bench.port.tried == std::vector<std::string>{"My net/secret77"});
  bench.poll(true);  // not left yet
  CHECK(bench.port.take().empty());
  bench.poll(false);
  bench.now += 29'000;
  CHECK(bench.ask(command(2)) == state(3));
  bench.poll(true);
  CHECK(bench.port.take() == state(4) + result(1, text("http://10.0.0.7/")));
  CHECK(bench.port.kept == 1);
  bench.now += 60'000;
  bench.poll(true);
  CHECK(bench.port.take().empty());
  CHECK(bench.port.dropped == 0);
}

TEST_CASE("a network that does not take it within half a minute is dropped") {
  Bench bench;
  bench.ask(command(1, text("My net") + text("wrong password")));
  bench.now += 29'999;
  bench.poll(false);
  CHECK(bench.port.take().empty());
  bench.now += 1;
  bench.poll(false);
  CHECK(bench.port.take() == state(2) + fault(3));
  CHECK(bench.port.dropped == 1);
  CHECK(bench.port.kept == 0);
}

TEST_CASE("a second network takes the place of the first one, and the one before both comes back") {
  Bench bench;
  bench.ask(command(1, text("first") + text("12345678")));
  CHECK(bench.ask(command(1, text("second") + text(""))) == state(3));
  CHECK(bench.port.dropped == 1);
  CHECK(bench.port.tried.back() == "second/");
}

TEST_CASE("a network that can be none is refused at once") {
  Bench bench;
  CHECK(bench.ask(command(1, text(std::string(33, 'a')) + text("12345678"))) == fault(3));
  bench.now += 60'000;
  bench.poll(false);
  CHECK(bench.port.take().empty());
}

TEST_CASE("networks are listed one by one, and an empty answer ends the list") {
  Bench bench;
  CHECK(bench.ask(command(4)).empty());
  bench.improv.found("My net", -61, true);
  bench.improv.found("caf\xc3\xa9", -80, false);
  bench.improv.scanned();
  CHECK(bench.port.take() == result(4, text("My net") + text("-61") + text("YES")) +
                                 result(4, text("caf\xc3\xa9") + text("-80") + text("NO")) + result(4, ""));
}

TEST_CASE("a search that cannot be made is an empty list") {
  Bench bench;
  bench.port.scans_well = false;
  CHECK(bench.ask(command(4)) == result(4, ""));
}

TEST_CASE("what is wrong is said") {
  Bench bench;
  std::string broken = command(2);
  broken.back() = static_cast<char>(broken.back() + 1);
  CHECK(bench.ask(broken) == fault(1));
  CHECK(bench.ask(command(9)) == fault(2));
  CHECK(bench.ask(packet(3, "")) == fault(1));
  CHECK(bench.ask(packet(3, std::string{"\x02\x05", 2})) == fault(1));
  CHECK(bench.ask(command(1, text("name only"))) == fault(1));
  CHECK(bench.ask(command(1, std::string{"\x20name", 5})) == fault(1));
  CHECK(bench.ask(command(1, text("a") + text("b") + "more")) == fault(1));
  CHECK(bench.ask(packet(1, "\x02")).empty());  // a state is nothing that a device is told
  CHECK(bench.port.tried.empty());
}

TEST_CASE("what is no packet is the console's, to the byte") {
  Bench bench;
  for (const std::string words : {"show\r\n", "I\n", "IMPROVE\n", "IMPROV\x02\n", "set wifi_ssid IMPROV\x01\n"}) {
    CHECK(bench.feed(words) == words);
  }
  CHECK(bench.feed("show\n" + command(2) + "\nrestart\n") == "show\n\nrestart\n");
  CHECK(bench.port.take() == state(2));
}

TEST_CASE("a packet that breaks off gives the line back to the console") {
  Bench bench;
  const std::string whole = command(1, text("My net") + text("secret77"));
  CHECK(bench.feed(whole.substr(0, 15)).empty());
  bench.now += 1001;
  CHECK(bench.feed("show\n") == "show\n");
  CHECK(bench.port.take().empty());
  CHECK(bench.port.tried.empty());
}

TEST_CASE("the longest packet is taken whole") {
  Bench bench;
  CHECK(bench.ask(command(1, text(std::string(120, 'a')) + text(std::string(131, 'b')))) == fault(3));
  CHECK(bench.port.tried.back().size() == 252);
}
