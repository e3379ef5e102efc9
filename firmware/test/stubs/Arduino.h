// In the shape of Arduino.h and what it brings along: arduino-esp32 2.0.14 / 3.0.4 (esp32-hal-*.h, Print.h, WString.h,
// HardwareSerial.h, Esp.h, IPAddress.h, Client.h) with FreeRTOS and esp_attr.h of IDF 4.4 / 5.1. Declarations, for a
// syntax check; test/shell/ has what stands behind them on the host. Compile with -DESP_ARDUINO_VERSION_MAJOR=2 or 3.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>

#ifndef ESP_ARDUINO_VERSION_MAJOR
#error "which core?"
#endif

#define HIGH 0x1
#define LOW 0x0
#define INPUT 0x01
#define OUTPUT 0x03
#define INPUT_PULLUP 0x05

// Plain words that the real header takes away, too.
#define RAD_TO_DEG 57.295779513082320876798154814105
#define DEG_TO_RAD 0.017453292519943295769236907684886
#define constrain(amt, low, high) ((amt) < (low) ? (low) : ((amt) > (high) ? (high) : (amt)))
#define radians(deg) ((deg) * DEG_TO_RAD)
#define degrees(rad) ((rad) * RAD_TO_DEG)
#define sq(x) ((x) * (x))
#define bit(b) (1UL << (b))
#define word(...) makeWord(__VA_ARGS__)

using boolean = bool;
using byte = std::uint8_t;

#define IRAM_ATTR __attribute__((section(".iram1")))
#define RTC_NOINIT_ATTR __attribute__((section("rtc_noinit")))

using esp_err_t = int;
#define ESP_OK 0

using BaseType_t = int;
using UBaseType_t = unsigned int;
using TickType_t = std::uint32_t;
using TaskFunction_t = void (*)(void*);
using TaskHandle_t = struct tskTaskControlBlock*;
#define pdPASS (static_cast<BaseType_t>(1))
#define pdTRUE (static_cast<BaseType_t>(1))
#define portMAX_DELAY (static_cast<TickType_t>(0xffffffffUL))
#define pdMS_TO_TICKS(ms) (static_cast<TickType_t>(ms))

extern "C" {
BaseType_t xTaskCreatePinnedToCore(TaskFunction_t code, const char* name, std::uint32_t stack, void* parameters,
                                   UBaseType_t priority, TaskHandle_t* created, BaseType_t core);
TickType_t xTaskGetTickCount(void);
BaseType_t xTaskDelayUntil(TickType_t* previous_wake, TickType_t increment);
void vTaskDelay(TickType_t ticks);
void vTaskDelete(TaskHandle_t task);
UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task);
BaseType_t xTaskNotifyGive(TaskHandle_t task);
std::uint32_t ulTaskNotifyTake(BaseType_t clear, TickType_t most);

unsigned long millis();
void delay(std::uint32_t ms);
void delayMicroseconds(std::uint32_t us);
void pinMode(std::uint8_t pin, std::uint8_t mode);
using hw_timer_t = struct hw_timer_s;
void timerStart(hw_timer_t* timer);
void timerStop(hw_timer_t* timer);
#if ESP_ARDUINO_VERSION_MAJOR >= 3
hw_timer_t* timerBegin(std::uint32_t frequency);
void timerAttachInterrupt(hw_timer_t* timer, void (*handler)(void));
void timerAlarm(hw_timer_t* timer, std::uint64_t value, bool reload, std::uint64_t times);
#else
hw_timer_t* timerBegin(std::uint8_t number, std::uint16_t divider, bool up);
void timerAttachInterrupt(hw_timer_t* timer, void (*handler)(void), bool edge);
void timerAlarmWrite(hw_timer_t* timer, std::uint64_t value, bool reload);
void timerAlarmEnable(hw_timer_t* timer);
#endif
void digitalWrite(std::uint8_t pin, std::uint8_t value);
int digitalRead(std::uint8_t pin);
std::uint16_t analogRead(std::uint8_t pin);

#if ESP_ARDUINO_VERSION_MAJOR >= 3
bool ledcAttachChannel(std::uint8_t pin, std::uint32_t freq, std::uint8_t resolution, std::uint8_t channel);
bool ledcWrite(std::uint8_t pin, std::uint32_t duty);
#else
std::uint32_t ledcSetup(std::uint8_t channel, std::uint32_t freq, std::uint8_t resolution_bits);
void ledcAttachPin(std::uint8_t pin, std::uint8_t channel);
void ledcWrite(std::uint8_t channel, std::uint32_t duty);
#endif
}
#define vTaskDelayUntil(previous_wake, increment)    \
  {                                                  \
    (void)xTaskDelayUntil(previous_wake, increment); \
  }

class String {
 public:
  String(const char* text = "") : text_(text) {}
  const char* c_str() const { return text_.c_str(); }

 private:
  std::string text_;  // the real one has its own
};

class Print {
 public:
  virtual ~Print() = default;
  virtual std::size_t write(std::uint8_t byte) = 0;
  virtual std::size_t write(const std::uint8_t* buffer, std::size_t size);
  std::size_t printf(const char* format, ...) __attribute__((format(printf, 2, 3)));
  std::size_t print(const char text[]);
  std::size_t println(const char text[]);
};

class HardwareSerial : public Print {
 public:
  void begin(unsigned long baud);
  int available();
  int read();
  using Print::write;
  std::size_t write(std::uint8_t byte) override;
};
extern HardwareSerial Serial;

class EspClass {
 public:
  void restart();
  std::uint32_t getFreeHeap();
  std::uint32_t getMinFreeHeap();
  std::uint32_t getMaxAllocHeap();
  std::uint64_t getEfuseMac();
};
extern EspClass ESP;

class IPAddress {
 public:
  IPAddress() = default;
  operator std::uint32_t() const { return address_; }
  IPAddress& operator=(std::uint32_t address) {
    address_ = address;
    return *this;
  }
  std::uint8_t operator[](int index) const { return static_cast<std::uint8_t>(address_ >> (8 * index)); }

 private:
  std::uint32_t address_ = 0;
};

class Client : public Print {};

void setup();
void loop();
