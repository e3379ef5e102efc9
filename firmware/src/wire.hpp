#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

// What a TCP socket takes and gives at once. Arduino's own write() waits up to 10 s for room, and 10 s more after each
// byte that went out.
namespace gauge::wire {

// Room for at least 2 kB: lwIP calls a socket writable from half of its buffer of 5.7 kB on.
bool has_room(int socket);

// How much of it was taken, perhaps nothing. No value: the connection is broken.
std::optional<std::size_t> send_now(int socket, const std::uint8_t* bytes, std::size_t size);

// How much came, perhaps nothing; also of a connection that is gone.
std::size_t receive_now(int socket, std::uint8_t* bytes, std::size_t size);

}  // namespace gauge::wire
