//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "wire/link_reader.hpp"
#include "wire/write_plan.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace strait::detail;
using namespace strait::detail::wire;

namespace {


// A message body behind room for a header.
struct message {
    explicit message(std::size_t body, std::size_t handles = 0, std::uint8_t flags = 0)
        : bytes(header_bytes + body),
          cursor(bytes, static_cast<std::uint32_t>(body), handles, static_cast<std::uint32_t>(handles),
              flags) {
        for (std::size_t i = 0; i < body; ++i)
            bytes[header_bytes + i] = static_cast<std::byte>(i * 7);
    }
    std::vector<std::byte> bytes;
    message_cursor cursor;
};

std::vector<std::byte> join(const write_plan& plan) {
    std::vector<std::byte> all;
    for (const piece& p : plan.pieces()) all.insert(all.end(), p.data, p.data + p.bytes);
    return all;
}

std::vector<frame_header> headers(const std::vector<std::byte>& bytes) {
    std::vector<frame_header> found;
    for (std::size_t at = 0; at < bytes.size();) {
        found.push_back(fetch_header(bytes.data() + at));
        at += header_bytes + found.back().payload_bytes;
    }
    return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(write_plan)

BOOST_AUTO_TEST_CASE(a_header_survives_the_wire) {
    frame_header h;
    h.payload_bytes = 0x01020304;
    h.kind = frame_kind::adopt;
    h.flags = flag_last;
    h.handles = 0x0506;
    h.stamp = 0x0708090a0b0c0d0e;
    h.message_bytes = 0x0f101112;
    h.message_handles = 0x13141516;
    std::byte bytes[header_bytes];
    store_header(h, bytes);
    BOOST_TEST(std::to_integer<int>(bytes[0]) == 4);  // little endian
    BOOST_TEST(std::to_integer<int>(bytes[4]) == 3);
    const frame_header back = fetch_header(bytes);
    BOOST_TEST(back.payload_bytes == h.payload_bytes);
    BOOST_TEST((back.kind == h.kind));
    BOOST_TEST(back.flags == h.flags);
    BOOST_TEST(back.handles == h.handles);
    BOOST_TEST(back.stamp == h.stamp);
    BOOST_TEST(back.message_bytes == h.message_bytes);
    BOOST_TEST(back.message_handles == h.message_handles);
}

BOOST_AUTO_TEST_CASE(a_small_message_is_one_piece) {
    message m(10);
    wire::write_plan plan(7);
    BOOST_TEST(plan.add(m.cursor));
    BOOST_TEST(m.cursor.finished());
    BOOST_TEST(plan.pieces().size() == 1u);
    const auto h = headers(join(plan));
    BOOST_TEST(h.size() == 1u);
    BOOST_TEST(h[0].payload_bytes == 10u);
    BOOST_TEST(h[0].message_bytes == 10u);
    BOOST_TEST(h[0].stamp == 7u);
    BOOST_TEST(h[0].flags == flag_last);
}

BOOST_AUTO_TEST_CASE(an_empty_message_is_one_frame) {
    message m(0);
    wire::write_plan plan(1);
    BOOST_TEST(plan.add(m.cursor));
    BOOST_TEST(m.cursor.finished());
    BOOST_TEST(join(plan).size() == header_bytes);
}

BOOST_AUTO_TEST_CASE(many_small_messages_share_one_write) {
    std::vector<message> many(100, message(20));
    wire::write_plan plan(1);
    for (message& m : many) {
        m.cursor = message_cursor(m.bytes, 20, 0, 0, 0);
        BOOST_TEST(plan.add(m.cursor));
    }
    BOOST_TEST(headers(join(plan)).size() == 100u);
}

BOOST_AUTO_TEST_CASE(a_write_never_exceeds_its_bound_and_messages_are_not_cut_to_fill_it) {
    message first(max_payload_bytes - 100);
    message second(200);
    wire::write_plan plan(1);
    BOOST_TEST(plan.add(first.cursor));
    BOOST_TEST(!plan.add(second.cursor));
    BOOST_TEST(!second.cursor.begun());
    BOOST_TEST(plan.bytes() <= max_write_bytes);
}

BOOST_AUTO_TEST_CASE(a_large_message_takes_several_writes_and_the_last_commits_it) {
    message m(3 * max_payload_bytes + 5);
    std::vector<std::byte> body;
    int writes = 0;
    while (!m.cursor.finished()) {
        wire::write_plan plan(1);
        plan.add(m.cursor);
        const auto bytes = join(plan);
        BOOST_TEST(bytes.size() <= max_write_bytes);
        const auto h = headers(bytes);
        BOOST_TEST(h.size() == 1u);
        BOOST_TEST(((h[0].flags & flag_last) != 0) == m.cursor.finished());
        body.insert(body.end(), bytes.begin() + header_bytes, bytes.end());
        ++writes;
    }
    BOOST_TEST(writes == 4);
    BOOST_TEST((body == std::vector<std::byte>(m.bytes.begin() + header_bytes, m.bytes.end())));
}

BOOST_AUTO_TEST_CASE(handles_begin_a_write_of_their_own) {
    message plain(10);
    message with(10, 2);
    wire::write_plan plan(1);
    BOOST_TEST(plan.add(plain.cursor));
    BOOST_TEST(!plan.add(with.cursor));
    BOOST_TEST(!plan.has_handles());

    wire::write_plan next(1);
    BOOST_TEST(next.add(with.cursor));
    BOOST_TEST(next.has_handles());
    message behind(10);
    BOOST_TEST(next.add(behind.cursor));
    BOOST_TEST(headers(join(next)).size() == 2u);
}

BOOST_AUTO_TEST_CASE(handles_ride_on_the_last_fragment) {
    message m(2 * max_payload_bytes + 1, 3);
    for (int writes = 0; !m.cursor.finished(); ++writes) {
        wire::write_plan plan(1);
        plan.add(m.cursor);
        BOOST_TEST(plan.has_handles() == m.cursor.finished());
        const auto h = headers(join(plan));
        BOOST_REQUIRE(h.size() == 1u);
        BOOST_TEST(h[0].handles == (m.cursor.finished() ? 3u : 0u));
        BOOST_TEST(h[0].message_handles == 3u);
        BOOST_REQUIRE(writes < 3);
    }
}

BOOST_AUTO_TEST_CASE(a_plan_that_was_not_written_is_undone) {
    message small(10);
    message large(2 * max_payload_bytes);
    {
        wire::write_plan plan(1);
        plan.add(large.cursor);
    }
    const auto before = large.cursor;
    wire::write_plan plan(2);
    plan.add(large.cursor);
    BOOST_TEST(large.cursor.finished());
    plan.add(small.cursor);
    plan.undo();
    BOOST_TEST(!large.cursor.finished());
    BOOST_TEST(large.cursor.begun());
    BOOST_TEST(!small.cursor.begun());
    wire::write_plan again(3);
    large.cursor = before;
    again.add(large.cursor);
    BOOST_TEST(large.cursor.finished());
}

// Messages that were framed already, of these many bytes each.
struct framed {
    framed(std::size_t count, std::size_t body) {
        for (std::size_t i = 0; i != count; ++i) {
            frame_header h;
            h.payload_bytes = h.message_bytes = static_cast<std::uint32_t>(body);
            h.flags = flag_last;
            const std::size_t at = bytes.size();
            bytes.resize(at + header_bytes + body);
            store_header(h, bytes.data() + at);
        }
        cursor = message_cursor::of_frames(bytes);
    }
    std::vector<std::byte> bytes;
    message_cursor cursor;
};

BOOST_AUTO_TEST_CASE(framed_messages_are_one_piece_with_a_stamp_each) {
    framed many(100, 20);
    message behind(10);
    wire::write_plan plan(7);
    BOOST_TEST(plan.add(many.cursor));
    BOOST_TEST(plan.add(behind.cursor));
    BOOST_TEST(many.cursor.finished());
    BOOST_TEST(many.cursor.frames_done() == 100u);
    BOOST_TEST(plan.pieces().size() == 2u);
    const auto h = headers(join(plan));
    BOOST_TEST(h.size() == 101u);
    for (const frame_header& one : h) BOOST_TEST(one.stamp == 7u);
}

BOOST_AUTO_TEST_CASE(framed_messages_that_do_not_fit_one_write_are_cut_between_messages) {
    framed many(100, 1000);
    std::size_t seen = 0;
    int writes = 0;
    while (!many.cursor.finished()) {
        wire::write_plan plan(static_cast<std::uint64_t>(writes));
        message first(100);
        plan.add(first.cursor);
        const bool is_all = plan.add(many.cursor);
        BOOST_TEST(is_all == many.cursor.finished());
        BOOST_TEST(plan.bytes() <= max_write_bytes);
        BOOST_TEST(!many.cursor.begun());  // a message in the midst
        if (writes == 1) {
            // Nothing of it was written.
            const std::size_t done = many.cursor.frames_done();
            plan.undo();
            BOOST_TEST(many.cursor.frames_done() == seen);
            plan = wire::write_plan(1);
            plan.add(first.cursor);
            plan.add(many.cursor);
            BOOST_TEST(many.cursor.frames_done() == done);
        }
        const auto h = headers(join(plan));
        BOOST_TEST(h.size() == many.cursor.frames_done() - seen + 1);
        seen = many.cursor.frames_done();
        ++writes;
    }
    BOOST_TEST(seen == 100u);
    BOOST_TEST(writes == 4);
    framed one(1, max_payload_bytes);
    message small(10);
    wire::write_plan full(1);
    full.add(small.cursor);
    BOOST_TEST(!full.add(one.cursor));
    BOOST_TEST(one.cursor.frames_done() == 0u);
}

BOOST_AUTO_TEST_CASE(a_control_frame_goes_first) {
    message m(1);
    wire::write_plan plan(9);
    plan.add_control(frame_kind::withdraw);
    BOOST_TEST(plan.add(m.cursor));
    const auto h = headers(join(plan));
    BOOST_TEST(h.size() == 2u);
    BOOST_TEST((h[0].kind == frame_kind::withdraw));
    BOOST_TEST((h[1].kind == frame_kind::data));
}

BOOST_AUTO_TEST_SUITE_END()
