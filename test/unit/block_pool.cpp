//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/block_pool.hpp"

#include "support/channels.hpp"
#include "support/leak_check.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdint>

using strait::detail::block_memory;
using strait::detail::pool_block;
namespace os = strait::detail::os;

namespace {

constexpr std::size_t kib = 1024;

struct fixture : strait::test::clean_fixture {
    static strait::limits bounds(std::uint64_t bytes) {
        strait::limits l;
        l.max_pool_bytes = bytes;
        return l;
    }

    pool_block& add(std::size_t bytes) {
        BOOST_REQUIRE(pool.reserve(bytes));
        strait::error_code ec;
        auto memory = block_memory::make(bytes, ec);
        BOOST_REQUIRE_MESSAGE(!ec, ec.message());
        return pool.add(std::move(memory));
    }

    strait::detail::block_pool pool{bounds(256 * kib)};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(block_pool, fixture, *strait::test::only_if(os::has_seals))

BOOST_AUTO_TEST_CASE(sizes_are_rounded_up_by_a_quarter_at_most) {
    for (const std::size_t bytes : {1u, 4096u, 4097u, 33'000u, 1'000'000u, 1u << 20, 5'000'001u}) {
        const std::size_t size = strait::detail::block_pool::size_for(bytes);
        BOOST_TEST(size >= bytes);
        BOOST_TEST(size % 4096 == 0u);
        BOOST_TEST(size <= std::max<std::size_t>(bytes + bytes / 4 + 4096, 4096));
    }
}

BOOST_AUTO_TEST_CASE(a_block_goes_round) {
    BOOST_TEST(pool.lend(1) == nullptr);
    pool_block& b = add(64 * kib);
    BOOST_TEST(b.id != 0u);
    BOOST_TEST(!b.is_known);
    BOOST_TEST(pool.lend(1) == nullptr);  // it is lent already
    pool.give_back(b);
    BOOST_TEST(pool.lend(64 * kib) == &b);
    BOOST_TEST(pool.lend(1) == nullptr);
    pool.sent(b);
    BOOST_TEST(b.is_known);
    BOOST_TEST(!b.memory->memory().is_open());
    BOOST_TEST(pool.has_sent());
    BOOST_TEST(pool.lend(1) == nullptr);
    BOOST_TEST(pool.released(b.id, false));
    BOOST_TEST(!pool.has_sent());
    BOOST_TEST(pool.lend(64 * kib + 1) == nullptr);
    BOOST_TEST(pool.lend(1) == &b);
}

BOOST_AUTO_TEST_CASE(the_smallest_that_fits_is_lent_and_of_equal_ones_the_last) {
    pool_block& large = add(128 * kib);
    pool_block& first = add(32 * kib);
    pool_block& second = add(32 * kib);
    pool.give_back(large);
    pool.give_back(second);
    pool.give_back(first);
    BOOST_TEST(pool.lend(20 * kib) == &first);
    BOOST_TEST(pool.lend(20 * kib) == &second);
    BOOST_TEST(pool.lend(20 * kib) == &large);
}

BOOST_AUTO_TEST_CASE(it_holds_no_more_than_its_bound) {
    pool_block& a = add(128 * kib);
    pool_block& b = add(128 * kib);
    BOOST_TEST(!pool.reserve(4 * kib));
    pool.sent(a);
    BOOST_TEST(!pool.reserve(4 * kib));
    // What is free gives way, and the receiver is told if it knows it.
    pool.give_back(b);
    BOOST_TEST(pool.reserve(4 * kib));
    BOOST_TEST(pool.forgotten().empty());
    pool.unreserve(4 * kib);
    BOOST_TEST(pool.released(a.id, false));
    BOOST_TEST(pool.reserve(256 * kib));
    BOOST_TEST((pool.forgotten() == std::vector<std::uint32_t>{1}));
    BOOST_TEST(!pool.reserve(1));
}

BOOST_AUTO_TEST_CASE(what_the_receiver_keeps_leaves_the_pool) {
    pool_block& a = add(256 * kib);
    pool.sent(a);
    BOOST_TEST(pool.released(1, true));
    BOOST_TEST(pool.is_empty());
    BOOST_TEST(!pool.has_sent());
    BOOST_TEST(add(256 * kib).id == 2u);  // numbers are not used again
}

BOOST_AUTO_TEST_CASE(a_release_that_cannot_be_is_refused) {
    pool_block& a = add(64 * kib);
    BOOST_TEST(!pool.released(a.id, false));  // lent, not sent
    BOOST_TEST(!pool.released(0, false));
    BOOST_TEST(!pool.released(7, true));
    pool.sent(a);
    BOOST_TEST(pool.released(a.id, false));
    BOOST_TEST(!pool.released(a.id, false));
    BOOST_TEST(!pool.released(a.id, true));
}

BOOST_AUTO_TEST_CASE(a_block_larger_than_the_bound_is_alone_and_used_once) {
    pool_block& other = add(4 * kib);
    BOOST_TEST(!pool.reserve(1024 * kib));
    pool.give_back(other);
    pool.give_back(add(1024 * kib));
    BOOST_TEST(pool.is_empty());
    BOOST_TEST(pool.forgotten().empty());
    pool_block& large = add(1024 * kib);
    pool.sent(large);
    BOOST_TEST(!pool.reserve(1));
    BOOST_TEST(pool.released(large.id, false));
    BOOST_TEST(pool.is_empty());
    BOOST_TEST(pool.forgotten().size() == 1u);
    BOOST_TEST(pool.reserve(256 * kib));
}

BOOST_AUTO_TEST_CASE(it_has_no_more_blocks_than_a_receiver_has_descriptors_for) {
    pool_block* last = nullptr;
    for (std::size_t i = 0; i != strait::detail::max_blocks; ++i) last = &add(4 * kib);
    BOOST_TEST(!pool.reserve(4 * kib));
    pool.give_back(*last);
    BOOST_TEST(pool.reserve(4 * kib));
}

BOOST_AUTO_TEST_CASE(free_blocks_can_be_dropped_at_once) {
    pool_block& known = add(64 * kib);
    pool.give_back(add(64 * kib));
    pool_block& lent = add(64 * kib);
    pool.sent(known);
    pool.forget_free();
    BOOST_TEST(!pool.is_empty());
    pool.give_back(lent);
    BOOST_TEST(pool.released(known.id, false));
    pool.forget_free();
    BOOST_TEST(pool.is_empty());
    BOOST_TEST((pool.forgotten() == std::vector<std::uint32_t>{1}));
}

BOOST_AUTO_TEST_SUITE_END()
