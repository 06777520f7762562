//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "posix/fork_guard.hpp"

#include <atomic>
#include <cstddef>
#include <new>

#include <unistd.h>

#if defined(__linux__) && !defined(STRAIT_FORCE_PORTABLE)
#include <sys/mman.h>
#endif

namespace strait::detail::os {
namespace {

std::uint64_t generation_by_pid() noexcept { return static_cast<std::uint64_t>(::getpid()); }

}  // namespace

#if defined(__linux__) && !defined(STRAIT_FORCE_PORTABLE) && defined(MADV_WIPEONFORK)

namespace {

using word = std::atomic<std::uint64_t>;
static_assert(word::is_always_lock_free);

// How many generations lie behind this process and its ancestors: survives a fork.
word generations{0};

// Stands for the wiped word where the kernel does not wipe (before 4.14) or has no page left:
// always zero.
word no_word{0};

// The word that the kernel makes zero in a forked child. Null before the first use; set once.
std::atomic<word*> wiped{nullptr};

word* make_wiped_word() noexcept {
    const auto length = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    void* page =
        ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const bool wipes = page != MAP_FAILED && ::madvise(page, length, MADV_WIPEONFORK) == 0;
    // The page is zero, and lives as long as the process.
    word* made = wipes ? ::new (page) word(0) : &no_word;
    word* expected = nullptr;
    const bool first = wiped.compare_exchange_strong(expected, made, std::memory_order_acq_rel);
    if (page != MAP_FAILED && !(first && wipes)) ::munmap(page, length);
    return first ? made : expected;
}

// The count makes it differ from the ancestors', the pid from the siblings'.
std::uint64_t next_generation(word& current) noexcept {
    const std::uint64_t count = generations.fetch_add(1, std::memory_order_relaxed) + 1;
    const std::uint64_t made = (count << 32) | static_cast<std::uint32_t>(::getpid());
    std::uint64_t expected = 0;
    const bool first = current.compare_exchange_strong(expected, made, std::memory_order_relaxed);
    return first ? made : expected;
}

std::uint64_t slow_generation(word* current) noexcept {
    if (current == nullptr) current = make_wiped_word();
    return current == &no_word ? generation_by_pid() : next_generation(*current);
}

}  // namespace

std::uint64_t process_generation() noexcept {
    word* current = wiped.load(std::memory_order_acquire);
    if (current != nullptr) {
        const std::uint64_t value = current->load(std::memory_order_relaxed);
        if (value != 0) return value;
    }
    return slow_generation(current);
}

#else

std::uint64_t process_generation() noexcept { return generation_by_pid(); }

#endif

}  // namespace strait::detail::os
