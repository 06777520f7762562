#include "elsewhere/frame.hpp"
