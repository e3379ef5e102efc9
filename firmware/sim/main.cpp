#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <memory>

#include "lines.hpp"
#include "options.hpp"
#include "simulator.hpp"
#include "terminal.hpp"

namespace {

int stop_pipe[2];  // readable from the first signal on, for ever

void stop(int) {
  const char byte = 0;
  (void)!write(stop_pipe[1], &byte, 1);
}

std::unique_ptr<gauge::Screen> screen_for(const gauge::Options& options) {
  if (options.json) return std::make_unique<gauge::JsonLines>();
  if (isatty(STDOUT_FILENO) == 1) return std::make_unique<gauge::Terminal>();
  return std::make_unique<gauge::PlainLines>();
}

}  // namespace

int main(int argc, char** argv) {
  const gauge::Options options = gauge::parse_options(argc, argv);
  if (pipe(stop_pipe) != 0) {
    std::perror("gauge_sim");
    return 1;
  }
  struct sigaction action{};
  action.sa_handler = stop;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  const std::unique_ptr<gauge::Screen> screen = screen_for(options);
  return gauge::Simulator(options, *screen, stop_pipe[0]).run();
}
