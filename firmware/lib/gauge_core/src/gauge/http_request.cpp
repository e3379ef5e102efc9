#include "gauge/http_request.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string_view>
#include <system_error>

namespace gauge {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view name, std::string_view lower_case) {
  return std::equal(name.begin(), name.end(), lower_case.begin(), lower_case.end(),
                    [](char left, char right) { return lower(left) == right; });
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Takes what stands before `separator` off the front of `rest`; all of it, if there is none.
std::string_view take_until(std::string_view& rest, std::string_view separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view taken = rest.substr(0, end);
  rest.remove_prefix(std::min(end + separator.size(), rest.size()));
  return taken;
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

void add_decoded(std::string_view coded, Text<128>& value) {
  for (std::size_t at = 0; at < coded.size(); ++at) {
    char c = coded[at] == '+' ? ' ' : coded[at];
    if (c == '%' && at + 2 < coded.size() && hex(coded[at + 1]) >= 0 && hex(coded[at + 2]) >= 0) {
      c = static_cast<char>(hex(coded[at + 1]) * 16 + hex(coded[at + 2]));
      at += 2;
    }
    value.add({&c, 1});
  }
}

int base64(char c) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t digit = kDigits.find(c);
  return digit == std::string_view::npos ? -1 : static_cast<int>(digit);
}

}  // namespace

void HttpRequest::clear() {
  size_ = body_at_ = body_size_ = 0;
  state_ = State::reading;
  head_ = method_ = path_ = {};
}

HttpRequest::State HttpRequest::add(std::string_view bytes) {
  if (state_ != State::reading) return state_;
  if (bytes.size() > kMost - size_) return state_ = State::too_long;
  std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
  size_ += bytes.size();
  if (body_at_ == 0) state_ = read_head();
  if (state_ == State::reading && body_at_ != 0 && size_ - body_at_ >= body_size_) {
    size_ = body_at_ + body_size_;
    state_ = State::whole;
  }
  return state_;
}

HttpRequest::State HttpRequest::read_head() {
  const std::size_t end = view().find(kHeadEnd);
  if (end == std::string_view::npos) return size_ == kMost ? State::too_long : State::reading;
  std::string_view head = view().substr(0, end);
  std::string_view line = take_until(head, kLineEnd);
  head_ = head;
  method_ = take_until(line, " ");
  std::string_view target = take_until(line, " ");
  path_ = take_until(target, "?");
  const bool good = !method_.empty() && !path_.empty() && path_.front() == '/' && line.substr(0, 7) == "HTTP/1.";
  if (!good || !header("transfer-encoding").empty()) return State::malformed;

  if (const std::string_view length = header("content-length"); !length.empty()) {
    const auto [stop, error] = std::from_chars(length.data(), length.data() + length.size(), body_size_);
    if (stop != length.data() + length.size()) return State::malformed;
    if (error != std::errc{} || body_size_ > kMost) return State::too_long;
  }
  body_at_ = end + kHeadEnd.size();
  return body_size_ > kMost - body_at_ ? State::too_long : State::reading;
}

std::string_view HttpRequest::header(std::string_view lower_case_name) const {
  for (std::string_view rest = head_; !rest.empty();) {
    std::string_view line = take_until(rest, kLineEnd);
    if (same_name(take_until(line, ":"), lower_case_name)) return trimmed(line);
  }
  return {};
}

bool form_value(std::string_view body, std::string_view key, Text<128>& value) {
  while (!body.empty()) {
    std::string_view field = take_until(body, "&");
    if (take_until(field, "=") != key) continue;
    value.clear();
    add_decoded(field, value);
    return true;
  }
  return false;
}

bool basic_password(std::string_view authorization, Text<128>& password) {
  password.clear();
  if (take_until(authorization, " ") != "Basic") return false;
  const std::string_view coded = trimmed(authorization);
  unsigned bits = 0;
  int count = 0;
  bool after_user = false;
  for (const char c : coded.substr(0, coded.find('='))) {
    const int digit = base64(c);
    if (digit < 0) return false;
    bits = bits << 6 | static_cast<unsigned>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    const char letter = static_cast<char>(bits >> count & 0xff);
    if (after_user) {
      password.add({&letter, 1});
    } else {
      after_user = letter == ':';
    }
  }
  return after_user && password.fits();
}

}  // namespace gauge
