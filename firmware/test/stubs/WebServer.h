// In the shape of WebServer.h: arduino-esp32 2.0.14 / 3.0.4.
#pragma once

#include <WiFi.h>

enum HTTPMethod { HTTP_GET = 1, HTTP_POST = 3 };
#define CONTENT_LENGTH_UNKNOWN (static_cast<std::size_t>(-1))

class Uri {
 public:
  Uri(const char* uri);
};
class RequestHandler;

class WebServer {
 public:
  using THandlerFunction = std::function<void(void)>;
  WebServer(int port = 80);
  virtual ~WebServer();
  virtual void begin();
  virtual void handleClient();
  void stop();
#if ESP_ARDUINO_VERSION_MAJOR >= 3
  RequestHandler& on(const Uri& uri, HTTPMethod method, THandlerFunction handler);
  virtual NetworkClient& client();
  String arg(const String& name) const;
  bool hasArg(const String& name) const;
#else
  void on(const Uri& uri, HTTPMethod method, THandlerFunction handler);
  virtual WiFiClient client();
  String arg(String name);
  bool hasArg(String name);
#endif
  void onNotFound(THandlerFunction handler);
  void send(int code, const char* content_type = nullptr, const String& content = String(""));
  void send(int code, const char* content_type, const char* content);
  void setContentLength(std::size_t length);
  void sendHeader(const String& name, const String& value, bool first = false);
  void sendContent(const String& content);
  void sendContent(const char* content, std::size_t length);
};
