//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/link_sender.hpp"
#include "wire/link_reader.hpp"

#include <strait.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <limits>
#include <string>
#include <vector>

#include <dlfcn.h>
#include <sys/socket.h>
#include <sys/uio.h>

// A system that takes writes in part, which Linux does not do with those of strait: the library's
// send and sendmsg are these, which take only as many bytes as they are allowed.

namespace {

constexpr std::size_t without_limit = std::numeric_limits<std::size_t>::max();
std::atomic<std::size_t> allowed_bytes{without_limit};

// `write_first` takes how many bytes it may write at most.
template <class Call>
ssize_t with_limit(Call write_first) {
    const std::size_t left = allowed_bytes;
    if (left == without_limit) return write_first(left);
    if (left == 0) {
        errno = EAGAIN;
        return -1;
    }
    const ssize_t taken = write_first(left);
    if (taken > 0) allowed_bytes -= static_cast<std::size_t>(taken);
    return taken;
}

}  // namespace

extern "C" ssize_t send(int fd, const void* from, size_t bytes, int flags) {
    using function = ssize_t (*)(int, const void*, size_t, int);
    static const auto real = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "send"));
    return with_limit([&](std::size_t most) {
        return real(fd, from, std::min(bytes, most), flags);
    });
}

extern "C" ssize_t sendmsg(int fd, const msghdr* message, int flags) {
    using function = ssize_t (*)(int, const msghdr*, int);
    static const auto real = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "sendmsg"));
    return with_limit([&](std::size_t most) {
        msghdr part = *message;
        std::array<iovec, strait::detail::os::max_pieces> pieces;  // no allocation in a system call
        std::size_t n = 0;
        for (; n != message->msg_iovlen && most != 0; ++n) {
            pieces[n] = message->msg_iov[n];
            pieces[n].iov_len = std::min(pieces[n].iov_len, most);
            most -= pieces[n].iov_len;
        }
        part.msg_iov = pieces.data();
        part.msg_iovlen = n;
        return real(fd, &part, flags);
    });
}

namespace {

using namespace strait;
namespace asio = boost::asio;
namespace os = strait::detail::os;
namespace wire = strait::detail::wire;

struct fixture {
    fixture() {
        error_code ec;
        auto ends = os::connected_pair(ec);
        BOOST_REQUIRE(!ec);
        receiving = std::move(ends.first);
        detail::channel_identity identity;
        identity.bounds.max_pool_bytes = 0;  // what does not fit one write goes in several
        identity.fingerprint = detail::identity_of<std::string>().fingerprint;
        tx = sender<std::string>(
            detail::link_sender::make(
                std::move(ends.second), identity, {}, context.get_executor()),
            context.get_executor());
    }
    ~fixture() { allowed_bytes = without_limit; }

    // Sizes of the messages that are whole by now.
    std::vector<std::size_t> received() {
        std::vector<std::size_t> sizes;
        std::vector<os::handle_batch> batches;
        for (;;) {
            const os::io_result io =
                os::recv_some(receiving, reader.prepare(chunks), batches, false);
            if (io.ec || io.bytes == 0) return sizes;
            reader.commit(io.bytes, batches, os::now_ns());
            detail::incoming_message m;
            os::handle_batch adopted;
            using event = wire::link_reader::event;
            for (event e; (e = reader.next({}, m, adopted)) != event::none;) {
                BOOST_REQUIRE(e != event::broken);
                if (e == event::message) sizes.push_back(m.body.size() - 4);
            }
        }
    }

    // Not until nothing is ready: a socket whose bytes are not allowed stays writable.
    void turn() {
        for (int i = 0; i != 5; ++i) {
            context.poll_one();
            context.restart();
        }
    }

    asio::io_context context;
    handle receiving;
    sender<std::string> tx;
    wire::chunk_cache chunks;
    wire::link_reader reader;
};

using sizes = std::vector<std::size_t>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(short_writes, fixture)

BOOST_AUTO_TEST_CASE(a_send_completes_when_the_system_has_the_last_byte) {
    allowed_bytes = 1000;
    error_code told = asio::error::in_progress;
    tx.async_send(std::string(5000, 's'), [&](error_code ec) { told = ec; });
    turn();
    BOOST_TEST(told == asio::error::in_progress);
    BOOST_TEST(received().empty());
    allowed_bytes = 2000;
    turn();
    BOOST_TEST(told == asio::error::in_progress);
    allowed_bytes = without_limit;
    turn();
    BOOST_TEST(!told);
    BOOST_TEST((received() == sizes{5000}));
}

BOOST_AUTO_TEST_CASE(a_cancelled_send_that_was_taken_in_part_is_received_whole) {
    allowed_bytes = 1000;
    asio::cancellation_signal signal;
    error_code told = asio::error::in_progress;
    tx.async_send(std::string(5000, 's'),
        asio::bind_cancellation_slot(signal.slot(), [&](error_code ec) { told = ec; }));
    signal.emit(asio::cancellation_type::total);
    turn();
    BOOST_TEST(!told);
    allowed_bytes = without_limit;
    turn();
    BOOST_TEST((received() == sizes{5000}));
    tx.send(std::string(10, 's'));
    BOOST_TEST((received() == sizes{10}));
}

BOOST_AUTO_TEST_CASE(a_send_cancelled_between_its_writes_is_withdrawn_behind_the_rest) {
    allowed_bytes = 1000;
    asio::cancellation_signal signal;
    error_code told = asio::error::in_progress;
    tx.async_send(std::string(100'000, 's'),
        asio::bind_cancellation_slot(signal.slot(), [&](error_code ec) { told = ec; }));
    signal.emit(asio::cancellation_type::total);
    turn();
    BOOST_TEST(told == asio::error::operation_aborted);
    allowed_bytes = without_limit;
    tx.send(std::string(10, 's'));
    BOOST_TEST((received() == sizes{10}));
}

BOOST_AUTO_TEST_CASE(a_try_send_that_was_taken_in_part_is_received_whole_when_the_sender_closes) {
    allowed_bytes = 1000;
    error_code ec;
    tx.try_send(std::string(5000, 's'), ec);
    BOOST_TEST(!ec, ec.message());
    BOOST_TEST(received().empty());
    allowed_bytes = without_limit;
    tx.close();
    BOOST_TEST((received() == sizes{5000}));
}

BOOST_AUTO_TEST_SUITE_END()
