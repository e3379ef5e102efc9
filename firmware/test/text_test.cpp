#include "gauge/text.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>

using gauge::Text;

TEST_CASE("a text takes exactly its capacity and always ends with a zero") {
  Text<5> text("abc");
  text.add("de");
  CHECK(text.fits());
  CHECK(std::string(text.c_str()) == "abcde");
}

TEST_CASE("a part that does not fit is left out whole, and the text says so") {
  Text<5> text("abc");
  text.add("def");
  CHECK_FALSE(text.fits());
  CHECK(text.view() == "abc");
}

TEST_CASE("numbers are written in full, down to the longest") {
  CHECK(Text<20>().add_number(0).view() == "0");
  CHECK(Text<20>().add_number(-45).view() == "-45");
  CHECK(Text<20>().add_number(std::numeric_limits<std::int64_t>::min()).view() == "-9223372036854775808");
}
