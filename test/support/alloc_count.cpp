//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "alloc_count.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STRAIT_TEST_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define STRAIT_TEST_SANITIZED
#endif
#endif

namespace {

constinit thread_local std::uint64_t allocations = 0;
constinit thread_local std::uint64_t until_failure = 0;  // 0: none fails
constinit thread_local bool failed = false;

[[maybe_unused]] void count() {
    ++allocations;
    if (until_failure == 0 || --until_failure != 0) return;
    failed = true;
    throw std::bad_alloc();
}

}  // namespace

namespace strait::test {

std::uint64_t allocations_of_this_thread() noexcept { return allocations; }

failing_allocation::failing_allocation(std::uint64_t n) noexcept {
    until_failure = n + 1;
    failed = false;
}

failing_allocation::~failing_allocation() { until_failure = 0; }

bool failing_allocation::has_failed() noexcept { return failed; }

bool counts_allocations() noexcept {
#if defined(STRAIT_TEST_SANITIZED)
    return false;
#else
    return true;
#endif
}

}  // namespace strait::test

#if !defined(STRAIT_TEST_SANITIZED)

// The array, nothrow and sized forms of the standard library call these.

void* operator new(std::size_t size) {
    count();
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}

void* operator new(std::size_t size, std::align_val_t alignment) {
    count();
    const auto align = static_cast<std::size_t>(alignment);
    if (void* memory = std::aligned_alloc(align, (size + align - 1) / align * align)) return memory;
    throw std::bad_alloc();
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

#endif
