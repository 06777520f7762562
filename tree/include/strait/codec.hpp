#include <strait/detail/codec/archive.hpp>
