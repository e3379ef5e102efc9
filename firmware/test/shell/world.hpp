#pragma once

#include <condition_variable>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace shell {

// The chip's time and tasks on the host: the clock stands still while a task works, and jumps on when all of them wait.
// One task runs at a time, so that a run is the same each time it is made.
class World {
 public:
  using Code = void (*)(void*);

  struct Task {
    std::string name;
    std::thread thread;
    std::condition_variable turn;
    bool running = false;
    std::uint64_t wake_us = 0;
    bool for_notice = false;  // sleeps until it is notified
    std::uint32_t notices = 0;
    // What is measured.
    std::uint64_t free_us = 0;  // it had nothing to do
    bool watched = false;
    std::uint64_t fed_us = 0;
    std::uint64_t longest_unfed_us = 0;
  };

  static World& get();

  Task* spawn(const char* name, Code code, void* argument);
  void run_until(std::uint64_t us);  // for the test's own thread

  // For tasks.
  std::uint64_t now_us() const { return now_us_; }
  void rest(std::uint64_t us);   // as vTaskDelay
  void block(std::uint64_t us);  // as a library that waits for somebody
  void wait_for_notice();
  static void notify(Task& task);
  void watch(bool on);
  void feed();

  const std::list<std::unique_ptr<Task>>& tasks() const { return tasks_; }

 private:
  void yield(std::uint64_t us);
  Task& self();

  std::mutex baton_;
  std::condition_variable back_;
  std::list<std::unique_ptr<Task>> tasks_;
  Task* current_ = nullptr;
  std::uint64_t now_us_ = 0;
};

}  // namespace shell
