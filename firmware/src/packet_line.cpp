#include "packet_line.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "wire.hpp"

namespace gauge {

int PacketLine::available() {
  if (!in_time()) return 0;
  if (shown_ == 0) receive();
  if (shown_ == 0) found_nothing();
  return static_cast<int>(shown_);
}

int PacketLine::read() {
  std::uint8_t byte = 0;
  return read(&byte, 1) == 1 ? byte : -1;
}

int PacketLine::read(std::uint8_t* buffer, std::size_t size) {
  if (!in_time()) return -1;
  if (shown_ == 0) receive();
  if (shown_ == 0) return -1;
  const std::size_t piece = std::min(size, shown_);
  std::copy_n(inbox_.begin() + static_cast<std::ptrdiff_t>(begin_), piece, buffer);
  begin_ += piece;
  shown_ -= piece;
  return static_cast<int>(piece);
}

void PacketLine::stop() {
  Line::stop();
  begin_ = end_ = shown_ = 0;
  gate_.reset();
}

void PacketLine::receive() {
  std::copy(inbox_.begin() + static_cast<std::ptrdiff_t>(begin_), inbox_.begin() + static_cast<std::ptrdiff_t>(end_),
            inbox_.begin());
  end_ -= begin_;
  begin_ = 0;
  end_ += wire::receive_now(fd(), inbox_.data() + end_, inbox_.size() - end_);
  shown_ = gate_.pass(inbox_.data(), end_, end_ == inbox_.size());
  if (gate_.refused()) stop();
}

}  // namespace gauge
