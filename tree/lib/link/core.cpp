#include "wire/frame.hpp"
#include <strait/detail/link/core.hpp>
