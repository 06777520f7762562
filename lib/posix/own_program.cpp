//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "posix/own_program.hpp"

#include "posix/last_error.hpp"

#include <array>

#include <sys/stat.h>
#include <unistd.h>

namespace strait::detail::os {

#if defined(__linux__)

std::string own_program(error_code& ec) {
    // Means the program itself, whatever became of its file; in a child that is started with it, too.
    const char* const link = "/proc/self/exe";
    std::array<char, 4096> path;
    const ssize_t length = ::readlink(link, path.data(), path.size());
    if (length == -1) {
        ec = last_error();
        return {};
    }
    ec = {};
    // The name tells people more, as long as it is still that of the same file.
    std::string name(path.data(), static_cast<std::size_t>(length));
    struct stat named {};
    struct stat running {};
    const bool is_same = ::stat(name.c_str(), &named) == 0 && ::stat(link, &running) == 0 &&
                         named.st_dev == running.st_dev && named.st_ino == running.st_ino;
    return is_same ? name : link;
}

#else

std::string own_program(error_code& ec) {
    ec = make_error_code(boost::system::errc::operation_not_supported);
    return {};
}

#endif

}  // namespace strait::detail::os
