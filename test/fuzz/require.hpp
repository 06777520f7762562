//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_FUZZ_REQUIRE_HPP
#define STRAIT_TEST_FUZZ_REQUIRE_HPP

#include <cstdio>
#include <cstdlib>

// What must hold whatever the bytes are. Aborts, which a fuzzer takes for a crash.

#define STRAIT_FUZZ_REQUIRE(...)                                                       \
    do {                                                                               \
        if (!(__VA_ARGS__)) {                                                          \
            std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #__VA_ARGS__); \
            std::abort();                                                              \
        }                                                                              \
    } while (false)

#endif
