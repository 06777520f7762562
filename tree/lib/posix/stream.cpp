#include "stream.hpp"
#include <sys/socket.h>
