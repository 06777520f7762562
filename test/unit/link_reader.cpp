//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "wire/link_reader.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

using namespace strait::detail;
using namespace strait::detail::wire;
using event = link_reader::event;

namespace {

using bytes = std::vector<std::byte>;

struct frame_options {
    frame_kind kind = frame_kind::data;
    std::uint8_t flags = flag_last;
    std::uint16_t handles = 0;
    std::uint64_t stamp = 50;
    std::int64_t message_bytes = -1;  // -1: those of the text
    std::uint32_t message_handles = 0;
};

bytes frame(const std::string& text, frame_options o = {}) {
    frame_header h;
    h.payload_bytes = static_cast<std::uint32_t>(text.size());
    h.kind = o.kind;
    h.flags = o.flags;
    h.handles = o.handles;
    h.stamp = o.stamp;
    h.message_bytes = static_cast<std::uint32_t>(
        o.message_bytes < 0 ? static_cast<std::int64_t>(text.size()) : o.message_bytes);
    h.message_handles = o.message_handles;
    bytes b(header_bytes + text.size());
    store_header(h, b.data());
    std::memcpy(b.data() + header_bytes, text.data(), text.size());
    return b;
}

bytes control(frame_kind kind, std::uint16_t handles = 0) {
    frame_options o;
    o.kind = kind;
    o.flags = 0;
    o.handles = handles;
    return frame("", o);
}

bytes operator+(bytes a, const bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

struct fixture {
    strait::limits bounds;
    chunk_cache chunks;
    link_reader reader;
    incoming_message message;
    os::handle_batch adopted;

    // Batches of empty handles: the reader only counts them.
    void feed(const bytes& b, std::vector<std::size_t> handles = {}, std::uint64_t at = 100) {
        std::vector<os::handle_batch> batches;
        for (const std::size_t n : handles) batches.emplace_back().handles.resize(n);
        feed_batches(b, batches, at);
    }
    void feed_batches(const bytes& b, std::vector<os::handle_batch>& batches, std::uint64_t at) {
        const auto room = reader.prepare(chunks);
        BOOST_REQUIRE(room.size() >= b.size());
        std::copy(b.begin(), b.end(), room.begin());
        reader.commit(b.size(), batches, at);
    }
    event next() { return reader.next(bounds, message, adopted); }
    std::string text() const {
        return {reinterpret_cast<const char*>(message.body.data()), message.body.size()};
    }
    void breaks_with(strait::error e) {
        BOOST_TEST((next() == event::broken));
        BOOST_TEST(reader.fault() == make_error_code(e));
        BOOST_TEST((next() == event::broken));  // and stays so
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(link_reader, fixture)

BOOST_AUTO_TEST_CASE(messages_come_out_one_by_one) {
    feed(frame("one") + frame("") + frame("three"));
    BOOST_TEST((next() == event::message));
    BOOST_TEST(text() == "one");
    BOOST_TEST((next() == event::message));
    BOOST_TEST(text() == "");
    BOOST_TEST((next() == event::message));
    BOOST_TEST(text() == "three");
    BOOST_TEST((next() == event::none));
}

BOOST_AUTO_TEST_CASE(it_does_not_matter_where_the_bytes_are_cut) {
    const bytes all = frame("first") + frame("second", {.flags = 0, .message_bytes = 9}) +
                      frame("end", {.flags = flag_last, .message_bytes = 9}) + frame("last");
    for (std::size_t cut = 1; cut < all.size(); ++cut) {
        wire::link_reader fresh;
        std::swap(reader, fresh);
        std::vector<std::string> seen;
        const bytes head(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(cut));
        const bytes tail(all.begin() + static_cast<std::ptrdiff_t>(cut), all.end());
        for (const bytes& part : {head, tail}) {
            feed(part);
            while (next() == event::message) seen.push_back(text());
        }
        const std::vector<std::string> expected = {"first", "secondend", "last"};
        BOOST_TEST(seen == expected, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(a_message_taken_outlives_what_is_read_later) {
    feed(frame("kept"));
    BOOST_TEST((next() == event::message));
    incoming_message kept = std::move(message);
    for (int i = 0; i < 100; ++i) {
        feed(frame(std::string(5000, 'x')));
        BOOST_TEST((next() == event::message));
    }
    BOOST_TEST(std::memcmp(kept.body.data(), "kept", 4) == 0);
}

BOOST_AUTO_TEST_CASE(handles_go_with_the_frame_that_they_rode_on) {
    feed(frame("a") + frame("b", {.handles = 2, .message_handles = 2}), {2});
    BOOST_TEST((next() == event::message));
    BOOST_TEST(message.handles.empty());
    BOOST_TEST((next() == event::message));
    BOOST_TEST(message.handles.size() == 2u);
}

BOOST_AUTO_TEST_CASE(handles_come_with_the_last_fragment) {
    feed(frame("a", {.flags = 0, .message_bytes = 2, .message_handles = 4}));
    BOOST_TEST((next() == event::none));
    feed(frame("x", {.handles = 4, .message_bytes = 2, .message_handles = 4}), {4});
    BOOST_TEST((next() == event::message));
    BOOST_TEST(message.handles.size() == 4u);
    BOOST_TEST(message.packed_handles == 0u);
}

BOOST_AUTO_TEST_CASE(most_handles_may_lie_in_the_last) {
    const auto flags = static_cast<std::uint8_t>(flag_last | flag_packed);
    feed(frame("x", {.flags = flags, .handles = 2, .message_handles = 1000}), {2});
    BOOST_TEST((next() == event::message));
    BOOST_TEST(message.handles.size() == 2u);
    BOOST_TEST(message.packed_handles == 999u);
}

BOOST_AUTO_TEST_CASE(handles_of_half_a_frame_are_known_of) {
    const bytes whole = frame("ab", {.handles = 1, .message_handles = 1});
    const auto cut = whole.begin() + 5;
    feed(bytes(whole.begin(), cut), {1});
    BOOST_TEST((next() == event::none));
    BOOST_TEST(reader.holds_handles());
    feed(bytes(cut, whole.end()));
    BOOST_TEST((next() == event::message));
    BOOST_TEST(!reader.holds_handles());
}

BOOST_AUTO_TEST_CASE(lost_handles_cost_the_message_and_nothing_else) {
    std::vector<os::handle_batch> batches(1);
    batches[0].lost = true;
    feed_batches(frame("a", {.handles = 2, .message_handles = 2}), batches, 100);
    feed(frame("b"));
    BOOST_TEST((next() == event::message));
    BOOST_TEST(message.fault == make_error_code(strait::error::handles_lost));
    BOOST_TEST((next() == event::message));
    BOOST_TEST(!message.fault);
    BOOST_TEST(text() == "b");
}

BOOST_AUTO_TEST_CASE(a_withdrawn_message_leaves_no_trace) {
    feed(frame("half", {.flags = 0, .message_bytes = 100}) + control(frame_kind::withdraw) +
         frame("next"));
    BOOST_TEST((next() == event::withdrawn));
    BOOST_TEST(reader.partial_bytes() == 0u);
    BOOST_TEST((next() == event::message));
    BOOST_TEST(text() == "next");
}

BOOST_AUTO_TEST_CASE(adopt_and_park_come_between_messages) {
    feed(frame("a") + control(frame_kind::adopt, 1) + control(frame_kind::park), {1});
    BOOST_TEST((next() == event::message));
    BOOST_TEST((next() == event::adopt));
    BOOST_TEST(adopted.handles.size() == 1u);
    BOOST_TEST((next() == event::park));
}

BOOST_AUTO_TEST_CASE(adopt_may_come_in_the_midst_of_a_message) {
    feed(frame("ab", {.flags = 0, .message_bytes = 4}) + control(frame_kind::adopt, 1) +
             frame("cd", {.message_bytes = 4}),
        {1});
    BOOST_TEST((next() == event::adopt));
    BOOST_TEST((next() == event::message));
    BOOST_TEST(text() == "abcd");
}

BOOST_AUTO_TEST_CASE(stamps_are_believed_within_what_is_possible) {
    reader.nothing_before(40);
    feed(frame("a", {.stamp = 0}) + frame("b", {.stamp = 60}) + frame("c", {.stamp = 50}) +
             frame("d", {.stamp = ~std::uint64_t(0)}),
        {}, 100);
    const std::uint64_t expected[] = {40, 60, 60, 100};
    for (const std::uint64_t stamp : expected) {
        BOOST_TEST((next() == event::message));
        BOOST_TEST(message.stamp == stamp);
    }
}

BOOST_AUTO_TEST_CASE(memory_messages_have_no_payload) {
    const auto flags = static_cast<std::uint8_t>(flag_last | flag_memory);
    feed(frame("", {.flags = flags, .handles = 1, .message_bytes = 5000, .message_handles = 1}),
        {1});
    BOOST_TEST((next() == event::message));
    BOOST_TEST(message.in_memory);
    BOOST_TEST(message.memory_bytes == 5000u);
}

// ipc-channel D5 to D7: there a short packet or a forged size is a panic, or worse.
BOOST_AUTO_TEST_CASE(every_broken_rule_breaks_the_link) {
    const auto flags = static_cast<std::uint8_t>(flag_last | flag_memory);
    struct mistake {
        const char* what;
        bytes b;
        std::vector<std::size_t> handles;
        strait::error expected = strait::error::protocol_violation;
    };
    const mistake table[] = {
        {"an unknown kind", control(static_cast<frame_kind>(77)), {}},
        {"kind zero", control(static_cast<frame_kind>(0)), {}},
        {"unknown flags", frame("x", {.flags = 0x80}), {}},
        {"a greeting from the wrong side", control(frame_kind::hello), {}},
        {"a withdrawal of nothing", control(frame_kind::withdraw), {}},
        {"an adoption without handles", control(frame_kind::adopt), {}},
        {"less than announced", frame("x", {.message_bytes = 2}), {}},
        {"more than announced", frame("xyz", {.message_bytes = 2}), {}},
        {"handles that are missing", frame("x", {.handles = 1, .message_handles = 1}), {}},
        {"fewer handles than the frame says", frame("x", {.handles = 2, .message_handles = 2}), {1}},
        {"more handles than the frame says", frame("x", {.handles = 1, .message_handles = 1}), {2}},
        {"fewer handles than the message says", frame("x", {.handles = 1, .message_handles = 2}),
            {1}},
        {"more handles than the message says", frame("x", {.handles = 2, .message_handles = 1}),
            {2}},
        {"a fragment of another size",
            frame("a", {.flags = 0, .message_bytes = 3}) + frame("b", {.message_bytes = 4}), {}},
        {"a fragment with nothing", frame("", {.flags = 0, .message_bytes = 3}), {}},
        {"handles before the end of a message",
            frame("a", {.flags = 0, .handles = 1, .message_bytes = 3, .message_handles = 1}), {1}},
        {"packed handles without a pack",
            frame("x", {.flags = flag_last | flag_packed, .message_handles = 300}), {}},
        {"more handles than the message says, packed",
            frame("x", {.flags = flag_last | flag_packed, .handles = 2, .message_handles = 1}), {2}},
        {"a park in the midst of a message",
            frame("a", {.flags = 0, .message_bytes = 3}) + control(frame_kind::park), {}},
        {"memory without a handle", frame("", {.flags = flags, .message_bytes = 9}), {}},
        {"memory with payload", frame("x", {.flags = flags, .handles = 1, .message_handles = 1}),
            {1}},
        {"too large", frame("x", {.flags = 0, .message_bytes = (64 << 20) + 1}), {},
            strait::error::message_too_large},
        {"too many handles", frame("x", {.flags = 0, .message_handles = 4097}), {},
            strait::error::too_many_handles},
    };
    for (const mistake& w : table) {
        BOOST_TEST_CONTEXT(w.what) {
            reader = {};
            feed(w.b, w.handles);
            breaks_with(w.expected);
        }
    }
}

BOOST_AUTO_TEST_CASE(handles_that_belong_to_no_frame_break_the_link) {
    feed(frame("a"), {3});
    breaks_with(strait::error::protocol_violation);

    // The read that brought them ended within that frame: they are not the next one's.
    reader = {};
    bytes two = frame("a");
    const auto cut = two.begin() + 10;
    feed(bytes(two.begin(), cut), {3});
    BOOST_TEST((next() == event::none));
    bytes rest(cut, two.end());
    const bytes second = frame("b", {.handles = 3, .message_handles = 3});
    rest.insert(rest.end(), second.begin(), second.end());
    feed(rest);
    breaks_with(strait::error::protocol_violation);
}

BOOST_AUTO_TEST_CASE(handles_cannot_be_piled_up_behind_half_a_frame) {
    const bytes half = frame("a long enough text");
    std::size_t fed = 0;
    event e = event::none;
    while (e == event::none && fed < half.size() - 1) {
        feed({half[fed++]}, {1});
        e = next();
    }
    BOOST_TEST((e == event::broken));
    BOOST_TEST(fed < 12u);
}

BOOST_AUTO_TEST_CASE(any_bytes_end_in_an_event_and_hold_no_more_than_the_limits) {
    std::mt19937 random(20260101);
    bounds.max_message_bytes = 100'000;
    for (int round = 0; round < 3000; ++round) {
        reader = {};
        bytes b = frame("hello", {.flags = 0, .message_bytes = 50'000}) + frame("again") +
                  control(frame_kind::adopt, 1) + frame(std::string(300, 'z'));
        for (int flips = 0; flips < 4; ++flips)
            b[random() % b.size()] = static_cast<std::byte>(random());
        feed(b, {random() % 3});
        for (int i = 0; i < 20; ++i) {
            const event e = next();
            if (e == event::none || e == event::broken) break;
        }
        BOOST_TEST(reader.partial_bytes() <= bounds.max_message_bytes);
    }
}

BOOST_AUTO_TEST_CASE(what_is_held_can_move) {
    const auto whole = frame("full", {.handles = 1, .message_bytes = 8, .message_handles = 1});
    feed(frame("half", {.flags = 0, .message_bytes = 8, .message_handles = 1}));
    BOOST_TEST((next() == event::none));
    feed(bytes(whole.begin(), whole.begin() + 10), {1});
    BOOST_TEST((next() == event::none));

    const auto held = reader.peek();
    wire::link_reader::snapshot_data s;
    s.unread = held.unread;
    s.partial = held.partial;
    s.batches.emplace_back().handles.resize(held.batches.front().handles.size());
    s.message_bytes = held.message_bytes;
    s.message_handles = held.message_handles;
    s.message_flags = held.message_flags;
    s.in_message = held.in_message;
    s.not_before = held.not_before;
    wire::link_reader moved;
    BOOST_TEST(!moved.restore(std::move(s), bounds, 100));
    std::swap(reader, moved);
    feed(bytes(whole.begin() + 10, whole.end()));
    BOOST_TEST((next() == event::message));
    BOOST_TEST(text() == "halffull");
    BOOST_TEST(message.handles.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
