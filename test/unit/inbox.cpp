//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/inbox.hpp"
#include "support/channels.hpp"
#include "wire/frame.hpp"

#include <boost/test/unit_test.hpp>

#include <cstring>
#include <map>
#include <random>
#include <string>
#include <vector>

using namespace strait::detail;
using strait::test::only_if;
using action = inbox::action;

namespace {

std::vector<std::byte> data_frame(const std::string& text, std::uint64_t stamp) {
    wire::frame_header h;
    h.payload_bytes = h.message_bytes = static_cast<std::uint32_t>(text.size());
    h.flags = wire::flag_last;
    h.stamp = stamp;
    std::vector<std::byte> b(wire::header_bytes + text.size());
    wire::store_header(h, b.data());
    std::memcpy(b.data() + wire::header_bytes, text.data(), text.size());
    return b;
}

std::vector<std::byte> control_frame(wire::frame_kind kind, std::uint16_t handles = 0) {
    wire::frame_header h;
    h.kind = kind;
    h.handles = handles;
    std::vector<std::byte> b(wire::header_bytes);
    wire::store_header(h, b.data());
    return b;
}

// An inbox with its links played by queues of bytes, and a clock that ticks with every look at it.
struct fixture {
    strait::limits bounds;
    inbox box{bounds};
    std::uint64_t clock = 1000;
    std::map<inbox::link_id, std::vector<std::byte>> streams;
    std::map<inbox::link_id, std::vector<std::size_t>> handles;
    std::vector<inbox::link_id> closed;
    int reads = 0;
    int rounds = 0;

    std::uint64_t now() { return ++clock; }

    inbox::link_id add(inbox::link_id by = inbox::no_link) {
        const auto id = box.add({}, by);
        if (id != inbox::no_link) streams[id];
        return id;
    }
    void write(inbox::link_id id, const std::vector<std::byte>& b, std::size_t handle_count = 0) {
        streams[id].insert(streams[id].end(), b.begin(), b.end());
        if (handle_count != 0) handles[id].push_back(handle_count);
    }
    void send(inbox::link_id id, const std::string& text) { write(id, data_frame(text, now())); }

    void read(inbox::link_id id) {
        ++reads;
        inbox::link& l = *box.find(id);
        auto& stream = streams[id];
        const auto room = box.prepare(l);
        if (stream.empty()) {
            if (std::find(closed.begin(), closed.end(), id) != closed.end())
                box.on_end(l);
            else
                box.on_nothing(l);
            return;
        }
        const std::size_t n = std::min(room.size(), stream.size());
        std::copy(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(n), room.begin());
        stream.erase(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(n));
        std::vector<os::handle_batch> batches;
        for (const std::size_t count : handles[id]) batches.emplace_back().handles.resize(count);
        handles[id].clear();
        const bool filled = n == room.size() || !batches.empty();
        box.on_read(l, n, batches, filled, now());
        if (inbox::link* still = box.find(id); filled && still && box.wants_unread(*still))
            box.on_unread(*still, stream.size());
    }

    void look() {
        ++rounds;
        const auto t = now();
        if (box.link_count() < 2) return box.recheck(t);
        std::vector<inbox::link_id> ready;
        for (const auto& [id, stream] : streams)
            if (box.find(id) &&
                (!stream.empty() || std::find(closed.begin(), closed.end(), id) != closed.end()))
                ready.push_back(id);
        box.begin_round(t, ready);
    }

    // The next message, or what next() says there is none for.
    std::string recv() {
        for (int steps = 0; steps < 1000; ++steps) {
            for (auto& a : box.take_adoptions()) {
                const auto id = box.add({}, a.by);
                if (id != inbox::no_link) streams[id];
            }
            const auto step = box.next();
            switch (step.what) {
            case action::give: {
                incoming_message m;
                box.pop(step.on, m);
                return {reinterpret_cast<const char*>(m.body.data()), m.body.size()};
            }
            case action::read: read(step.on); break;
            case action::round: look(); break;
            case action::wait: return "wait";
            case action::end: return "end";
            }
        }
        return "no progress";
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(inbox, fixture)

BOOST_AUTO_TEST_CASE(an_inbox_without_links_is_at_its_end) {
    BOOST_TEST(recv() == "end");
    BOOST_TEST(recv() == "end");
}

BOOST_AUTO_TEST_CASE(one_link_needs_one_read_for_many_messages) {
    const auto a = add();
    for (int i = 0; i < 10; ++i) send(a, std::to_string(i));
    for (int i = 0; i < 10; ++i) BOOST_TEST(recv() == std::to_string(i));
    BOOST_TEST(reads == 1);
    BOOST_TEST(recv() == "wait");
    BOOST_TEST(reads == 1);
    BOOST_TEST(rounds == 0);
}

BOOST_AUTO_TEST_CASE(messages_of_several_links_come_in_the_order_of_their_stamps) {
    const auto a = add();
    const auto b = add();
    send(b, "1");
    send(a, "2");
    send(b, "3");
    send(b, "4");
    send(a, "5");
    for (int i = 1; i <= 5; ++i) BOOST_TEST(recv() == std::to_string(i));
    BOOST_TEST(recv() == "wait");
}

BOOST_AUTO_TEST_CASE(a_message_waits_for_what_may_be_older_on_another_link) {
    const auto a = add();
    const auto b = add();
    BOOST_TEST(recv() == "wait");
    send(a, "older");
    send(b, "newer");
    // Only the newer one is seen by the first look.
    const std::vector<strait::detail::inbox::link_id> only_b{b};
    box.begin_round(now(), only_b);
    BOOST_TEST(box.next().on == b);
    read(b);
    // It is stamped before the round: what lay in a then was looked for, and missed by this
    // artificial look alone.
    send(a, "newest");
    look();
    BOOST_TEST(recv() == "older");
    BOOST_TEST(recv() == "newer");
    BOOST_TEST(recv() == "newest");
}

BOOST_AUTO_TEST_CASE(a_message_stamped_after_the_round_needs_another) {
    const auto a = add();
    const auto b = add();
    BOOST_TEST(recv() == "wait");
    box.begin_round(now(), {});  // both are idle
    send(a, "older");
    send(b, "newer");
    const std::vector<strait::detail::inbox::link_id> only_b{b};
    // b is read without a new round, as happens when it lost its head within one.
    box.find(b);
    read(b);
    BOOST_TEST((box.next().what == action::round));
    BOOST_TEST(recv() == "older");
    BOOST_TEST(recv() == "newer");
}

BOOST_AUTO_TEST_CASE(a_link_that_joins_does_not_vouch_for_the_others) {
    const auto a = add();
    const auto b = add();
    BOOST_TEST(recv() == "wait");
    box.begin_round(now(), {});  // both are idle
    send(a, "older");
    send(b, "newer");
    read(b);
    add();
    BOOST_TEST(recv() == "older");
    BOOST_TEST(recv() == "newer");
}

BOOST_AUTO_TEST_CASE(adopted_links_are_read_before_anything_younger_is_given) {
    const auto a = add();
    const auto b = add();
    write(a, control_frame(wire::frame_kind::adopt, 1), 1);
    BOOST_TEST(recv() == "wait");
    look();
    BOOST_TEST(recv() == "wait");
    BOOST_REQUIRE(box.link_count() == 3u);
    const auto c = streams.rbegin()->first;
    send(c, "1");
    send(b, "2");
    look();
    BOOST_TEST(recv() == "1");
    BOOST_TEST(recv() == "2");
}

BOOST_AUTO_TEST_CASE(a_link_ends_when_everything_in_it_was_given_out) {
    const auto a = add();
    send(a, "last words");
    closed.push_back(a);
    BOOST_TEST(recv() == "last words");
    look();
    BOOST_TEST(recv() == "end");
    BOOST_TEST(box.take_gone().size() == 1u);
    BOOST_TEST(recv() == "end");
}

BOOST_AUTO_TEST_CASE(a_broken_link_harms_no_other) {
    const auto a = add();
    const auto b = add();
    send(a, "good");
    write(a, control_frame(wire::frame_kind::hello));
    send(b, "other");
    BOOST_TEST(recv() == "good");
    BOOST_TEST(recv() == "other");
    BOOST_TEST(box.find(a) == nullptr);
    const auto faults = box.take_faults();
    BOOST_TEST(faults.size() == 1u);
    BOOST_TEST(faults[0].code == make_error_code(strait::error::protocol_violation));
}

BOOST_AUTO_TEST_CASE(forged_stamps_misplace_only_the_forgers_messages) {
    const auto honest = add();
    const auto forger = add();
    BOOST_TEST(recv() == "wait");
    for (int i = 0; i < 50; ++i) write(forger, data_frame("forged", ~std::uint64_t(0)));
    send(honest, "1");
    send(honest, "2");
    look();
    std::vector<std::string> seen;
    for (int i = 0; i < 52; ++i) seen.push_back(recv());
    const auto one = std::find(seen.begin(), seen.end(), "1");
    const auto two = std::find(seen.begin(), seen.end(), "2");
    BOOST_TEST((one < two && two != seen.end()));
    BOOST_TEST(recv() == "wait");
}

BOOST_AUTO_TEST_CASE(a_flood_of_messages_that_claim_to_be_old_starves_nobody) {
    const auto honest = add();
    const auto forger = add();
    BOOST_TEST(recv() == "wait");
    send(honest, "honest");
    const auto forged = data_frame(std::string(1000, 'f'), 0);
    int before = 0;
    for (;; ++before) {
        // The forger's stream is refilled faster than it is read.
        while (streams[forger].size() < 300'000) write(forger, forged);
        look();
        if (recv() == "honest") break;
        BOOST_REQUIRE(before < 2000);
    }
    BOOST_TEST_MESSAGE("forged messages before the honest one: " << before);
}

BOOST_AUTO_TEST_CASE(a_parked_link_counts_as_no_sender_until_it_is_taken_up) {
    const auto a = add();
    const auto b = add();
    box.find(b)->lease = 7;
    box.find(b)->lease_target = 99;
    write(b, control_frame(wire::frame_kind::park));
    look();
    BOOST_TEST(recv() == "wait");
    BOOST_TEST(box.find(b)->parked);
    BOOST_TEST(box.find_parked(98) == nullptr);
    BOOST_REQUIRE(box.find_parked(99) == box.find(b));
    box.unpark(*box.find(b));
    send(b, "again");
    look();
    BOOST_TEST(recv() == "again");
    write(b, control_frame(wire::frame_kind::park));
    closed.push_back(a);
    look();
    BOOST_TEST(recv() == "end");
}

BOOST_AUTO_TEST_CASE(only_a_leased_link_may_be_parked_and_then_it_is_silent) {
    const auto a = add();
    write(a, control_frame(wire::frame_kind::park));
    look();
    recv();
    BOOST_TEST(box.take_faults().size() == 1u);
    const auto b = add();
    box.find(b)->lease = 1;
    write(b, control_frame(wire::frame_kind::park));
    send(b, "from a parked link");
    look();
    BOOST_TEST(recv() == "end");
    BOOST_TEST(box.take_faults().size() == 1u);
}

BOOST_AUTO_TEST_CASE(links_are_charged_to_the_one_that_adopted_them) {
    bounds.max_adopted_per_link = 2;
    bounds.max_links = 5;
    box = strait::detail::inbox(bounds);
    const auto a = add();
    const auto b = add();
    BOOST_TEST(add(a) != strait::detail::inbox::no_link);
    const auto last = add(a);
    BOOST_TEST(last != strait::detail::inbox::no_link);
    BOOST_TEST(add(a) == strait::detail::inbox::no_link);
    BOOST_TEST(add(b) != strait::detail::inbox::no_link);
    BOOST_TEST(add(b) == strait::detail::inbox::no_link);  // five in all
    box.drop(last, strait::error::protocol_violation);
    BOOST_TEST(add(a) != strait::detail::inbox::no_link);
}

BOOST_AUTO_TEST_CASE(what_adopted_links_adopt_is_charged_to_the_first_of_them) {
    bounds.max_adopted_per_link = 2;
    box = strait::detail::inbox(bounds);
    const auto root = add();
    const auto child = add(root);
    const auto grandchild = add(child);
    BOOST_TEST(grandchild != strait::detail::inbox::no_link);
    BOOST_TEST(add(grandchild) == strait::detail::inbox::no_link);
    // Whoever of them is gone, the others count.
    box.drop(root, strait::error::protocol_violation);
    BOOST_TEST(add(root) == strait::detail::inbox::no_link);
    box.drop(child, strait::error::protocol_violation);
    BOOST_TEST(add(grandchild) != strait::detail::inbox::no_link);
    BOOST_TEST(add(grandchild) == strait::detail::inbox::no_link);
}

BOOST_AUTO_TEST_CASE(what_links_are_charged_to_moves_with_them) {
    bounds.max_adopted_per_link = 2;
    box = strait::detail::inbox(bounds);
    const auto root = add();
    const auto child = add(root);
    const auto gone = add();
    add(gone);
    const auto left = add(gone);
    box.drop(gone, strait::error::protocol_violation);
    box.take_gone();
    strait::detail::inbox there{bounds};
    for (auto& m : box.take_links()) {
        m.place = {};
        there.restore(std::move(m), true, now());
    }
    std::swap(box, there);
    BOOST_TEST(add(child) != strait::detail::inbox::no_link);
    BOOST_TEST(add(child) == strait::detail::inbox::no_link);
    BOOST_TEST(add(root) == strait::detail::inbox::no_link);
    BOOST_TEST(add(left) == strait::detail::inbox::no_link);
    // The number of the one that was gone before is no other's while something is charged to it.
    for (int i = 0; i != 10; ++i) BOOST_TEST(add() != gone);

    // And if they come back, nothing is counted twice.
    for (auto& m : box.take_links()) box.restore(std::move(m), false, now());
    box.drop(child, strait::error::protocol_violation);
    BOOST_TEST(add(root) != strait::detail::inbox::no_link);
    BOOST_TEST(add(root) == strait::detail::inbox::no_link);
}

BOOST_AUTO_TEST_CASE(whole_messages_in_fragments_are_bounded_over_all_links) {
    bounds.max_inbox_bytes = 50'000;
    box = strait::detail::inbox(bounds);
    wire::frame_header h;
    h.payload_bytes = 20'000;
    h.message_bytes = 40'000;
    h.stamp = now();
    std::vector<std::byte> first(wire::header_bytes + h.payload_bytes);
    wire::store_header(h, first.data());
    h.flags = wire::flag_last;
    std::vector<std::byte> last = first;
    wire::store_header(h, last.data());
    for (int i = 0; i < 3; ++i) {
        const auto id = add();
        write(id, first);
        write(id, last);
    }
    BOOST_TEST(recv().size() == 40'000u);
    BOOST_TEST(box.link_count() == 1u);
    BOOST_TEST(box.take_faults().size() == 2u);
    // What was given out counts no more.
    const auto again = add();
    write(again, first);
    write(again, last);
    BOOST_TEST(recv().size() == 40'000u);
    BOOST_TEST(box.take_faults().empty());
}

BOOST_AUTO_TEST_CASE(half_messages_are_bounded_over_all_links) {
    bounds.max_inbox_bytes = 50'000;
    box = strait::detail::inbox(bounds);
    wire::frame_header h;
    h.payload_bytes = 30'000;
    h.message_bytes = 45'000;
    std::vector<std::byte> half(wire::header_bytes + h.payload_bytes);
    wire::store_header(h, half.data());
    const auto a = add();
    const auto b = add();
    write(a, half);
    look();
    recv();
    write(b, half);
    look();
    recv();
    BOOST_TEST(box.find(a) != nullptr);
    BOOST_TEST(box.find(b) == nullptr);
    BOOST_TEST(box.take_faults().size() == 1u);
}

BOOST_AUTO_TEST_CASE(half_a_frame_with_handles_ends_its_link, *only_if(os::writes_are_whole)) {
    const auto a = add();
    const auto b = add();
    send(a, "whole");
    std::vector<std::byte> half = data_frame("never", now());
    half.pop_back();
    write(a, half, 1);
    send(b, "other");
    BOOST_TEST(recv() == "whole");
    BOOST_TEST(recv() == "other");
    BOOST_TEST(recv() == "wait");
    BOOST_TEST(box.find(a) == nullptr);
    const auto faults = box.take_faults();
    BOOST_REQUIRE(faults.size() == 1u);
    BOOST_TEST((faults[0].code == strait::error::protocol_violation));
}

BOOST_AUTO_TEST_CASE(a_frame_with_handles_may_come_in_several_reads) {
    const auto a = add();
    // Longer than one read has room for, since the first one fills most of it.
    std::string text(wire::max_payload_bytes, 't');
    wire::frame_header h;
    h.payload_bytes = h.message_bytes = static_cast<std::uint32_t>(text.size());
    h.flags = wire::flag_last;
    h.handles = 1;
    h.message_handles = 1;
    std::vector<std::byte> with_handle(wire::header_bytes + text.size());
    wire::store_header(h, with_handle.data());
    const auto cut = with_handle.begin() + 1000;
    write(a, {with_handle.begin(), cut}, 1);
    read(a);
    write(a, {cut, with_handle.end()});
    look();
    BOOST_TEST(recv().size() == text.size());
    BOOST_TEST(box.find(a) != nullptr);
}

BOOST_AUTO_TEST_CASE(everything_moves_and_comes_back_in_order) {
    const auto a = add();
    const auto b = add();
    send(a, "1");
    send(b, "2");
    send(a, "3");
    send(b, "4");
    BOOST_TEST(recv() == "1");
    auto moving = box.take_links();
    BOOST_TEST(moving.size() == 2u);
    BOOST_TEST(recv() == "end");
    for (auto& m : moving) streams[box.restore(std::move(m), false, now())];
    BOOST_TEST(recv() == "2");
    BOOST_TEST(recv() == "3");
    BOOST_TEST(recv() == "4");
    BOOST_TEST(recv() == "wait");
}

BOOST_AUTO_TEST_CASE(any_interleaving_of_sends_and_receives_keeps_causal_order) {
    std::mt19937 random(42);
    for (int round = 0; round < 200; ++round) {
        box = strait::detail::inbox(bounds);
        streams.clear();
        std::vector<strait::detail::inbox::link_id> links;
        for (int i = 0; i < 4; ++i) links.push_back(add());
        int sent = 0;
        int received = 0;
        while (received < 60) {
            if (sent < 60 && random() % 2 == 0) {
                send(links[random() % links.size()], std::to_string(sent++));
            } else {
                const std::string got = recv();
                if (got == "wait") {
                    look();
                    continue;
                }
                // Every send completes before the next begins: one queue.
                BOOST_REQUIRE_EQUAL(got, std::to_string(received));
                ++received;
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
