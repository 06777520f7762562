//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "posix/memory_room.hpp"

#include <cinttypes>
#include <cstdio>

#include <sys/resource.h>
#include <sys/statvfs.h>

#if defined(__linux__) && !defined(STRAIT_FORCE_PORTABLE)
#include <sys/sysinfo.h>
#endif

namespace strait::detail::os {

namespace {

// Past this limit the system does not only refuse, it raises SIGXFSZ.
bool is_within_file_limit(std::uint64_t bytes) noexcept {
    struct rlimit limit;
    return ::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
           bytes <= limit.rlim_cur;
}

#if defined(__linux__) && !defined(STRAIT_FORCE_PORTABLE)

// What could be taken without any process being ended for it.
std::uint64_t available_bytes() noexcept {
    std::uint64_t kib = 0;
    bool known = false;
    if (const unique_file file{std::fopen("/proc/meminfo", "re")}) {
        char line[128];
        while (std::fgets(line, sizeof(line), file.get()) != nullptr) {
            std::uint64_t n = 0;
            if (std::sscanf(line, "MemAvailable: %" SCNu64, &n) == 1) {
                kib += n;
                known = true;
            } else if (std::sscanf(line, "SwapFree: %" SCNu64, &n) == 1) {
                kib += n;
            }
        }
    }
    if (known) return kib * 1024;
    // Without /proc: more than there is at all is not available either.
    struct sysinfo all;
    if (::sysinfo(&all) != 0) return UINT64_MAX;
    return (std::uint64_t{all.totalram} + all.totalswap) * all.mem_unit;
}

bool is_available(const handle&, std::uint64_t bytes) noexcept {
    // Asking takes some 30 us. Less than this is not what exhausts a system in one call.
    constexpr std::uint64_t worth_asking = 16u << 20;
    return bytes < worth_asking || bytes <= available_bytes();
}

#else

bool is_available(const handle& memory, std::uint64_t bytes) noexcept {
    struct statvfs where;
    if (::fstatvfs(memory.native_handle(), &where) != 0 || where.f_blocks == 0) return true;
    return bytes / where.f_frsize < where.f_bavail;
}

#endif

}  // namespace

bool has_room(const handle& memory, std::uint64_t bytes) noexcept {
    return is_within_file_limit(bytes) && is_available(memory, bytes);
}

}  // namespace strait::detail::os
