// The C++ headers of this machine, read for a chip without an operating system.
#pragma once
#undef __STDC_HOSTED__
#define __NO_CTYPE 1
