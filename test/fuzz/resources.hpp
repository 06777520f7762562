//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_FUZZ_RESOURCES_HPP
#define STRAIT_TEST_FUZZ_RESOURCES_HPP

#include <cstddef>

// What the process holds, before and after.

namespace strait::fuzz {

// Open descriptors. Those of sanitizers come and go: compare only where no report is being written.
std::size_t open_descriptors() noexcept;

// The most that the heap held since the object was made, beyond what it held then. Zero where no
// sanitizer counts. One at a time.
class heap_gauge {
public:
    heap_gauge() noexcept;
    ~heap_gauge();
    heap_gauge(const heap_gauge&) = delete;
    heap_gauge& operator=(const heap_gauge&) = delete;

    std::size_t most() const noexcept;
};

}  // namespace strait::fuzz

#endif
