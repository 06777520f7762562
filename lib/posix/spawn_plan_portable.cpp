//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#if !defined(__linux__) || defined(STRAIT_FORCE_PORTABLE)

#include "posix/spawn_plan.hpp"

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <memory>

#include <dirent.h>
#include <fcntl.h>

namespace strait::detail::os {
namespace {

struct directory_closer {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

// The number that the name of a file in /dev/fd is, or -1.
int number_of(const char* name) noexcept {
    int number = -1;
    const char* end = name + std::strlen(name);
    const auto [stop, failed] = std::from_chars(name, end, number);
    return failed == std::errc() && stop == end ? number : -1;
}

bool survives_exec(int number) noexcept {
    const int flags = ::fcntl(number, F_GETFD);
    return flags != -1 && (flags & FD_CLOEXEC) == 0;
}

}  // namespace

// Closes what this process has open now without close-on-exec; what another thread, of code that is
// not strait's, opens so between this and the start is inherited. macOS needs none of this, since it has
// POSIX_SPAWN_CLOEXEC_DEFAULT, and a close that fails would fail the start there.
void spawn_plan::close_others() {
#if !defined(POSIX_SPAWN_CLOEXEC_DEFAULT)
    const std::unique_ptr<DIR, directory_closer> directory(::opendir("/dev/fd"));
    check(directory ? 0 : errno, "opendir(/dev/fd)");
    while (const dirent* entry = ::readdir(directory.get())) {
        const int number = number_of(entry->d_name);
        const bool used =
            number < first_free_ && number >= 0 && used_[static_cast<std::size_t>(number)];
        if (number < 3 || used || !survives_exec(number)) continue;
        check(::posix_spawn_file_actions_addclose(&actions_, number), "addclose");
    }
#endif
}

}  // namespace strait::detail::os

#endif
