//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_SUPPORT_ALLOC_COUNT_HPP
#define STRAIT_TEST_SUPPORT_ALLOC_COUNT_HPP

#include <cstdint>

namespace strait::test {

// How often the calling thread has called the global operator new. Always 0 under a sanitizer,
// which replaces operator new itself: see counts_allocations().
std::uint64_t allocations_of_this_thread() noexcept;

// Whether this build counts.
bool counts_allocations() noexcept;

// While it lives, one allocation of the calling thread fails: that after the next `n`. Where nothing is
// counted none does.
class failing_allocation {
public:
    explicit failing_allocation(std::uint64_t n) noexcept;
    ~failing_allocation();
    failing_allocation(const failing_allocation&) = delete;
    failing_allocation& operator=(const failing_allocation&) = delete;

    static bool has_failed() noexcept;
};

}  // namespace strait::test

#endif
