#include "world.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace shell {
namespace {

void close_watch(World::Task& task, std::uint64_t now) {
  task.longest_unfed_us = std::max(task.longest_unfed_us, now - task.fed_us);
  task.fed_us = now;
}

}  // namespace

World& World::get() {
  static World world;
  return world;
}

World::Task* World::spawn(const char* name, Code code, void* argument) {
  auto made = std::make_unique<Task>();
  Task& task = *made;
  task.name = name;
  task.wake_us = now_us_;
  task.thread = std::thread([this, &task, code, argument] {
    {
      std::unique_lock<std::mutex> lock(baton_);
      task.turn.wait(lock, [&task] { return task.running; });
    }
    code(argument);
  });
  tasks_.push_back(std::move(made));
  return &task;
}

void World::run_until(std::uint64_t us) {
  std::unique_lock<std::mutex> lock(baton_);
  for (;;) {
    Task* next = nullptr;
    for (const auto& task : tasks_) {
      if (!task->for_notice && (next == nullptr || task->wake_us < next->wake_us)) next = task.get();
    }
    if (next == nullptr || next->wake_us > us) break;
    now_us_ = std::max(now_us_, next->wake_us);
    current_ = next;
    next->running = true;
    next->turn.notify_one();
    back_.wait(lock, [next] { return !next->running; });
  }
  now_us_ = std::max(now_us_, us);
  for (const auto& task : tasks_) {
    if (task->watched) task->longest_unfed_us = std::max(task->longest_unfed_us, now_us_ - task->fed_us);
  }
}

World::Task& World::self() { return *current_; }

void World::yield(std::uint64_t us) {
  std::unique_lock<std::mutex> lock(baton_);
  Task& task = self();
  task.wake_us = now_us_ + us;
  task.running = false;
  back_.notify_one();
  task.turn.wait(lock, [&task] { return task.running; });
}

void World::rest(std::uint64_t us) {
  self().free_us += us;
  yield(us);
}

void World::block(std::uint64_t us) { yield(us); }

void World::wait_for_notice() {
  Task& task = self();
  if (task.notices == 0) {
    const std::uint64_t from = now_us_;
    task.for_notice = true;
    yield(0);
    task.free_us += now_us_ - from;
  }
  task.notices = 0;
}

void World::notify(Task& task) {
  ++task.notices;
  if (task.for_notice) task.wake_us = get().now_us_;
  task.for_notice = false;
}

void World::watch(bool on) {
  Task& task = self();
  if (on) {
    task.fed_us = now_us_;
  } else {
    close_watch(task, now_us_);
  }
  task.watched = on;
}

void World::feed() { close_watch(self(), now_us_); }

}  // namespace shell
