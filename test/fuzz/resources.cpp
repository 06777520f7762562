//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "fuzz/resources.hpp"

#include "support/sanitized.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>

#include <dirent.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STRAIT_FUZZ_HAS_HOOKS 1
#include <sanitizer/allocator_interface.h>
#endif
#endif

namespace strait::fuzz {

std::size_t open_descriptors() noexcept {
    std::size_t count = 0;
    DIR* const all = ::opendir("/proc/self/fd");
    if (all == nullptr) return 0;
    while (::readdir(all) != nullptr) ++count;
    ::closedir(all);
    return count;
}

namespace {

std::atomic<bool> counts{false};
std::atomic<std::ptrdiff_t> held{0};
std::atomic<std::ptrdiff_t> peak{0};

#if defined(STRAIT_FUZZ_HAS_HOOKS)
void on_allocation(const volatile void*, std::size_t bytes) {
    if (!counts.load(std::memory_order_relaxed)) return;
    const auto now = held.fetch_add(static_cast<std::ptrdiff_t>(bytes)) +
                     static_cast<std::ptrdiff_t>(bytes);
    if (now > peak.load(std::memory_order_relaxed)) peak.store(now, std::memory_order_relaxed);
}

void on_free(const volatile void* at) {
    if (at == nullptr || !counts.load(std::memory_order_relaxed)) return;
    held.fetch_sub(static_cast<std::ptrdiff_t>(
        __sanitizer_get_allocated_size(const_cast<const void*>(at))));
}

const int installed = __sanitizer_install_malloc_and_free_hooks(&on_allocation, &on_free);
#endif

}  // namespace

heap_gauge::heap_gauge() noexcept {
    held = peak = 0;
    counts = true;
}

heap_gauge::~heap_gauge() { counts = false; }

std::size_t heap_gauge::most() const noexcept {
    return static_cast<std::size_t>(std::max<std::ptrdiff_t>(peak.load(), 0));
}

}  // namespace strait::fuzz
