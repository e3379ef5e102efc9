#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "gauge/settings.hpp"

namespace gauge {

namespace {

// "GAUG", read as the ESP32 and every host of ours do.
constexpr std::uint32_t kMagic = 0x47554147;

struct Header {
  std::uint32_t magic;
  std::uint16_t version;
  std::uint16_t size;  // of what follows the header
  std::uint32_t crc;   // over it
};
static_assert(sizeof(Header) == kRecordHeader);
static_assert(std::is_trivially_copyable_v<Settings>);
static_assert(sizeof(Settings) == offsetof(Settings, trims) + sizeof(Settings::trims),
              "a field that is appended must not lie in what was padding, it would be read from an old record as zero");

std::uint32_t crc32(const std::uint8_t* bytes, std::size_t size) {
  std::uint32_t crc = 0xffffffff;
  for (const std::uint8_t* at = bytes; at != bytes + size; ++at) {
    crc ^= *at;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
  }
  return ~crc;
}

}  // namespace

SettingsRecord store(const Settings& settings) {
  SettingsRecord record{};
  std::uint8_t* const body = record.data() + kRecordHeader;
  std::memcpy(body, &settings, sizeof settings);
  const Header header{kMagic, kSettingsVersion, sizeof settings, crc32(body, sizeof settings)};
  std::memcpy(record.data(), &header, sizeof header);
  return record;
}

Loaded load(const std::uint8_t* record, std::size_t size, Settings& settings) {
  settings = Settings{};
  if (size == 0) return Loaded::nothing;
  Header header{};
  if (size < sizeof header) return Loaded::damaged;
  std::memcpy(&header, record, sizeof header);
  const std::uint8_t* const body = record + kRecordHeader;
  if (header.magic != kMagic || header.size != size - sizeof header || header.crc != crc32(body, header.size)) {
    return Loaded::damaged;
  }
  std::memcpy(&settings, body, std::min<std::size_t>(header.size, sizeof settings));
  return header.version == kSettingsVersion ? Loaded::current : Loaded::migrated;
}

}  // namespace gauge
