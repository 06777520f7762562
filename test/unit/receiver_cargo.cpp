//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/cargo.hpp"
#include "posix/stream.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <utility>
#include <vector>

using namespace strait;
using namespace strait::detail;

namespace {

// A receiver with one link, and the blocks of that number which it keeps for good and has not said so.
cargo with_kept_blocks(std::uint32_t count) {
    cargo c;
    error_code ec;
    auto& link = c.links.emplace_back();
    link.what = std::make_unique<inbox::link>();
    link.what->stream = os::connected_pair(ec).first;
    BOOST_REQUIRE(!ec);
    link.what->blocks = std::make_shared<block_table>(limits());
    for (std::uint32_t id = 1; id <= count; ++id) link.what->blocks->restore_kept(id);
    return c;
}

std::size_t kept_blocks(const cargo& c) { return c.links.at(0).what->blocks->entries({}).size(); }

struct packed {
    explicit packed(const cargo& c) {
        std::vector<const handle*> lent;
        put_cargo(bytes, c, lent);
        for (const handle* h : lent) handles.push_back(h->duplicate());
    }

    error_code unpack(cargo& out) {
        return get_cargo(bytes.bytes(), handles, limits(), os::now_ns(), out);
    }

    byte_buffer bytes;
    std::vector<handle> handles;
};

// Where the number of blocks stands, behind the counts of the cargo and the fixed part of its link.
constexpr std::size_t count_at = 8 + 40;

}  // namespace

BOOST_AUTO_TEST_SUITE(receiver_cargo)

BOOST_AUTO_TEST_CASE(blocks_that_were_not_said_to_be_kept_travel) {
    packed p(with_kept_blocks(64));
    cargo c;
    BOOST_TEST(!p.unpack(c));
    BOOST_TEST(kept_blocks(c) == 64u);
}

// What a hostile sender made of its link must not keep the others from moving.
BOOST_AUTO_TEST_CASE(more_blocks_than_a_sender_can_have_stay_behind) {
    packed p(with_kept_blocks(1000));
    cargo c;
    BOOST_TEST(!p.unpack(c));
    BOOST_TEST(kept_blocks(c) == 64u);
}

BOOST_AUTO_TEST_CASE(more_blocks_than_a_sender_can_have_are_refused) {
    packed p(with_kept_blocks(64));
    BOOST_TEST_REQUIRE(std::to_integer<int>(p.bytes.data()[count_at]) == 64);
    p.bytes.data()[count_at] = std::byte{65};
    // One more at the end of the only link.
    wire::put(p.bytes, std::uint32_t(65));
    wire::put(p.bytes, std::uint8_t(0));
    wire::put(p.bytes, std::uint64_t(0));
    cargo c;
    BOOST_TEST((p.unpack(c) == error::bad_attachment));
}

BOOST_AUTO_TEST_SUITE_END()
