//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_HOSTILE_STRANGE_THINGS_HPP
#define STRAIT_TEST_HOSTILE_STRANGE_THINGS_HPP

#include <strait/handle.hpp>

#include <cstdlib>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

// What a peer may send where something else was meant. None of it is a link or memory of a block.

namespace strait::test {

inline handle strange_fifo() {
    char folder[] = "/tmp/hostile-fifo-XXXXXX";
    if (::mkdtemp(folder) == nullptr) std::abort();
    const std::string path = std::string(folder) + "/it";
    if (::mkfifo(path.c_str(), 0600) != 0) std::abort();
    handle fifo(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    ::unlink(path.c_str());
    ::rmdir(folder);
    return fifo;
}

inline std::vector<handle> strange_things() {
    std::vector<handle> all;
    all.push_back(strange_fifo());
    all.emplace_back(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    all.emplace_back(::open("/proc/self", O_PATH | O_CLOEXEC));
    all.emplace_back(::open("/dev/zero", O_RDWR | O_CLOEXEC));
    all.emplace_back(::open("/dev/full", O_RDWR | O_CLOEXEC));
    all.emplace_back(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    all.emplace_back(::memfd_create("hostile", MFD_CLOEXEC));
    all.emplace_back(::epoll_create1(EPOLL_CLOEXEC));
    all.emplace_back(::eventfd(0, EFD_CLOEXEC));
    all.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    all.emplace_back(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    all.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) std::abort();
    all.emplace_back(fds[0]);
    all.emplace_back(fds[1]);
    return all;
}

}  // namespace strait::test

#endif
