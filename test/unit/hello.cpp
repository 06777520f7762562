//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "names/hello.hpp"

#include <strait/version.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <vector>

using namespace strait;
using namespace strait::detail;

namespace {

using state = greeting_reader::state;

channel_identity some_channel() {
    channel_identity c;
    c.fingerprint = 0x0123456789abcdef;
    c.type_name = "job";
    c.id[0] = 1;
    c.id[1] = 2;
    c.bounds.max_message_bytes = 1000;
    return c;
}

std::vector<std::byte> bytes_of(answer_code what, const channel_identity& channel) {
    const byte_buffer b = encode_greeting(what, channel);
    return {b.bytes().begin(), b.bytes().end()};
}

// Feeds as much at once as is there and wanted, at most `step`; the bytes that were not asked for.
state feed(greeting_reader& reader, std::span<const std::byte>& from, std::size_t step) {
    state s = state::more;
    while (s == state::more && !from.empty()) {
        const auto room = reader.room();
        BOOST_TEST_REQUIRE(!room.empty());
        const std::size_t n = std::min({room.size(), from.size(), step});
        std::memcpy(room.data(), from.data(), n);
        from = from.subspan(n);
        s = reader.on_read(n);
    }
    return s;
}

state feed_all(const std::vector<std::byte>& bytes) {
    greeting_reader reader;
    std::span<const std::byte> from(bytes);
    return feed(reader, from, bytes.size());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hello)

BOOST_AUTO_TEST_CASE(what_is_written_is_read_however_it_is_cut) {
    auto bytes = bytes_of(answer_code::accepted, some_channel());
    const std::size_t whole = bytes.size();
    bytes.resize(whole + 100);  // what follows belongs to the link
    for (std::size_t step = 1; step <= bytes.size(); ++step) {
        greeting_reader reader;
        std::span<const std::byte> from(bytes);
        BOOST_TEST((feed(reader, from, step) == state::complete));
        BOOST_TEST(from.size() == 100u);
        const greeting& g = reader.value();
        BOOST_TEST(g.version == protocol_version);
        BOOST_TEST((g.what == answer_code::accepted));
        BOOST_TEST(g.channel.fingerprint == some_channel().fingerprint);
        BOOST_TEST(g.channel.type_name == "job");
        BOOST_TEST(g.channel.is_same_channel(some_channel()));
        BOOST_TEST((g.channel.bounds == some_channel().bounds));
    }
}

BOOST_AUTO_TEST_CASE(a_part_of_it_is_not_enough) {
    const auto bytes = bytes_of(answer_code::none, some_channel());
    for (std::size_t n = 0; n != bytes.size(); ++n)
        BOOST_TEST((feed_all({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n)}) ==
                    state::more));
}

BOOST_AUTO_TEST_CASE(the_longest_name_fits) {
    channel_identity c = some_channel();
    c.type_name.assign(100'000, 'n');
    const auto bytes = bytes_of(answer_code::none, c);
    greeting_reader reader;
    std::span<const std::byte> from(bytes);
    BOOST_TEST((feed(reader, from, bytes.size()) == state::complete));
    BOOST_TEST(reader.value().channel.type_name == std::string(256, 'n'));
}

BOOST_AUTO_TEST_CASE(of_another_version_only_the_head_is_read) {
    auto bytes = bytes_of(answer_code::none, some_channel());
    bytes[4] = std::byte{99};
    bytes[6] = bytes[7] = std::byte{0xff};
    greeting_reader reader;
    std::span<const std::byte> from(bytes);
    BOOST_TEST((feed(reader, from, bytes.size()) == state::complete));
    diagnostics details;
    BOOST_TEST((compare(reader.value(), some_channel(), details) == error::version_mismatch));
    BOOST_TEST(details.expected == "protocol version " + std::to_string(protocol_version));
    BOOST_TEST(details.found == "protocol version 99");
}

BOOST_AUTO_TEST_CASE(another_type_is_named) {
    channel_identity other = some_channel();
    other.fingerprint = 1;
    other.type_name = "other\x01";
    const auto bytes = bytes_of(answer_code::none, other);
    greeting_reader reader;
    std::span<const std::byte> from(bytes);
    BOOST_TEST((feed(reader, from, bytes.size()) == state::complete));
    diagnostics details;
    BOOST_TEST((compare(reader.value(), some_channel(), details) == error::type_mismatch));
    BOOST_TEST(details.expected == "job [0123456789abcdef]");
    BOOST_TEST(details.found == "other? [0000000000000001]");
}

// Every byte of the head, and of what must be zero, counts; nothing crashes, whatever comes.
BOOST_AUTO_TEST_CASE(what_is_no_greeting_is_refused_at_once) {
    const auto good = bytes_of(answer_code::none, some_channel());
    for (const std::size_t at : {0u, 1u, 2u, 3u, 9u, 15u, 16u, 17u, 20u}) {
        auto bytes = good;
        bytes[at] ^= std::byte{0x40};
        BOOST_TEST((feed_all(bytes) == state::broken), "byte " << at);
    }
    auto bytes = good;
    bytes[6] = std::byte{0xff};
    bytes[7] = std::byte{0xff};
    BOOST_TEST((feed_all(bytes) == state::broken));

    std::mt19937 random(1);
    for (int round = 0; round != 20'000; ++round) {
        auto mutated = good;
        for (int i = 0; i != 3; ++i)
            mutated[8 + random() % (good.size() - 8)] = static_cast<std::byte>(random());
        feed_all(mutated);
    }
}

BOOST_AUTO_TEST_SUITE_END()
