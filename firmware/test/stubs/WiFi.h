// In the shape of WiFi.h, WiFiSTA.h, WiFiAP.h, WiFiGeneric.h, WiFiClient.h: arduino-esp32 2.0.14; of core 3 the name
// NetworkClient and what WiFiClient is there.
#pragma once

#include <Arduino.h>

#include <cstddef>
#include <cstdint>

enum wl_status_t { WL_IDLE_STATUS = 0, WL_CONNECTED = 3, WL_CONNECT_FAILED = 4, WL_DISCONNECTED = 6 };
enum wifi_auth_mode_t { WIFI_AUTH_OPEN = 0, WIFI_AUTH_WPA2_PSK = 3 };
#define WIFI_SCAN_RUNNING (-1)
#define WIFI_SCAN_FAILED (-2)
enum wifi_mode_t { WIFI_MODE_NULL, WIFI_MODE_STA, WIFI_MODE_AP, WIFI_MODE_APSTA };
#define WIFI_STA WIFI_MODE_STA
enum wifi_scan_method_t { WIFI_FAST_SCAN, WIFI_ALL_CHANNEL_SCAN };
enum wifi_sort_method_t { WIFI_CONNECT_AP_BY_SIGNAL, WIFI_CONNECT_AP_BY_SECURITY };
enum wifi_ps_type_t { WIFI_PS_NONE, WIFI_PS_MIN_MODEM, WIFI_PS_MAX_MODEM };

#if ESP_ARDUINO_VERSION_MAJOR >= 3
class NetworkClient;
using WiFiClient = NetworkClient;
class NetworkClient : public Client {
#else
class WiFiClient : public Client {
#endif
 public:
  using Print::write;
  std::size_t write(std::uint8_t byte) override;
  std::size_t write(const std::uint8_t* buffer, std::size_t size) override;
  int fd() const;
  int connect(IPAddress ip, std::uint16_t port, std::int32_t timeout_ms);
  virtual int available();
  virtual int read();
  virtual int read(std::uint8_t* buffer, std::size_t size);
  virtual std::uint8_t connected();
  virtual void stop();
  IPAddress localIP() const;
};

class WiFiClass {
 public:
  wl_status_t begin(const char* ssid, const char* passphrase = nullptr, std::int32_t channel = 0,
                    const std::uint8_t* bssid = nullptr, bool connect = true);
  bool setAutoReconnect(bool on);
  void setScanMethod(wifi_scan_method_t method);
  void setSortMethod(wifi_sort_method_t method);
  IPAddress localIP();
  wl_status_t status();
  std::int8_t RSSI();

  bool softAP(const char* ssid, const char* passphrase = nullptr, int channel = 1, int hidden = 0, int most = 4,
              bool ftm_responder = false);
  bool softAPdisconnect(bool wifi_off = false);
  std::uint8_t softAPgetStationNum();
  IPAddress softAPIP();

  int hostByName(const char* name, IPAddress& address);

  bool disconnect(bool wifi_off = false, bool erase_ap = false);

  std::int16_t scanNetworks(bool async = false, bool show_hidden = false, bool passive = false,
                            std::uint32_t most_ms_per_channel = 300, std::uint8_t channel = 0,
                            const char* ssid = nullptr, const std::uint8_t* bssid = nullptr);
  std::int16_t scanComplete();
  void scanDelete();
  String SSID(std::uint8_t network);
  std::int32_t RSSI(std::uint8_t network);
  wifi_auth_mode_t encryptionType(std::uint8_t network);

  void persistent(bool on);
  static bool mode(wifi_mode_t mode);
  bool setSleep(bool on);
  bool setSleep(wifi_ps_type_t type);
  static bool setHostname(const char* name);
};
extern WiFiClass WiFi;
