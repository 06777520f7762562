#include "posix/stream.hpp"
// native_handle() in a comment
