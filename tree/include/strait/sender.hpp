#include <strait/codec.hpp>
#include <strait/detail/link/core.hpp>
