//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "posix/memory.hpp"

#include "posix/stream.hpp"

#include <boost/asio/error.hpp>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__linux__) && !defined(STRAIT_FORCE_PORTABLE)
#define STRAIT_HAS_MEMFD 1
#endif

namespace strait::detail::os {

namespace {

error_code last_error() noexcept {
    // A full disk and a full tmpfs are what Asio calls no buffer space.
    if (errno == ENOSPC || errno == ENOMEM) return boost::asio::error::no_buffer_space;
    return {errno, boost::system::system_category()};
}

#if !defined(STRAIT_HAS_MEMFD)
handle open_unnamed() {
    for (;;) {
        char name[32];
        std::snprintf(name, sizeof(name), "/st-%016llx",
            static_cast<unsigned long long>(random_u64()));
        const int fd = ::shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
        if (fd != -1) {
            ::shm_unlink(name);
            ::fcntl(fd, F_SETFD, FD_CLOEXEC);
            return handle(fd);
        }
        if (errno != EEXIST) return {};
    }
}
#endif

}  // namespace

handle make_memory(std::span<const std::byte> content, error_code& ec) {
    ec.clear();
#if defined(STRAIT_HAS_MEMFD)
    handle memory(::memfd_create("strait", MFD_CLOEXEC | MFD_ALLOW_SEALING));
#else
    handle memory = open_unnamed();
#endif
    if (!memory.is_open()) {
        ec = last_error();
        return {};
    }
    while (!content.empty()) {
        const ssize_t n = ::write(memory.native_handle(), content.data(), content.size());
        if (n < 0) {
            if (errno == EINTR) continue;
            ec = last_error();
            return {};
        }
        content = content.subspan(static_cast<std::size_t>(n));
    }
#if defined(STRAIT_HAS_MEMFD)
    ::fcntl(memory.native_handle(), F_ADD_SEALS,
        F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
#endif
    return memory;
}

error_code read_memory(const handle& memory, std::size_t bytes, byte_buffer& into) {
    const int fd = memory.native_handle();
    struct stat facts;
    if (::fstat(fd, &facts) != 0) return last_error();
    if (!S_ISREG(facts.st_mode) || facts.st_size < 0 ||
        static_cast<std::uint64_t>(facts.st_size) != bytes)
        return error::bad_attachment;
#if defined(STRAIT_HAS_MEMFD)
    // Only memory has seals: a file, whose reading could block, has not.
    const int seals = ::fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0) return error::bad_attachment;
#endif
    into.clear();
    std::byte* const at = into.extend(bytes);
    std::size_t done = 0;
    while (done < bytes) {
        const ssize_t n = ::pread(fd, at + done, bytes - done, static_cast<off_t>(done));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return error::bad_attachment;
        done += static_cast<std::size_t>(n);
    }
    return {};
}

}  // namespace strait::detail::os
