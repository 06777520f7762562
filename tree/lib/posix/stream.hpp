#include <strait/handle.hpp>
