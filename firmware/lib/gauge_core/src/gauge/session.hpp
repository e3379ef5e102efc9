#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "gauge/agenda.hpp"
#include "gauge/backoff.hpp"
#include "gauge/commands.hpp"
#include "gauge/device_discovery.hpp"
#include "gauge/diag.hpp"
#include "gauge/host.hpp"
#include "gauge/link.hpp"
#include "gauge/mqtt_transport.hpp"
#include "gauge/settings.hpp"
#include "gauge/targets.hpp"
#include "gauge/text.hpp"
#include "gauge/time.hpp"
#include "gauge/usage.hpp"

namespace gauge {

// What came in and was left aside: the value of before stands.
enum class Refusal : std::uint8_t { needle, lamps, heartbeat, availability, command, early_command, usage };

const char* words(MqttResult result);
const char* words(Refusal refusal);

// The network task's whole side: one broker, one publisher, Home Assistant, and HTTP where there is no broker. Its only
// tie to the needle task is `Targets`. All calls come from one task.
//
// A callback of PubSubClient must not publish, since what it was called with lies in the buffer that a message is built
// in. So `on_message` only notes, and `poll` acts.
//
// Commands must not be retained, a retained `restart` would come back for ever; and PubSubClient does not tell whether
// a message was. But retained ones come right after the subscription. So a command within 3 s after it is refused and
// its topic emptied; and `restart` empties its own before it obeys.
class Session final : public MqttListener {
 public:
  Session(MqttTransport& mqtt, Host& host, Settings& settings, Targets& targets, const Device& device);

  // Every few milliseconds. Waits for nobody: what there is no room for is said in a later turn. A broker that makes no
  // room for 10 s is left.
  void poll(bool wifi, Millis now);

  // Whether `GET /usage` is wanted each second: its address is set, and there is no broker, or none for 60 s.
  bool wants_http() const { return wants_http_; }
  void on_usage(const Usage& usage, Millis now);
  // An answer that was none: not JSON, or not the contract's.
  void refuse_usage() { refuse(Refusal::usage); }

  // Tells Home Assistant's device triggers. What a gesture does is the shell's matter.
  void on_gesture(Gesture gesture);

  // After a setting was changed from outside: lamps and trims follow at once, broker and instance at the next connect.
  void settings_changed();

  // Saves what is to be saved, says `offline` and leaves: before a restart.
  void close();

  Link link() const { return monitor_.state(); }
  // What is missing right now, for people; "" when nothing is.
  Text<96> trouble() const;
  const Counters& counters() const { return counters_; }

  void on_message(std::string_view topic, std::string_view payload) override;

 private:
  // How it stands with the broker. The last three are a connection, and how old it is.
  enum class State : std::uint8_t {
    idle,      // no Wi-Fi, or no broker is set
    waiting,   // for the next try
    dialling,  // the transport is at it
    early,     // what comes may be retained, so commands are refused
    young,     // it may still turn out to be one that is dropped again
    steady,    // a good one: after it the next try need not wait long
  };
  // How long there was no connection.
  enum class Absence : std::uint8_t { none, brief, lasting };
  // What `poll` still has to do; most of it needs a connection.
  enum class Duty : std::uint8_t { subscribe_publisher, restart, announce, publish_settings, publish_diag, save };
  static constexpr std::size_t kDuties = 6;

  bool up() const { return state_ >= State::early; }
  void become(State state);
  void step(bool wifi);
  void dial();
  void on_dialled(bool wifi);
  void greet(bool wifi);
  void wait();
  void age();
  void work();
  bool has_room();
  void send_on();
  void lost();
  void leave();
  void judge(bool wifi);
  void time_absence();

  bool subscribe();
  bool subscribe_publisher();
  void announce();
  void announce_rest();
  void publish_settings();
  void publish_fresh();
  void publish_diag();
  void publish(std::string_view below, std::string_view payload, bool retained);

  void on_display(std::string_view below, std::string_view payload);
  void note_source(std::string_view source);
  void on_availability(std::string_view instance, std::string_view payload);
  void on_command(std::string_view below, std::string_view payload);
  void obey(const CommandTopic& command, std::int16_t value);
  void refuse(Refusal refusal);
  void log(std::string_view what, std::string_view detail);

  MqttTransport& mqtt_;
  Host& host_;
  Settings& settings_;
  Targets& targets_;
  const Device device_;
  const Topic availability_;
  const Text<64> client_id_;

  LinkMonitor monitor_;
  Backoff backoff_{4'000};  // a broker that is back is found within 5 s
  Counters counters_;
  Millis now_ = 0;  // of the last poll

  State state_ = State::idle;
  Millis since_ = 0;     // of the state
  Millis retry_at_ = 0;  // while waiting
  Absence absence_ = Absence::none;
  Millis away_since_ = 0;  // unless there is none
  Agenda<Duty, kDuties> agenda_;
  DiscoverySender discovery_;
  Millis room_at_ = 0;  // when the broker last had some

  std::optional<MqttResult> logged_result_;  // of the last try, in the log
  Link logged_link_ = Link::live;
  bool met_ = false;  // connected once
  bool wants_http_ = false;
  bool published_fresh_ = false;
  std::uint32_t empty_ = 0;    // bits of kCommandTopics: topics to be emptied
  std::uint32_t refused_ = 0;  // bits of Refusal: logged since the last connect
  Text<40> updated_at_;
};

}  // namespace gauge
