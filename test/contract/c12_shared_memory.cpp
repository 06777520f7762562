//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/raw_link.hpp"
#include "support/context_fixture.hpp"

#include "shm/region.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <thread>
#include <tuple>

#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

// Shared memory that comes from a peer. Messages too large for one write that must not be written in
// parts lie in it: the receiver verifies and copies it, and never maps it. Regions are members of
// messages: the receiver verifies them, and maps what nobody can change any more.

using namespace strait::test;
using strait::error;
using strait::error_code;
using strait::handle;
using strait::receiver;
using strait::sender;
using strait::shared_memory;
using strait::shared_memory_builder;

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

using os::has_seals;
constexpr int all_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;

struct parcel {
    std::string label;
    shared_memory whole;
    std::optional<shared_memory> part;
    std::vector<shared_memory> more;
};

struct parcel_ends {
    std::optional<receiver<parcel>> in;
    std::optional<sender<parcel>> out;
};

std::string text_of(const shared_memory& m) {
    return {reinterpret_cast<const char*>(m.data()), m.size_bytes()};
}

constexpr std::size_t region_bytes = 10'000;

// What a peer may send where a region of region_bytes bytes was announced.
struct lie {
    const char* what;
    handle (*make)();
    bool is_told = true;  // also where nothing can be sealed
};

handle region_like(std::size_t bytes, int seals) {
    handle memory = memory_with(std::string(bytes, 'r'));
    seal(memory, seals);
    return memory;
}

handle opened(const char* path, int flags) { return handle(::open(path, flags | O_CLOEXEC)); }

handle file_in(const char* folder) {
    std::string path = std::string(folder) + "/strait-file-XXXXXX";
    handle file(::mkostemp(path.data(), O_CLOEXEC));
    ::unlink(path.c_str());
    const std::string content(region_bytes, 'f');
    if (::write(file.native_handle(), content.data(), content.size()) < 0) file.close();
    return file;
}

const lie lies[] = {
    {"smaller", [] { return region_like(region_bytes - 1, all_seals); }},
    {"larger", [] { return region_like(region_bytes + 1, all_seals); }},
    {"not sealed", [] { return memory_with(std::string(region_bytes, 'r')); }, false},
    {"it can shrink", [] { return region_like(region_bytes, all_seals & ~F_SEAL_SHRINK); }, false},
    {"it can grow", [] { return region_like(region_bytes, all_seals & ~F_SEAL_GROW); }, false},
    {"it can be written", [] { return region_like(region_bytes, all_seals & ~F_SEAL_WRITE); },
        false},
    {"no seal on the seals", [] { return region_like(region_bytes, all_seals & ~F_SEAL_SEAL); },
        false},
    {"still written through a mapping",
        [] {
            handle memory = memory_with(std::string(region_bytes, 'r'));
            void* at = ::mmap(nullptr, region_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                memory.native_handle(), 0);
            seal(memory, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL);
            ::munmap(at, region_bytes);
            return memory;
        },
        false},
    {"not there yet",
        [] {
            handle memory(::memfd_create("strait-test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
            BOOST_REQUIRE_EQUAL(::ftruncate(memory.native_handle(), region_bytes), 0);
            seal(memory, all_seals);
            return memory;
        },
        false},
    {"memory that cannot be read",
        [] {
            const handle memory = region_like(region_bytes, all_seals & ~F_SEAL_WRITE);
            const auto path = "/proc/self/fd/" + std::to_string(memory.native_handle());
            handle writing = opened(path.c_str(), O_WRONLY);
            return writing;
        }},
    {"a mere place",
        [] {
            const handle memory = region_like(region_bytes, all_seals);
            const auto path = "/proc/self/fd/" + std::to_string(memory.native_handle());
            return opened(path.c_str(), O_PATH);
        }},
    {"a file", [] { return file_in("/tmp"); }, false},
    {"a file in memory", [] { return file_in("/dev/shm"); }, false},
    {"a pipe", [] { return make_pipe().read; }},
    {"a named pipe",
        [] {
            char folder[] = "/tmp/strait-fifo-XXXXXX";
            BOOST_REQUIRE(::mkdtemp(folder) != nullptr);
            const std::string path = std::string(folder) + "/it";
            BOOST_REQUIRE_EQUAL(::mkfifo(path.c_str(), 0600), 0);
            handle fifo = opened(path.c_str(), O_RDWR);
            ::unlink(path.c_str());
            ::rmdir(folder);
            return fifo;
        }},
    {"a folder", [] { return opened("/dev", O_RDONLY | O_DIRECTORY); }},
    {"a device", [] { return opened("/dev/zero", O_RDWR); }},
    {"a socket", [] { return handle(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }},
};

std::size_t lies_told() {
    return static_cast<std::size_t>(std::ranges::count_if(
        lies, [](const lie& l) { return l.is_told || has_seals; }));
}

// The bytes of a message that is a region of region_bytes bytes.
std::string region_message() {
    return record(shared_memory::filled(region_bytes, std::byte{'r'})).bytes;
}

using memory_channel = contested_channel<shared_memory>;

void expect_honest(memory_channel& c) {
    c.honest.send(shared_memory::copy_of(std::string_view("honest")));
    error_code ec;
    while (text_of(c.rx.recv(ec)) != "honest") BOOST_TEST_REQUIRE(!ec, ec.message());
}

// Whether `bytes` with these handles are refused, and cost nothing else.
bool is_refused(const std::string& bytes, const std::vector<const handle*>& handles) {
    memory_channel c;
    BOOST_TEST(c.raw.write(bytes, handles));
    expect_honest(c);
    const recording next = record(shared_memory::copy_of(std::string_view("next")));
    BOOST_TEST(c.raw.write(next.bytes, next.lent()));
    BOOST_TEST(text_of(c.rx.recv()) == "next");
    return c.rx.faults() == 1;
}

// Sends back what comes, twice.
STRAIT_TEST_ROLE(c12_sends_back) {
    auto start = from_parent<parcel_ends>();
    parcel_ends e = start.recv();
    error_code ec;
    for (parcel p = e.in->recv(ec); !ec; p = e.in->recv(ec)) {
        parcel again = p;
        e.out->send(std::move(p));
        e.out->send(std::move(again));
    }
    return 0;
}

// Tries to change what it was sent, and sends it back with what it was able to do.
STRAIT_TEST_ROLE(c12_tries_to_change) {
    auto start = from_parent<parcel_ends>();
    parcel_ends e = start.recv();
    parcel p = e.in->recv();
    const recording r = record(p.whole);
    const int native = r.handles.front().native_handle();
    auto* const at = const_cast<std::byte*>(p.whole.data());
    if (::ftruncate(native, 1) == 0) p.label += " shrink";
    if (::ftruncate(native, 1 << 20) == 0) p.label += " grow";
    if (::pwrite(native, "x", 1, 0) == 1) p.label += " write";
    if (::mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_SHARED, native, 0) != MAP_FAILED)
        p.label += " map";
    // A page of one's own may be written, and nobody else sees it.
    if (::mprotect(at, 1, PROT_READ | PROT_WRITE) == 0) std::memset(at, 'x', 1);
    e.out->send(std::move(p));
    return 0;
}

struct stream_of {
    handle stream;
};

// Tells all the lies, and a truth about memory that it shrinks afterwards.
STRAIT_TEST_ROLE(c12_lies) {
    auto start = from_parent<stream_of>();
    raw_link link(std::move(start.recv().stream));
    const std::string message = region_message();
    const handle shrinking = memory_with(std::string(region_bytes, 'r'));
    link.write(message, {&shrinking});
    for (const lie& l : lies) {
        const handle h = l.make();
        link.write(message, {&h});
    }
    return ::ftruncate(shrinking.native_handle(), 0);
}

// Holds memory in all its states, and more in messages.
STRAIT_TEST_ROLE(c12_holds_memory) {
    auto start = from_parent<parcel_ends>();
    parcel_ends e = start.recv();
    shared_memory_builder building(region_bytes);
    const shared_memory whole = shared_memory::filled(region_bytes, std::byte{'w'});
    auto taken = shared_memory(whole).take();
    auto [tx, rx] = new_channel<parcel>();
    tx.send(parcel{"unread", whole, {}, {}});
    e.out->send(parcel{"held", whole, {}, {}});
    for (;;) ::pause();
}

// What becomes of regions where all memory for them is 1 MiB. 77: that cannot be arranged here.
STRAIT_TEST_ROLE(c12_has_a_full_folder) {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=1m") != 0)
        return 77;
    constexpr std::size_t much = 600u << 10;
    auto [tx, rx] = new_channel<shared_memory>();
    const shared_memory first = shared_memory::filled(much, std::byte{'f'});
    const auto is_full = [](const error_code& ec) { return ec == asio::error::no_buffer_space; };
    error_code ec;
    if (!shared_memory::filled(much, std::byte{'s'}, ec).empty() || !is_full(ec)) return 1;
    if (!shared_memory::copy_of(std::string(much, 'c'), ec).empty() || !is_full(ec)) return 2;
    if (!shared_memory_builder(much, ec).empty() || !is_full(ec)) return 3;
    tx.send(first);
    rx.deliver_faults(true);
    if (!rx.recv(ec).empty() || !is_full(ec)) return 4;
    return shared_memory::filled(100u << 10, std::byte{'l'}, ec).empty() ? 5 : 0;
}

std::set<std::string> names_of_memory() {
    std::set<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm"))
        all.insert(entry.path().string());
    return all;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(c12_shared_memory, context_fixture)

BOOST_AUTO_TEST_CASE(memory_as_it_should_be_is_received) {
    const std::string text = pattern(1, 1000);
    const std::string body = body_of(text);
    text_channel c;
    const handle memory = memory_with(body);
    seal(memory, all_seals);
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
                                       std::move(theirs), first_identity<std::string>(in_fragments()), {}, {}),
        {});
    BOOST_TEST(tx.try_send(std::string(100'000, 'm')));
    std::vector<std::byte> room(64u << 10);
    std::vector<os::handle_batch> batches;
    os::recv_some(ours, room, batches, false);
    BOOST_TEST_REQUIRE(batches.size() == 1u);
    BOOST_TEST_REQUIRE(batches.front().handles.size() == 1u);
    const int memory = batches.front().handles.front().native_handle();
    BOOST_TEST((::fcntl(memory, F_GET_SEALS) & all_seals) == all_seals);
    BOOST_TEST(::ftruncate(memory, 1) == -1);
    BOOST_TEST(::pwrite(memory, "x", 1, 0) == -1);
}
#endif

// ipc-channel: shared_memory, shared_memory_object_equality.
BOOST_AUTO_TEST_CASE(
    a_region_has_the_same_bytes_in_another_process_and_on_its_way_back, *over_links()) {
    auto [tx, their_rx] = new_channel<parcel>();
    auto [their_tx, rx] = new_channel<parcel>();
    peer<parcel_ends> child("c12_sends_back");
    child.start({std::move(their_rx), std::move(their_tx)});
    const std::string text = pattern(12, 1u << 20);
    const shared_memory whole = shared_memory::copy_of(text);
    const parcel sent{"label", whole, whole.slice(1000, 3), {whole, shared_memory(), whole}};
    tx.send(sent);
    for (int i = 0; i != 2; ++i) {
        const parcel got = rx.recv();
        BOOST_TEST(got.label == "label");
        BOOST_TEST((got.whole == whole));
        BOOST_TEST_REQUIRE(got.part.has_value());
        BOOST_TEST((*got.part == whole.slice(1000, 3)));
        BOOST_TEST_REQUIRE(got.more.size() == 3u);
        BOOST_TEST((got.more[0] == whole));
        BOOST_TEST(got.more[1].empty());
        BOOST_TEST(got.more[2].data() == got.whole.data());  // one mapping for all of them
        BOOST_TEST(got.part->data() == got.whole.data() + 1000);
    }
    tx.close();
    BOOST_TEST(child.process().wait() == exit_status{0});
}

BOOST_AUTO_TEST_CASE(a_region_cannot_be_changed_by_the_process_that_gets_it, *over_links()) {
    auto [tx, their_rx] = new_channel<parcel>();
    auto [their_tx, rx] = new_channel<parcel>();
    peer<parcel_ends> child("c12_tries_to_change");
    child.start({std::move(their_rx), std::move(their_tx)});
    shared_memory_builder builder(region_bytes);
    std::memset(builder.data(), 'b', region_bytes);
    const shared_memory whole = std::move(builder).freeze();
    tx.send(parcel{"able to:", whole, {}, {}});
    const parcel got = rx.recv();
    // Without seals it has a copy, and that is its own to change.
    if (has_seals) BOOST_TEST(got.label == "able to:");
    BOOST_TEST(text_of(whole) == std::string(region_bytes, 'b'));
    if (has_seals) BOOST_TEST((got.whole == whole));
    BOOST_TEST(child.process().wait() == exit_status{0});
}

BOOST_AUTO_TEST_CASE(a_region_outlives_the_process_that_made_it_and_leaves_no_name, *over_links()) {
    const auto names = names_of_memory();
    auto [their_tx, rx] = new_channel<parcel>();
    peer<parcel_ends> child("c12_holds_memory");
    child.start({std::nullopt, std::move(their_tx)});
    const parcel got = rx.recv();
    BOOST_TEST((names_of_memory() == names));
    child.process().kill(SIGKILL);
    child.process().wait();
    expect_end(rx);
    BOOST_TEST(text_of(got.whole) == std::string(region_bytes, 'w'));
    BOOST_TEST((names_of_memory() == names));
}

// ipc-channel D14 maps whatever a peer names, and D28 lets it shrink under the mapping.
BOOST_AUTO_TEST_CASE(what_is_no_region_costs_its_message_only) {
    const std::string message = region_message();
    for (const lie& l : lies) {
        if (!l.is_told && !has_seals) continue;
        BOOST_TEST_CONTEXT(l.what) {
            const handle h = l.make();
            BOOST_TEST_REQUIRE(h.is_open());
            BOOST_TEST(is_refused(message, {&h}));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_process_that_lies_about_regions_harms_nobody) {
    memory_channel c;
    peer<stream_of> child("c12_lies");
    child.start({c.raw.stream().duplicate()});
    c.raw.close();
    BOOST_TEST(child.process().wait() == exit_status{0});
    expect_honest(c);
    BOOST_TEST(c.rx.faults() == 1 + lies_told());
}

BOOST_AUTO_TEST_CASE(a_message_that_misuses_a_region_costs_itself_only) {
    const std::string right = region_message();
    const handle memory = region_like(region_bytes, all_seals);
    // The value: bytes, offset, index. Then the entry: kind, flags, name, handles, bytes.
    constexpr std::size_t value = wire::header_bytes;
    struct change {
        const char* what;
        std::size_t at;
        std::uint8_t to;
    };
    for (const change& x : {change{"a part that begins too late", value + 8, 1},
             change{"a part that begins beyond all memory", value + 15, 0xff},
             change{"a part that is too long", value + 1, 0xff},
             change{"an attachment that is not there", value + 16, 1},
             change{"one of another kind", value + 20, 1},
             change{"a region without a handle", value + 24, 0},
             change{"a region of more bytes than can be", value + 35, 0xff},
             change{"a region that is not used", value, 0}}) {
        BOOST_TEST_CONTEXT(x.what) {
            std::string bytes = right;
            bytes[x.at] = static_cast<char>(x.to);
            if (x.at == value) std::memset(bytes.data() + value, 0, 8);
            BOOST_TEST(is_refused(bytes, {&memory}));
        }
    }
    memory_channel c;
    BOOST_TEST(c.raw.write(right, {&memory}));
    BOOST_TEST(c.rx.recv().size_bytes() == region_bytes);
}

BOOST_AUTO_TEST_CASE(memory_that_a_peer_can_still_change_is_not_what_is_received) {
    memory_channel c;
    const handle memory = memory_with(std::string(region_bytes, 'r'));
    void* at = ::mmap(nullptr, region_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
        memory.native_handle(), 0);
    BOOST_REQUIRE(at != MAP_FAILED);
    BOOST_TEST(c.raw.write(region_message(), {&memory}));
    error_code ec;
    c.rx.deliver_faults(true);
    const shared_memory got = c.rx.recv(ec);
    if (has_seals) {
        BOOST_TEST(ec == make_error_code(error::bad_attachment), ec.message());
    } else {
        std::memset(at, 'x', region_bytes);
        BOOST_TEST(::ftruncate(memory.native_handle(), 0) == 0);
        BOOST_TEST(text_of(got) == std::string(region_bytes, 'r'));
    }
    ::munmap(at, region_bytes);
}

BOOST_AUTO_TEST_CASE(a_region_costs_one_handle_however_often_it_is_in_a_message) {
    const shared_memory whole = shared_memory::filled(region_bytes, std::byte{'w'});
    std::vector<shared_memory> many(300, whole);
    for (std::size_t i = 0; i != 300; ++i) many.push_back(whole.slice(i, 10));
    BOOST_TEST(record(many).handles.size() == 1u);
    many.push_back(shared_memory::filled(1, std::byte{'o'}));
    BOOST_TEST(record(many).handles.size() == 2u);
    BOOST_TEST(record(std::vector<shared_memory>(10)).handles.empty());
}

BOOST_AUTO_TEST_CASE(regions_count_as_handles_of_a_message) {
    strait::limits bounds;
    bounds.max_handles_per_message = 3;
    auto [tx, rx] = new_channel<std::vector<shared_memory>>(strait::channel_options{bounds});
    std::vector<shared_memory> few;
    for (char c : {'a', 'b', 'c'}) few.push_back(shared_memory::filled(10, std::byte(c)));
    std::vector<shared_memory> many = few;
    many.push_back(shared_memory::filled(10, std::byte{'d'}));
    error_code ec;
    tx.send(many, ec);
    BOOST_TEST(ec == make_error_code(error::too_many_handles), ec.message());
    tx.send(few, ec);
    BOOST_TEST(!ec, ec.message());
    BOOST_TEST((rx.recv() == few));
}

BOOST_AUTO_TEST_CASE(regions_dropped_unread_or_half_decoded_are_let_go) {
    const resources before = resources::held();
    {
        auto [tx, rx] = new_channel<parcel>();
        const shared_memory whole = shared_memory::filled(region_bytes, std::byte{'w'});
        for (int i = 0; i != 10; ++i)
            tx.send(parcel{"unread", whole, {}, {shared_memory::filled(5, std::byte{'m'})}});
        rx.recv();  // reads the others ahead
    }
    BOOST_TEST(difference(before, resources::held()) == "");
    {
        // The first region of the message is good, the other one is not.
        using two = std::vector<shared_memory>;
        contested_channel<two> c;
        const recording r =
            record(two{shared_memory::filled(5, std::byte{'g'}), shared_memory::filled(7, {})});
        c.raw.write(r.bytes, {&r.handles[0], &r.handles[0]});
        c.honest.send(two{});
        BOOST_TEST(c.rx.recv().empty());
        BOOST_TEST(c.rx.faults() == 1u);
    }
    BOOST_TEST(difference(before, resources::held()) == "");
}

BOOST_AUTO_TEST_CASE(a_region_travels_with_a_message_that_lies_in_memory_itself) {
    auto [tx, rx] = new_channel<parcel>();
    const std::string label(100'000, 'l');
    const shared_memory whole = shared_memory::copy_of(std::string_view("whole"));
    BOOST_TEST(tx.try_send(parcel{label, whole, whole.slice(1, 2), {}}));
    const parcel got = rx.recv();
    BOOST_TEST(got.label == label);
    BOOST_TEST(text_of(got.whole) == "whole");
    BOOST_TEST(text_of(got.part.value()) == "ho");
}

BOOST_AUTO_TEST_CASE(a_region_waits_unread_in_a_receiver_that_is_sent_away) {
    auto [tx, rx] = new_channel<parcel>();
    auto [carrier, carried] = new_channel<parcel_ends>();
    for (int i = 0; i != 3; ++i)
        tx.send(parcel{"", shared_memory::filled(100, std::byte(i + 1)), {}, {}});
    rx.recv();
    parcel_ends ends;
    ends.in = std::move(rx);
    carrier.send(std::move(ends));
    parcel_ends got = carried.recv();
    BOOST_TEST((got.in->recv().whole == shared_memory::filled(100, std::byte{2})));
    BOOST_TEST((got.in->recv().whole == shared_memory::filled(100, std::byte{3})));
}

BOOST_AUTO_TEST_CASE(a_full_folder_of_memory_is_an_error_and_not_a_signal, *over_links()) {
    if (has_seals) return;  // memory lies in no folder then
    child_process child("c12_has_a_full_folder");
    const exit_status status = child.wait();
    if (status == exit_status{77}) return;
    BOOST_TEST(status == exit_status{0});
}

BOOST_AUTO_TEST_CASE(what_is_copied_on_arrival_is_bounded) {
    if (has_seals) return;
    strait::limits bounds;
    bounds.max_inbox_bytes = region_bytes;
    const handle memory = region_like(region_bytes, 0);
    const recording r = record(std::vector<shared_memory>{
        shared_memory::filled(region_bytes, std::byte{'a'}), shared_memory::filled(1, {})});
    contested_channel<std::vector<shared_memory>> c(bounds);
    c.raw.write(r.bytes, r.lent());
    error_code ec;
    c.honest.send({shared_memory::filled(region_bytes + 1, std::byte{'c'})}, ec);
    BOOST_TEST(ec == make_error_code(error::message_too_large), ec.message());
    c.honest.send({shared_memory::filled(region_bytes, std::byte{'c'})});
    BOOST_TEST(c.rx.recv().size() == 1u);
    BOOST_TEST(c.rx.faults() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
