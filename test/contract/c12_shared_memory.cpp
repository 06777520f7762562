//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/raw_link.hpp"
#include "support/context_fixture.hpp"

#include <atomic>
#include <thread>

#include <sys/mman.h>
#include <sys/stat.h>

// Shared memory that comes from a peer: messages too large for one write that must not be written in
// parts lie in it. The receiver verifies and copies it, and never maps it.

using namespace strait::test;
using strait::error;
using strait::error_code;
using strait::handle;
using strait::make_channel;

namespace {

using text_channel = contested_channel<std::string>;

// The value encoded as it would lie in memory.
std::string body_of(const std::string& text) {
    return record(text).bytes.substr(wire::header_bytes);
}

// Writes a message whose body is said to lie in `memory`.
void write_in_memory(raw_link& l, const handle& memory, std::size_t announced) {
    wire::frame_header h = whole(0, 1);
    h.flags |= wire::flag_memory;
    h.message_bytes = static_cast<std::uint32_t>(announced);
    l.write(h, {}, {&memory});
}

handle memory_with(const std::string& content) {
    handle memory(::memfd_create("strait-test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    BOOST_REQUIRE_EQUAL(::write(memory.native_handle(), content.data(), content.size()),
        static_cast<ssize_t>(content.size()));
    return memory;
}

void seal(const handle& memory, int seals) {
    BOOST_REQUIRE_EQUAL(::fcntl(memory.native_handle(), F_ADD_SEALS, seals), 0);
}

#if !defined(STRAIT_FORCE_PORTABLE)
constexpr bool has_seals = true;
#else
constexpr bool has_seals = false;
#endif

}  // namespace

BOOST_FIXTURE_TEST_SUITE(c12_shared_memory, context_fixture)

BOOST_AUTO_TEST_CASE(memory_as_it_should_be_is_received) {
    const std::string text = pattern(1, 1000);
    const std::string body = body_of(text);
    text_channel c;
    const handle memory = memory_with(body);
    seal(memory, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
    write_in_memory(c.raw, memory, body.size());
    BOOST_TEST(c.rx.recv() == text);
    BOOST_TEST(c.rx.faults() == 0u);
}

BOOST_AUTO_TEST_CASE(memory_that_is_not_what_it_is_said_to_be_costs_its_message_only) {
    const std::string body = body_of(std::string(1000, 'x'));
    struct lie {
        const char* what;
        std::size_t announced;
        bool sealed;
    };
    for (const lie& l : {lie{"smaller", body.size() + 1, true}, lie{"larger", body.size() - 1, true},
             lie{"much smaller", 60u << 20, true}, lie{"empty", 0, true},
             lie{"it can shrink", body.size(), false}}) {
        BOOST_TEST_CONTEXT(l.what) {
            if (!l.sealed && !has_seals) continue;
            text_channel c;
            const handle memory = memory_with(body);
            if (l.sealed) seal(memory, F_SEAL_SHRINK | F_SEAL_GROW);
            write_in_memory(c.raw, memory, l.announced);
            c.honest.send("honest");
            BOOST_TEST(c.rx.recv() == "honest");
            BOOST_TEST(c.rx.faults() == 1u);
            c.raw.write(raw_link::frame(whole(body_of("next").size()), body_of("next")));
            BOOST_TEST(c.rx.recv() == "next");
        }
    }
}

BOOST_AUTO_TEST_CASE(memory_that_changes_while_it_is_read_spoils_its_own_message_at_most) {
    // Not sealed against writing: a peer that does not use strait can do that.
    const std::string text = pattern(7, 20'000);
    const std::string body = body_of(text);
    text_channel c;
    const handle memory = memory_with(body);
    seal(memory, F_SEAL_SHRINK | F_SEAL_GROW);
    void* at = ::mmap(
        nullptr, body.size(), PROT_READ | PROT_WRITE, MAP_SHARED, memory.native_handle(), 0);
    BOOST_REQUIRE(at != MAP_FAILED);
    std::atomic<bool> done = false;
    std::thread scribbler([&] {
        auto* bytes = static_cast<volatile unsigned char*>(at);
        // Among others the length of the text, which comes first.
        for (std::size_t i = 0; !done; ++i) bytes[i * 7919 % (i % 2 != 0 ? 8 : body.size())] =
            static_cast<unsigned char>(i);
    });
    for (int round = 0; round != 50; ++round) {
        write_in_memory(c.raw, memory, body.size());
        c.honest.send("honest");
        error_code ec;
        while (c.rx.recv(ec) != "honest") BOOST_TEST_REQUIRE(!ec);
    }
    done = true;
    scribbler.join();
    ::munmap(at, body.size());
}

#if !defined(STRAIT_FORCE_PORTABLE)
BOOST_AUTO_TEST_CASE(what_strait_sends_as_memory_can_neither_change_nor_shrink) {
    auto [ours, theirs] = connected_streams();
    strait::sender<std::string> tx(strait::detail::link_sender::make(
                                       std::move(theirs), first_identity<std::string>(), {}, {}),
        {});
    BOOST_TEST(tx.try_send(std::string(100'000, 'm')));
    std::vector<std::byte> room(64u << 10);
    std::vector<os::handle_batch> batches;
    os::recv_some(ours, room, batches, false);
    BOOST_TEST_REQUIRE(batches.size() == 1u);
    BOOST_TEST_REQUIRE(batches.front().handles.size() == 1u);
    const int memory = batches.front().handles.front().native_handle();
    BOOST_TEST(::fcntl(memory, F_GET_SEALS) ==
               (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL));
    BOOST_TEST(::ftruncate(memory, 1) == -1);
    BOOST_TEST(::pwrite(memory, "x", 1, 0) == -1);
}
#endif

BOOST_AUTO_TEST_SUITE_END()
