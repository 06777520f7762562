//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#if defined(__linux__) && !defined(STRAIT_FORCE_PORTABLE)

#include "posix/spawn_plan.hpp"

#include <cstddef>

namespace strait::detail::os {

void spawn_plan::close_others() {
    for (int number = 3; number < first_free_; ++number) {
        if (used_[static_cast<std::size_t>(number)]) continue;
        check(::posix_spawn_file_actions_addclose(&actions_, number), "addclose");
    }
    check(::posix_spawn_file_actions_addclosefrom_np(&actions_, first_free_), "addclosefrom");
}

}  // namespace strait::detail::os

#endif
