// What C++ calls for: nothing of it is ever reached.

namespace std {
void __throw_out_of_range_fmt(const char*, ...) {
  for (;;) {
  }
}
void __throw_out_of_range(const char*) {
  for (;;) {
  }
}
void terminate() noexcept {
  for (;;) {
  }
}
}  // namespace std

extern "C" void abort() {
  for (;;) {
  }
}
extern "C" void __cxa_pure_virtual() { abort(); }

void operator delete(void*, unsigned) noexcept {}
void operator delete(void*) noexcept {}
