//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/alloc_count.hpp"
#include "support/context_fixture.hpp"
#include "support/leak_check.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <memory>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

using strait::test::difference;
using strait::test::resources;

BOOST_AUTO_TEST_SUITE(support_fixtures)

BOOST_AUTO_TEST_CASE(nothing_opened_is_no_difference) {
    const resources before = resources::held();
    BOOST_TEST(difference(before, resources::held()) == "");
}

BOOST_AUTO_TEST_CASE(an_open_descriptor_is_a_difference) {
    const resources before = resources::held();
    const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    BOOST_TEST_REQUIRE(fd != -1);
    const resources after = resources::held();
    ::close(fd);
    const std::string number = std::to_string(fd);
    BOOST_TEST(difference(before, after) == "left open: descriptor " + number + " /dev/null\n");
    BOOST_TEST(difference(after, before) == "closed: descriptor " + number + " /dev/null\n");
    BOOST_TEST(difference(before, resources::held()) == "");
}

BOOST_AUTO_TEST_CASE(mapped_shared_memory_is_a_difference) {
    const resources before = resources::held();
    const int fd = ::memfd_create("strait_test", MFD_CLOEXEC);
    BOOST_TEST_REQUIRE(fd != -1);
    BOOST_TEST_REQUIRE(::ftruncate(fd, 4096) == 0);
    void* memory = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0);
    ::close(fd);
    BOOST_TEST_REQUIRE(memory != MAP_FAILED);
    const std::string found = difference(before, resources::held());
    ::munmap(memory, 4096);
    BOOST_TEST(found.find("left open: mapping ") == 0u);
    BOOST_TEST(found.find("strait_test") != std::string::npos);
    BOOST_TEST(difference(before, resources::held()) == "");
}

BOOST_FIXTURE_TEST_CASE(a_context_can_be_run_several_times, strait::test::context_fixture) {
    int done = 0;
    for (int round = 1; round <= 2; ++round) {
        boost::asio::steady_timer timer(context, std::chrono::milliseconds(0));
        timer.async_wait([&](boost::system::error_code) { ++done; });
        run();
        BOOST_TEST(done == round);
    }
}

BOOST_FIXTURE_TEST_CASE(a_test_may_end_with_pending_work, strait::test::context_fixture) {
    allow_pending();
    auto timer = std::make_shared<boost::asio::steady_timer>(context, std::chrono::hours(1));
    timer->async_wait([timer](boost::system::error_code) {});
    context.poll();
    BOOST_TEST(!context.stopped());
}

BOOST_AUTO_TEST_CASE(allocations_of_the_thread_are_counted) {
    if (!strait::test::counts_allocations()) {
        BOOST_TEST(strait::test::allocations_of_this_thread() == 0u);
        return;
    }
    const auto before = strait::test::allocations_of_this_thread();
    // Called by its name: a new expression may be optimised away.
    ::operator delete(::operator new(1));
    BOOST_TEST(strait::test::allocations_of_this_thread() - before == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
