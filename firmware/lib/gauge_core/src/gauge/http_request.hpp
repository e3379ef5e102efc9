#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gauge/text.hpp"

namespace gauge {

// One HTTP/1.1 request as it comes in, piece by piece and from anybody: it takes at most kMost bytes and no memory
// beyond them. Chunked bodies are refused; no browser sends a form so.
class HttpRequest {
 public:
  enum class State : std::uint8_t { reading, whole, malformed, too_long };
  // A browser's headers, some 700 bytes, and the form with each setting at its longest, each byte of it as %xx.
  static constexpr std::size_t kMost = 4096;

  HttpRequest() = default;
  HttpRequest(const HttpRequest&) = delete;  // its views point into it
  HttpRequest& operator=(const HttpRequest&) = delete;

  void clear();
  State add(std::string_view bytes);
  State state() const { return state_; }

  // Of a whole request. The path is without its query.
  bool is(std::string_view method, std::string_view path) const { return method == method_ && path == path_; }
  std::string_view header(std::string_view lower_case_name) const;  // "" if it is not there
  std::string_view body() const { return view().substr(body_at_); }

 private:
  std::string_view view() const { return {bytes_.data(), size_}; }
  State read_head();

  std::array<char, kMost> bytes_{};
  std::size_t size_ = 0;
  std::size_t body_at_ = 0;  // 0: the head is not whole yet
  std::size_t body_size_ = 0;
  State state_ = State::reading;
  std::string_view head_;  // the header lines
  std::string_view method_;
  std::string_view path_;
};

// The value of a field in an application/x-www-form-urlencoded body. False: there is no such field. One that is too
// long for `value` does not fit() it.
bool form_value(std::string_view body, std::string_view key, Text<128>& value);

// The password in a header `Authorization: Basic ...`, RFC 7617. False: there is none.
bool basic_password(std::string_view authorization, Text<128>& password);

}  // namespace gauge
