//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "posix/fork_guard.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdint>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

namespace {

using strait::detail::os::process_generation;

// What a forked child, and a child of that, see: [0], [1].
std::array<std::uint64_t, 2> generations_of_descendants() {
    int ends[2];
    BOOST_REQUIRE_EQUAL(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        // No more than system calls and the guard: other threads may have held locks.
        std::array<std::uint64_t, 2> seen{process_generation(), 0};
        if (seen[0] != process_generation()) seen[0] = 0;
        const pid_t grandchild = ::fork();
        if (grandchild == 0) {
            seen[1] = process_generation();
            const bool written = ::write(ends[1], seen.data(), sizeof(seen)) == sizeof(seen);
            ::_exit(written ? 0 : 1);
        }
        ::waitpid(grandchild, nullptr, 0);
        ::_exit(0);
    }
    ::close(ends[1]);
    std::array<std::uint64_t, 2> seen{};
    BOOST_TEST(::read(ends[0], seen.data(), sizeof(seen)) == sizeof(seen));
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    return seen;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fork_guard)

BOOST_AUTO_TEST_CASE(the_generation_of_a_process_does_not_change) {
    const std::uint64_t first = process_generation();
    BOOST_TEST(first != 0u);
    std::vector<std::thread> threads;
    std::array<std::uint64_t, 4> seen{};
    for (std::uint64_t& s : seen)
        threads.emplace_back([&s] { s = process_generation(); });
    for (std::thread& t : threads)
        t.join();
    for (const std::uint64_t s : seen)
        BOOST_TEST(s == first);
}

BOOST_AUTO_TEST_CASE(forked_children_have_generations_of_their_own) {
    const std::uint64_t own = process_generation();
    const auto one = generations_of_descendants();
    const auto other = generations_of_descendants();
    for (const auto& seen : {one, other}) {
        BOOST_TEST(seen[0] != 0u);
        BOOST_TEST(seen[1] != 0u);
        BOOST_TEST(seen[0] != own);
        BOOST_TEST(seen[1] != own);
        BOOST_TEST(seen[0] != seen[1]);
    }
    BOOST_TEST(one[0] != other[0]);
    BOOST_TEST(process_generation() == own);
}

BOOST_AUTO_TEST_SUITE_END()
