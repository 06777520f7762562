//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/raw_link.hpp"
#include "support/context_fixture.hpp"

#include <atomic>
#include <cstdlib>
#include <functional>
#include <limits>
#include <thread>

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

using namespace strait::test;
using strait::error;
using strait::error_code;
using strait::handle;
using strait::limits;
using strait::receiver;
using strait::sender;

namespace {

using number = std::uint64_t;
using channel = contested_channel<number>;
using wire::frame_header;
using wire::frame_kind;

// Eight bytes: how a number is encoded.
std::string encoded(number n) {
    const recording r = record(n);
    return r.bytes.substr(wire::header_bytes);
}

// A frame with one thing wrong.
frame_header but(const std::function<void(frame_header&)>& change) {
    frame_header h = whole(8);
    change(h);
    return h;
}

frame_header control(frame_kind kind, std::uint16_t handles = 0) {
    return but([&](frame_header& h) {
        h = {};
        h.kind = kind;
        h.handles = handles;
    });
}

// Of two fragments, the second of which is the caller's.
frame_header first_of_two(std::uint32_t bytes, std::uint32_t announced) {
    return but([&](frame_header& h) {
        h.flags = 0;
        h.payload_bytes = bytes;
        h.message_bytes = announced;
    });
}

struct offence {
    const char* what;
    error_code fault;
    std::function<void(raw_link&)> commit;
};

const std::string eight(8, '\x11');

// Each of these ends the link.
const std::vector<offence>& broken_frames() {
    static const pipe_ends pipe = make_pipe();
    static const error_code violation = error::protocol_violation;
    static const std::vector<offence> all{
        {"noise", violation, [](raw_link& l) { l.write(std::string(300, '\xff')); }},
        {"zeros", violation, [](raw_link& l) { l.write(std::string(300, '\0')); }},
        {"an unknown kind", violation,
            [](raw_link& l) {
                l.write(but([](auto& h) { h.kind = static_cast<frame_kind>(77); }), eight);
            }},
        {"an unknown flag", violation,
            [](raw_link& l) { l.write(but([](auto& h) { h.flags |= 0x80; }), eight); }},
        {"a frame larger than any", violation,
            [](raw_link& l) { l.write(but([](auto& h) { h.payload_bytes = 1u << 20; }), eight); }},
        {"a greeting from the wrong side", violation,
            [](raw_link& l) { l.write(control(frame_kind::hello)); }},
        {"a withdrawal of nothing", violation,
            [](raw_link& l) { l.write(control(frame_kind::withdraw)); }},
        {"a link that never was lent is parked", violation,
            [](raw_link& l) { l.write(control(frame_kind::park)); }},
        {"parked in the middle of a message", violation,
            [](raw_link& l) {
                l.write(first_of_two(4, 8), "1111");
                l.write(control(frame_kind::park));
            }},
        {"nothing is adopted", violation,
            [](raw_link& l) { l.write(control(frame_kind::adopt)); }},
        {"adoption with a payload", violation,
            [](raw_link& l) {
                frame_header h = control(frame_kind::adopt, 1);
                h.payload_bytes = 8;
                l.write(h, eight, {&pipe.read});
            }},
        {"a message beyond the limit", error::message_too_large,
            [](raw_link& l) {
                l.write(first_of_two(8, 0xffff'ffff), eight);
            }},
        {"handles beyond the limit", error::too_many_handles,
            [](raw_link& l) {
                l.write(but([](auto& h) { h.message_handles = 0xffff'ffff; }), eight);
            }},
        {"less than announced", violation,
            [](raw_link& l) { l.write(but([](auto& h) { h.message_bytes = 9; }), eight); }},
        {"more than announced", violation,
            [](raw_link& l) { l.write(but([](auto& h) { h.message_bytes = 7; }), eight); }},
        {"more than announced, in the end", violation,
            [](raw_link& l) {
                l.write(first_of_two(4, 8), "1111");
                l.write(but([](auto& h) { h.payload_bytes = 5; }), "11111");
            }},
        {"a fragment of nothing", violation,
            [](raw_link& l) { l.write(first_of_two(0, 8)); }},
        {"a message that changes its size", violation,
            [](raw_link& l) {
                l.write(first_of_two(4, 8), "1111");
                l.write(first_of_two(4, 12), "1111");
            }},
        {"fewer handles than announced", violation,
            [](raw_link& l) { l.write(whole(8, 2), eight, {&pipe.read}); }},
        {"no handles where some are announced", violation,
            [](raw_link& l) { l.write(whole(8, 2), eight); }},
        {"handles that nobody announced", violation,
            [](raw_link& l) { l.write(whole(8), eight, {&pipe.read, &pipe.write}); }},
        {"handles on half a header", violation,
            [](raw_link& l) {
                const std::string bytes = raw_link::frame(whole(8), eight);
                l.write(bytes.substr(0, 10), {&pipe.read});
                l.write(bytes.substr(10));
            }},
        {"memory that is not there", violation,
            [](raw_link& l) { l.write(but([](auto& h) {
                h.flags |= wire::flag_memory;
                h.payload_bytes = 0;
            })); }},
    };
    return all;
}

// Each of these costs one message.
const std::vector<offence>& broken_values() {
    static const pipe_ends pipe = make_pipe();
    static const handle memory(::memfd_create("strait-test", MFD_CLOEXEC));
    static const auto with_table = [](frame_header& h) { h.flags |= wire::flag_table; };
    static const auto in_memory = [](raw_link& l, const handle& h) {
        frame_header f = whole(0, 1);
        f.flags |= wire::flag_memory;
        f.message_bytes = 8;
        l.write(f, {}, {&h});
    };
    static const std::vector<offence> all{
        {"too short", error::bad_message, [](raw_link& l) { l.write(whole(7), "1234567"); }},
        {"empty", error::bad_message, [](raw_link& l) { l.write(whole(0)); }},
        {"too long", error::bad_message, [](raw_link& l) { l.write(whole(9), "123456789"); }},
        {"no table", error::bad_attachment,
            [](raw_link& l) { l.write(whole(8, 1), eight, {&pipe.read}); }},
        {"a table of noise", error::bad_attachment,
            [](raw_link& l) { l.write(but(with_table), eight); }},
        {"memory that is a pipe", {}, [](raw_link& l) { in_memory(l, pipe.read); }},
        {"memory that is too small", {}, [](raw_link& l) { in_memory(l, memory); }},
    };
    return all;
}

// The honest producer is not disturbed.
void expect_honest(channel& c, number n) {
    c.honest.send(n);
    error_code ec;
    BOOST_TEST_REQUIRE(c.rx.recv(ec) == n);
    BOOST_TEST_REQUIRE(!ec, ec.message());
}

struct path_guard {
    std::string path;
    explicit path_guard(const char* name) : path(std::string("/tmp/") + name + "XXXXXX") {
        BOOST_REQUIRE(::mkdtemp(path.data()) != nullptr);
    }
    ~path_guard() {
        ::unlink((path + "/it").c_str());
        ::rmdir(path.c_str());
    }
};

handle fifo() {
    const path_guard at("strait-fifo");
    const std::string name = at.path + "/it";
    BOOST_REQUIRE_EQUAL(::mkfifo(name.c_str(), 0600), 0);
    return handle(::open(name.c_str(), O_RDWR | O_CLOEXEC));
}

handle listening_socket() {
    const path_guard at("strait-listen");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, (at.path + "/it").c_str());
    handle s(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    BOOST_REQUIRE_EQUAL(
        ::bind(s.native_handle(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    BOOST_REQUIRE_EQUAL(::listen(s.native_handle(), 1), 0);
    return s;
}

handle socket_of(int family, int type) { return handle(::socket(family, type | SOCK_CLOEXEC, 0)); }

}  // namespace

namespace {

// What offences are committed with stays open until the program ends.
struct means {
    means() {
        broken_frames();
        broken_values();
    }
};
struct c10_fixture : means, context_fixture {};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(c10_bad_input, c10_fixture)

BOOST_AUTO_TEST_CASE(a_broken_frame_ends_its_link_and_no_other) {
    const clean_fixture clean;
    for (const offence& o : broken_frames()) {
        BOOST_TEST_CONTEXT(o.what) {
            channel c;
            std::vector<error_code> told;
            c.rx.on_fault([&](const strait::fault& f) { told.push_back(f.code); });
            expect_honest(c, 1);
            c.raw.write(whole(8), encoded(2));
            BOOST_TEST(c.rx.recv() == 2u);
            o.commit(c.raw);
            c.raw.write(whole(8), encoded(666));
            expect_honest(c, 3);
            expect_honest(c, 4);
            BOOST_TEST(c.rx.faults() == 1u);
            BOOST_TEST_REQUIRE(told.size() == 1u);
            BOOST_TEST(told[0] == o.fault, told[0].message());
            BOOST_TEST(c.raw.is_ended());
            c.honest.close();
            expect_end(c.rx);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_value_that_does_not_decode_costs_its_message_only) {
    const clean_fixture clean;
    for (const offence& o : broken_values()) {
        BOOST_TEST_CONTEXT(o.what) {
            channel c;
            std::vector<error_code> told;
            c.rx.on_fault([&](const strait::fault& f) { told.push_back(f.code); });
            o.commit(c.raw);
            c.raw.write(whole(8), encoded(1));
            BOOST_TEST(c.rx.recv() == 1u);
            expect_honest(c, 2);
            BOOST_TEST(c.rx.faults() == 1u);
            BOOST_TEST_REQUIRE(told.size() == 1u);
            if (o.fault) BOOST_TEST(told[0] == o.fault, told[0].message());
            BOOST_TEST(!strait::is_fatal(told[0]));
            c.raw.close();
            c.honest.close();
            expect_end(c.rx);
        }
    }
}

BOOST_AUTO_TEST_CASE(faults_are_delivered_by_receives_if_that_is_wanted) {
    for (const bool asynchronous : {false, true})
        for (const auto* offences : {&broken_frames(), &broken_values()})
            for (const offence& o : *offences) {
                BOOST_TEST_CONTEXT(o.what) {
                    channel c({}, context.get_executor());
                    c.rx.deliver_faults(true);
                    o.commit(c.raw);
                    c.raw.close();
                    c.honest.close();
                    std::vector<error_code> codes;
                    while (codes.empty() || codes.back() != asio::error::eof) {
                        BOOST_TEST_REQUIRE(codes.size() < 5u);
                        error_code ec;
                        if (asynchronous) {
                            c.rx.async_recv([&](error_code e, number) { ec = e; });
                            run();
                        } else {
                            c.rx.recv(ec);
                        }
                        codes.push_back(ec);
                    }
                    BOOST_TEST_REQUIRE(codes.size() == 2u);
                    if (o.fault) BOOST_TEST(codes[0] == o.fault, codes[0].message());
                    BOOST_TEST(c.rx.faults() == 1u);
                }
            }
}

BOOST_AUTO_TEST_CASE(a_waiting_asynchronous_receive_outlives_every_fault) {
    channel c({}, context.get_executor());
    number got = 0;
    error_code ec = asio::error::would_block;
    c.rx.async_recv([&](error_code e, number n) {
        ec = e;
        got = n;
    });
    std::uint64_t faults = 0;
    for (const offence& o : broken_values()) {
        o.commit(c.raw);
        context.poll();
        BOOST_TEST(c.rx.faults() == ++faults);
        BOOST_TEST(ec == asio::error::would_block);
    }
    broken_frames().front().commit(c.raw);
    context.poll();
    BOOST_TEST(c.rx.faults() == ++faults);
    c.honest.send(5);
    run();
    BOOST_TEST(!ec);
    BOOST_TEST(got == 5u);
}

BOOST_AUTO_TEST_CASE(a_producer_that_goes_in_the_middle_of_anything_is_no_fault) {
    const std::string bytes =
        raw_link::frame(first_of_two(4, 8), "1111") +
        raw_link::frame(but([](auto& h) { h.payload_bytes = 4; }), "1111");
    for (std::size_t cut = 0; cut != bytes.size(); ++cut) {
        channel c;
        c.raw.write(std::string_view(bytes).substr(0, cut));
        expect_honest(c, 1);  // whatever the other is about
        c.raw.close();
        c.honest.close();
        expect_end(c.rx);
        BOOST_TEST(c.rx.faults() == 0u);
    }
}

BOOST_AUTO_TEST_CASE(a_link_consists_of_a_local_stream_and_of_nothing_else) {
    std::vector<std::pair<const char*, std::vector<handle>>> things;
    const auto add = [&](const char* name, auto... one) {
        things.emplace_back(name, std::vector<handle>());
        (things.back().second.push_back(std::move(one)), ...);
    };
    add("a FIFO", fifo());
    add("a pipe", make_pipe().write);
    add("a file", handle(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)));
    add("a directory", handle(::open("/", O_RDONLY | O_CLOEXEC)));
    add("a device", handle(::open("/dev/zero", O_RDWR | O_CLOEXEC)));
    add("a listener", listening_socket());
    add("an unconnected socket", socket_of(AF_UNIX, SOCK_STREAM));
    add("a TCP socket", socket_of(AF_INET, SOCK_STREAM));
    int fds[2];
    BOOST_REQUIRE_EQUAL(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
    add("packet sockets", handle(fds[0]), handle(fds[1]));
    BOOST_REQUIRE_EQUAL(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds), 0);
    add("datagram sockets", handle(fds[0]), handle(fds[1]));
    auto pair = connected_streams();
    add("both ends of a pair", std::move(pair.first), std::move(pair.second));
    for (auto& [name, handles] : things) {
        BOOST_TEST_CONTEXT(name) {
            for (const handle& h : handles) BOOST_REQUIRE(h.is_open());
            channel c;
            std::vector<const handle*> lent;
            for (const handle& h : handles) lent.push_back(&h);
            const auto count = static_cast<std::uint16_t>(lent.size());
            c.raw.write(control(frame_kind::adopt, count), {}, lent);
            handles.clear();
            expect_honest(c, 1);
            expect_honest(c, 2);
            BOOST_TEST(c.rx.faults() >= 1u);
            c.raw.close();
            c.honest.close();
            expect_end(c.rx);
        }
    }
}

BOOST_AUTO_TEST_CASE(links_whose_other_side_is_gone_are_adopted_and_end) {
    channel c;
    for (int i = 0; i != 50; ++i) {
        auto [ours, theirs] = connected_streams();
        raw_link other(std::move(theirs));
        if (i % 2 == 0) other.write(whole(8), encoded(7));
        other.close();
        c.raw.write(control(frame_kind::adopt, 1), {}, {&ours});
    }
    int sevens = 0;
    c.raw.close();
    c.honest.close();
    error_code ec;
    while (c.rx.recv(ec) == 7u) ++sevens;
    BOOST_TEST(sevens == 25);
    BOOST_TEST(ec == asio::error::eof);
    BOOST_TEST(c.rx.faults() == 0u);
}

// A peer may mark its side of a link as a receiver's at any time: the receiver loses that link where it
// moves, and no other.
BOOST_AUTO_TEST_CASE(a_peer_that_marks_its_side_does_not_keep_the_receiver_from_moving, *only_if(os::writes_are_whole) * over_links()) {
    enum { with_nothing, unread, half_read, with_a_further_link, closed, after_a_failed_move, all };
    for (int how = 0; how != all; ++how) {
        channel c;
        c.honest.send(1);
        if (how != with_nothing) c.raw.write(whole(8), encoded(7));
        BOOST_TEST(c.rx.recv() == 1u);
        if (how == half_read) c.raw.write(first_of_two(4, 8), encoded(7).substr(0, 4));
        handle further;
        if (how == with_a_further_link) {
            auto [ours, theirs] = connected_streams();
            further = std::move(ours);
            c.raw.write(control(frame_kind::adopt, 1), {}, {&theirs});
        }
        error_code ec;
        if (how == half_read || how == with_a_further_link) {
            BOOST_TEST(c.rx.recv() == 7u);
            c.rx.try_recv(ec);
            BOOST_TEST(ec == asio::error::would_block);
        }
        os::mark_receiving_side(c.raw.stream());
        if (how == closed) c.raw.close();
        if (how == after_a_failed_move) {
            auto [gone, nobody] = new_channel<receiver<number>>();
            nobody.close();
            gone.send(c.rx, ec);
            BOOST_TEST(ec == asio::error::broken_pipe, ec.message());
            BOOST_TEST(c.rx.recv() == 7u);
            BOOST_TEST(c.rx.faults() == 0u);
        }
        auto [carrier, carried] = new_channel<receiver<number>>();
        carrier.send(std::move(c.rx));
        c.rx = carried.recv();
        BOOST_TEST(c.rx.faults() == 1u);
        expect_honest(c, 2);
        if (further.is_open()) {
            raw_link more(std::move(further));
            more.write(whole(8), encoded(8));
            BOOST_TEST(c.rx.recv() == 8u);
        }
        if (how != closed) BOOST_TEST(c.raw.is_ended());
        c.raw.close();
        c.honest.close();
        expect_end(c.rx);
    }
}

BOOST_AUTO_TEST_CASE(no_peer_can_have_more_links_adopted_than_the_limits_allow) {
    limits l;
    l.max_links = 20;
    l.max_adopted_per_link = 5;
    channel c(l);
    std::vector<handle> theirs;
    std::vector<error_code> told;
    c.rx.on_fault([&](const strait::fault& f) { told.push_back(f.code); });
    for (int i = 0; i != 12; ++i) {
        auto pair = connected_streams();
        theirs.push_back(std::move(pair.second));
        c.raw.write(control(frame_kind::adopt, 1), {}, {&pair.first});
    }
    expect_honest(c, 1);
    expect_honest(c, 2);
    BOOST_TEST(told.size() == 7u);
    for (const error_code& ec : told) BOOST_TEST(ec == error::too_many_links);
    int ended = 0;
    for (handle& h : theirs) ended += raw_link(std::move(h)).is_ended();
    BOOST_TEST(ended == 7);
}

BOOST_AUTO_TEST_CASE(forged_stamps_starve_nobody) {
    for (const std::uint64_t stamp : {std::uint64_t(0), std::uint64_t(1),
             std::numeric_limits<std::uint64_t>::max(), os::now_ns() + 3'600'000'000'000u}) {
        channel c;
        std::atomic<bool> enough = false;
        frame_header h = whole(8);
        h.stamp = stamp;
        const std::string flood = raw_link::frame(h, encoded(0));
        std::thread flooder([&] {
            while (!enough && c.raw.write(flood)) {
            }
            c.raw.close();
        });
        std::thread honest([&] {
            for (number n = 1; n != 200; ++n) c.honest.send(n);
            c.honest.close();
        });
        number next = 1;
        while (next != 200) {
            const number n = c.rx.recv();
            if (n == 0) continue;
            BOOST_REQUIRE_EQUAL(n, next);
            ++next;
        }
        enough = true;
        // And the end is seen behind whatever is left of the flood.
        error_code ec;
        while (!ec) BOOST_REQUIRE_EQUAL(c.rx.recv(ec), 0u);
        BOOST_TEST(ec == asio::error::eof);
        honest.join();
        flooder.join();
        BOOST_TEST(c.rx.faults() == 0u);
    }
}

BOOST_AUTO_TEST_CASE(half_messages_of_many_links_are_bounded_and_hold_up_nobody) {
    limits l;
    l.max_message_bytes = 100'000;
    l.max_inbox_bytes = 300'000;
    channel c(l);
    std::vector<raw_link> others;
    for (int i = 0; i != 20; ++i) {
        auto pair = connected_streams();
        c.raw.write(control(frame_kind::adopt, 1), {}, {&pair.first});
        others.emplace_back(std::move(pair.second));
        for (int part = 0; part != 4; ++part)
            others.back().write(first_of_two(20'000, 100'000), std::string(20'000, 'h'));
    }
    for (number n = 1; n != 50; ++n) expect_honest(c, n);
}

BOOST_AUTO_TEST_CASE(a_sender_whose_link_was_ended_sees_broken_pipe) {
    limits small;
    small.max_message_bytes = 100;
    auto [ours, theirs] = connected_streams();
    auto core = std::make_shared<strait::detail::link_receiver>(
        first_identity<note>(small), asio::any_io_executor());
    BOOST_REQUIRE(!core->add_first(std::move(ours)));
    receiver<note> rx(core, {});
    // One that believes in other limits than the receiver.
    sender<note> tx(
        strait::detail::link_sender::make(std::move(theirs), first_identity<note>(), {}, {}), {});
    tx.send(note{1, {}});
    tx.send(page(2));
    expect_notes(rx, 1, 2);
    error_code ec;
    rx.try_recv(ec);
    BOOST_TEST(ec == asio::error::eof);
    BOOST_TEST(rx.faults() == 1u);
    ec.clear();
    while (!ec) tx.send(note{3, {}}, ec);
    BOOST_TEST(ec == asio::error::broken_pipe);
}

BOOST_AUTO_TEST_SUITE_END()
