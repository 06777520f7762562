//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "posix/memory.hpp"
#include "support/child_process.hpp"
#include "support/leak_check.hpp"
#include "support/roles.hpp"

#include <strait.hpp>

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#if defined(__linux__)
#include <sched.h>
#include <sys/mount.h>
#endif
#include <unistd.h>

// A file system for shared memory that is full, as that of a container is soon: the documented error or
// another way, never a signal, and all works once there is room. Memory without a name does not care.

using namespace strait::test;
namespace asio = boost::asio;
using strait::error_code;
using strait::handle;
using strait::make_channel;
using strait::shared_memory;

namespace {

constexpr int cannot_be_tried = 77;
constexpr std::size_t room_bytes = 1u << 20;
constexpr std::size_t region_bytes = 100'000;
constexpr bool is_named = !strait::detail::os::has_seals;

// Gives this process a /dev/shm of its own with little room.
bool have_little_room() {
#if defined(__linux__)
    const int own_users = ::geteuid() == 0 ? 0 : CLONE_NEWUSER;
    const std::string size = "size=" + std::to_string(room_bytes);
    return ::unshare(CLONE_NEWNS | own_users) == 0 &&
           ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("strait", "/dev/shm", "tmpfs", 0, size.c_str()) == 0;
#else
    return false;
#endif
}

// Takes all of that room but so many bytes, until it is destroyed.
class filler {
public:
    explicit filler(std::size_t spare)
        : file_(::open("/dev/shm/filler", O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
        ::unlink("/dev/shm/filler");
        const auto bytes = static_cast<off_t>(room_bytes - spare);
        if (::posix_fallocate(file_.native_handle(), 0, bytes) != 0) file_.close();
    }
    bool is_open() const noexcept { return file_.is_open(); }

private:
    handle file_;
};

bool is_whole(const shared_memory& m, std::size_t number) {
    return std::ranges::all_of(
        m.bytes(), [&](std::byte b) { return b == static_cast<std::byte>(number); });
}

// What `send` sends is received by another thread, so that it may go through the socket. Whether both
// succeeded; what the receiver was told is in `ec`.
template <class T, class Send, class Check>
bool passes_through(Send send, Check is_right, error_code& ec) {
    auto ends = make_channel<T>();
    bool was_right = false;
    std::thread receiving([&was_right, &is_right, &ec, rx = std::move(ends.second)]() mutable {
        rx.deliver_faults(true);
        const T got = rx.recv(ec);
        was_right = !ec && is_right(got);
    });
    error_code sent;
    send(ends.first, sent);
    ends.first.close();
    receiving.join();
    return was_right && !sent;
}

bool passes_text() {
    error_code ec;
    const std::string text(200'000, 't');
    return passes_through<std::string>([&](auto& tx, error_code& sent) { tx.send(text, sent); },
        [&](const std::string& got) { return got == text; }, ec);
}

// A region. Where memory has a name the receiver copies it, for want of seals.
bool passes(const shared_memory& m, std::size_t number, error_code& ec) {
    return passes_through<shared_memory>([&](auto& tx, error_code& sent) { tx.send(m, sent); },
        [&](const shared_memory& got) { return is_whole(got, number); }, ec);
}

// A loan, which is on the heap where there is no room for it elsewhere.
bool passes_loan() {
    using span_type = strait::shared_span<std::uint64_t>;
    constexpr std::size_t length = 50'000;
    const auto send = [](auto& tx, error_code& sent) {
        auto loan = tx.template allocate<std::uint64_t>(length, sent);
        if (sent) return;
        for (std::uint64_t& n : loan) n = 3;
        tx.send(std::move(loan), sent);
    };
    const auto is_right = [](const span_type& got) {
        return got.size() == length && std::ranges::count(got, 3u) == length;
    };
    error_code ec;
    return passes_through<span_type>(send, is_right, ec);
}

#define ROOM_EXPECT(condition)                                          \
    if (!(condition)) {                                                 \
        std::fprintf(stderr, "line %d: %s\n", __LINE__, #condition);    \
        return 1;                                                       \
    }

STRAIT_TEST_ROLE(memory_room_user) {
    if (!have_little_room()) return cannot_be_tried;
    const auto no_room = [](const error_code& ec) {
        return is_named ? ec == asio::error::no_buffer_space : !ec;
    };
    error_code ec;
    {
        // As many as there is room for.
        std::vector<shared_memory> all;
        for (ec = {}; all.size() != 20;) {
            auto made =
                shared_memory::filled(region_bytes, static_cast<std::byte>(all.size()), ec);
            if (ec) break;
            all.push_back(std::move(made));
        }
        ROOM_EXPECT(no_room(ec));
        ROOM_EXPECT(all.size() == (is_named ? room_bytes / region_bytes : 20));
        for (std::size_t i = 0; i != all.size(); ++i) ROOM_EXPECT(is_whole(all[i], i));
        ROOM_EXPECT(passes_text());
        ROOM_EXPECT(passes(all[1], 1, ec) || no_room(ec));
        ROOM_EXPECT(passes_loan());
        for (std::size_t i = 0; i != all.size(); ++i) ROOM_EXPECT(is_whole(all[i], i));
    }
    // From no room to plenty; what is asked for lies at either side of what there is.
    for (std::size_t spare = 0; spare < room_bytes; spare += room_bytes / 32) {
        const filler taken(spare);
        ROOM_EXPECT(taken.is_open());
        const auto made = shared_memory::filled(region_bytes, std::byte{1}, ec);
        ROOM_EXPECT(made.empty() ? no_room(ec) : is_whole(made, 1));
        ROOM_EXPECT(made.empty() || !is_named || spare >= region_bytes);
        ROOM_EXPECT(passes_text());
        ROOM_EXPECT(passes_loan());
    }
    ROOM_EXPECT(!shared_memory::filled(room_bytes / 2, std::byte{1}, ec).empty());
    ROOM_EXPECT(passes(shared_memory::filled(region_bytes, std::byte{1}), 1, ec));
    ROOM_EXPECT(passes_text());
    ROOM_EXPECT(passes_loan());
    return 0;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(memory_room, clean_fixture)

BOOST_AUTO_TEST_CASE(without_room_for_shared_memory_large_values_find_another_way) {
    child_process child("memory_room_user");
    const exit_status status = child.wait();
    if (status == exit_status{cannot_be_tried}) {
        std::cout << "skipped: no mount of its own for this user\n";
        return;
    }
    BOOST_TEST(status == exit_status{0});
}

BOOST_AUTO_TEST_SUITE_END()
