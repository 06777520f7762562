//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_SUPPORT_LEAK_CHECK_HPP
#define STRAIT_TEST_SUPPORT_LEAK_CHECK_HPP

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

namespace strait::test {

// What this process holds of the system: each open descriptor with what it refers to, and each
// mapping of shared memory (memfd, POSIX or System V, deleted files).
struct resources {
    std::vector<std::string> descriptors;
    std::vector<std::string> mappings;

    static resources held();

    friend bool operator==(const resources&, const resources&) = default;
};

// One line for each thing that is in `after` and not in `before`, and the other way round.
std::string difference(const resources& before, const resources& after);

// Base of a test's fixture: the test case fails when it leaves more or fewer descriptors or
// mappings than it found. Being the base, it looks when all members of the fixture are gone.
struct clean_fixture {
    clean_fixture();
    ~clean_fixture();
    clean_fixture(const clean_fixture&) = delete;
    clean_fixture& operator=(const clean_fixture&) = delete;

private:
    resources before_;
};

}  // namespace strait::test

#endif
