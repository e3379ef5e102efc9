#pragma once

namespace gauge::watchdog {

// Restarts the chip when a task under watch has not fed it for 30 s: a look-up of a name may take 15 s, a TCP
// connection and the broker's answer 3 s each, and one time stands for all tasks.
bool begin();
bool watch_this_task();
void feed();

}  // namespace gauge::watchdog
