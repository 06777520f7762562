//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "posix/memory.hpp"

#include "posix/memory_room.hpp"
#include "posix/stream.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__linux__) && !defined(STRAIT_FORCE_PORTABLE)
#define STRAIT_HAS_MEMFD 1
#include <linux/magic.h>
#include <sys/vfs.h>
#endif

namespace strait::detail::os {

namespace {

error_code error_of(int number) noexcept {
    // A full disk and a full tmpfs are what Asio calls no buffer space.
    if (number == ENOSPC || number == ENOMEM || number == EFBIG)
        return boost::asio::error::no_buffer_space;
    return {number, boost::system::system_category()};
}

error_code last_error() noexcept {
    return error_of(errno);
}

#if defined(STRAIT_HAS_MEMFD)

constexpr int all_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
constexpr int size_seals = F_SEAL_SHRINK;
// Linux 5.1. It also keeps holes from being punched.
#if !defined(F_SEAL_FUTURE_WRITE)
#define F_SEAL_FUTURE_WRITE 0x0010
#endif
constexpr int reader_seals =
    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;

// Linux 6.3; headers of Debian 12 do not have it.
#if !defined(MFD_NOEXEC_SEAL)
#define MFD_NOEXEC_SEAL 0x0008U
#endif

new_memory open_unnamed() noexcept {
    // Not to be executed by whoever gets it; a system may refuse memory that does not say so.
    int fd = ::memfd_create("strait", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
    if (fd == -1 && errno == EINVAL)
        fd = ::memfd_create("strait", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return {handle(fd), {}};
}

// Only memory can be sealed, so this also tells it from a file, whose very status may have to be
// waited for. Of pages of another size than usual (hugetlbfs) parts cannot be mapped as usual.
bool is_sealed(int fd, int wanted) noexcept {
    const int seals = ::fcntl(fd, F_GET_SEALS);
    if (seals == -1 || (seals & wanted) != wanted) return false;
    struct statfs where;
    return ::fstatfs(fd, &where) == 0 && where.f_type == TMPFS_MAGIC;
}

#else

constexpr int all_seals = 0;
constexpr int size_seals = 0;
constexpr int reader_seals = 0;

// Opened a second time, before the name goes, for those who may only read. A process that is killed
// between the first call and the third leaves the name, of an empty object.
new_memory open_unnamed() noexcept {
    for (;;) {
        char name[32];
        std::snprintf(name, sizeof(name), "/st-%016llx",
            static_cast<unsigned long long>(random_u64()));
        // POSIX makes what shm_open gives close-on-exec.
        handle writing(::shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600));
        if (writing.is_open()) {
            handle reading(::shm_open(name, O_RDONLY, 0));
            const int saved = errno;
            ::shm_unlink(name);
            errno = saved;
            if (!reading.is_open()) writing.close();
            return {std::move(writing), std::move(reading)};
        }
        if (errno != EEXIST) return {};
    }
}

bool is_sealed(int, int) noexcept {
    return true;
}

#endif

bool is_memory(const handle& memory, std::uint64_t bytes, int seals, struct stat& facts) noexcept {
    const int fd = memory.native_handle();
    return is_sealed(fd, seals) && ::fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) &&
           facts.st_size >= 0 && static_cast<std::uint64_t>(facts.st_size) == bytes;
}

// What is not there yet would be taken from the memory of whoever reads it, and end in SIGBUS
// where there is none left. The unit of st_blocks is 512 bytes on the systems known.
bool is_all_there(const struct stat& facts, std::uint64_t bytes) noexcept {
    return static_cast<std::uint64_t>(facts.st_blocks) >= (bytes + 511) / 512;
}

}  // namespace

new_memory open_memory(std::uint64_t bytes, error_code& ec) {
    ec.clear();
    new_memory memory;
    if (bytes <= static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) {
        memory = open_unnamed();
        if (!memory.writing.is_open()) {
            ec = last_error();
            return {};
        }
        if (has_room(memory.writing, bytes)) return memory;
    }
    ec = boost::asio::error::no_buffer_space;
    return {};
}

error_code allocate_memory(const new_memory& memory, std::uint64_t bytes) {
    // In steps, since a signal makes the system give up one and start again: 64 MiB take some
    // 20 ms.
    constexpr std::uint64_t step = 64u << 20;
    for (std::uint64_t done = 0; done < bytes;) {
        const std::uint64_t n = std::min(step, bytes - done);
        const int number = ::posix_fallocate(
            memory.writing.native_handle(), static_cast<off_t>(done), static_cast<off_t>(n));
        if (number == EINTR) continue;
        if (number != 0) return error_of(number);
        done += n;
    }
    return {};
}

error_code write_memory(const new_memory& memory, std::span<const std::byte> content) {
    while (!content.empty()) {
        const ssize_t n =
            ::write(memory.writing.native_handle(), content.data(), content.size());
        if (n < 0) {
            if (errno == EINTR) continue;
            return last_error();
        }
        content = content.subspan(static_cast<std::size_t>(n));
    }
    return {};
}

handle finish_memory(new_memory& memory, error_code& ec) {
    ec.clear();
#if defined(STRAIT_HAS_MEMFD)
    if (::fcntl(memory.writing.native_handle(), F_ADD_SEALS, all_seals) == -1) {
        ec = last_error();
        return {};
    }
    return std::move(memory.writing);
#else
    memory.writing.close();
    return std::move(memory.reading);
#endif
}

handle make_memory(std::span<const std::byte> content, error_code& ec) {
    new_memory memory = open_memory(content.size(), ec);
    if (!ec) ec = write_memory(memory, content);
    return ec ? handle() : finish_memory(memory, ec);
}

error_code seal_for_readers([[maybe_unused]] const new_memory& memory) {
#if defined(STRAIT_HAS_MEMFD)
    if (::fcntl(memory.writing.native_handle(), F_ADD_SEALS, reader_seals) == -1)
        return last_error();
    return {};
#else
    return boost::asio::error::operation_not_supported;
#endif
}

error_code verify_readable(const handle& memory, std::uint64_t bytes) {
    struct stat facts;
    if (!has_seals || !is_memory(memory, bytes, reader_seals, facts) ||
        !is_all_there(facts, bytes))
        return error::bad_attachment;
    return {};
}

error_code verify_memory(const handle& memory, std::uint64_t bytes) {
    struct stat facts;
    if (!is_memory(memory, bytes, all_seals, facts)) return error::bad_attachment;
    if (has_seals && !is_all_there(facts, bytes)) return error::bad_attachment;
    return {};
}

error_code copy_memory(const handle& memory, std::span<std::byte> into) {
    std::size_t done = 0;
    while (done < into.size()) {
        const ssize_t n = ::pread(memory.native_handle(), into.data() + done, into.size() - done,
            static_cast<off_t>(done));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return error::bad_attachment;
        done += static_cast<std::size_t>(n);
    }
    return {};
}

error_code read_memory(const handle& memory, std::size_t bytes, byte_buffer& into) {
    struct stat facts;
    if (!is_memory(memory, bytes, size_seals, facts)) return error::bad_attachment;
    into.clear();
    return copy_memory(memory, {into.extend(bytes), bytes});
}

}  // namespace strait::detail::os
