#pragma once

namespace gauge::watchdog {

// Restarts the chip when a task under watch has not fed it for blocking::kWatchdogMs; one time stands for all tasks.
bool begin();
bool watch_this_task();
void let_this_task_rest();  // it waits for something to do, and is not watched meanwhile
void feed();

}  // namespace gauge::watchdog
