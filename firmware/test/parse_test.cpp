#include "gauge/parse.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <string_view>

using namespace gauge;
using namespace std::literals;

TEST_CASE("a needle is 0 to 1000, or -1 for no data") {
  for (int value = 0; value <= 1000; ++value) CHECK(parse_needle(std::to_string(value)) == value);
  CHECK(parse_needle("-1") == -1);
  CHECK(parse_needle("00437") == 437);
}

TEST_CASE("a lamp mask has a bit for each lamp and no other") {
  for (int value = 0; value <= 127; ++value) CHECK(parse_lamps(std::to_string(value)) == value);
  for (const auto payload : {"128", "255", "256", "-1", "65536", "99999"}) CHECK_FALSE(parse_lamps(payload));
}

TEST_CASE("a heartbeat comes again within 1 s to a day") {
  CHECK(parse_heartbeat_s("1") == 1);
  CHECK(parse_heartbeat_s("30") == 30);
  CHECK(parse_heartbeat_s("86400") == 86400);
  for (const auto payload : {"0", "-1", "86401", "99999"}) CHECK_FALSE(parse_heartbeat_s(payload));
}

TEST_CASE("a publisher is online or offline, in these very letters") {
  CHECK(parse_availability("online") == true);
  CHECK(parse_availability("offline") == false);
  for (const auto payload : {"", "Online", "online ", "ONLINE", "offlin", "0", "None"}) {
    CHECK_FALSE(parse_availability(payload));
  }
}

TEST_CASE("what is no plain decimal number in range is refused") {
  const std::string ten_kilobytes(10'240, '7');
  const std::array refused{""sv,
                           "nan"sv,
                           "None"sv,
                           "12x"sv,
                           "x12"sv,
                           " 12"sv,
                           "12 "sv,
                           "12\n"sv,
                           "+12"sv,
                           "-0"sv,
                           "-2"sv,
                           "--1"sv,
                           "-1 "sv,
                           "-"sv,
                           "-01"sv,
                           "1001"sv,
                           "1e2"sv,
                           "0x1"sv,
                           "12.5"sv,
                           "1,2"sv,
                           "0000012"sv,
                           "\xff\xfe"sv,
                           "\xb2"sv,
                           "\xd9\xa3"sv,
                           "12\0"sv,
                           "\0"sv,
                           "1\0002"sv,
                           "4294967296"sv,
                           "65537"sv,
                           "18446744073709551617"sv,
                           "1111111111222222222233333333334444444444"sv,
                           std::string_view(ten_kilobytes)};
  for (const auto payload : refused) {
    CAPTURE(payload);
    CHECK_FALSE(parse_needle(payload));
    CHECK_FALSE(parse_lamps(payload));
    if (payload != "1001" && payload != "65537") CHECK_FALSE(parse_heartbeat_s(payload));
    CHECK_FALSE(parse_availability(payload));
  }
}

TEST_CASE("a topic is ours below prefix and instance only") {
  CHECK(topic_below("claude_gauge/desk/display/lamps", "claude_gauge", "desk") == "display/lamps");
  CHECK(topic_below("a/b/desk/availability", "a/b", "desk") == "availability");
  for (const auto topic : {"", "claude_gauge", "claude_gauge/", "claude_gauge/desk", "claude_gauge/desk/",
                           "claude_gauge/des/x", "claude_gauge/desktop/x", "claude_gaug/desk/x", "claude_gauges/desk/x",
                           "/claude_gauge/desk/x", "Claude_gauge/desk/x"}) {
    CAPTURE(topic);
    CHECK(topic_below(topic, "claude_gauge", "desk").empty());
  }
}

TEST_CASE("a topic is not read beyond its end") {
  const std::string_view buffer = "claude_gauge/desk/availability";
  CHECK(topic_below(buffer.substr(0, 17), "claude_gauge", "desk").empty());
  CHECK(topic_below(buffer.substr(0, 12), "claude_gauge", "desk").empty());
}

TEST_CASE("each dial has its topic") {
  CHECK(dial_of("display/needle/5h") == contract::Dial::fuel_5h);
  CHECK(dial_of("display/needle/tach") == contract::Dial::tach);
  CHECK(dial_of("display/needle/7d") == contract::Dial::fuel_7d);
  for (const auto topic : {"", "display/needle/", "display/needle/5", "display/needle/5h/x", "display/lamps"}) {
    CHECK_FALSE(dial_of(topic));
  }
}
