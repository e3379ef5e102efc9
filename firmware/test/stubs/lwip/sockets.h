// lwIP's sockets are those of POSIX, as far as they are used here.
#pragma once

#include <netinet/in.h>
#include <sys/select.h>
#include <sys/socket.h>
