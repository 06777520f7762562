//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_CONTRACT_VALUES_HPP
#define STRAIT_TEST_CONTRACT_VALUES_HPP

#include "support/channels.hpp"

#include <strait.hpp>

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

// What the contract tests send, and small things that many of them do.

namespace strait {

// For messages of BOOST_TEST.
inline std::ostream& operator<<(std::ostream& out, error e) {
    return out << make_error_code(e).message();
}
inline std::ostream& operator<<(std::ostream& out, handle_kind k) {
    return out << "handle kind " << static_cast<int>(k);
}

}  // namespace strait

namespace strait::test {

namespace asio = boost::asio;

struct note {
    std::uint64_t number = 0;
    std::string text;
};

// A note of some 1000 encoded bytes: a few hundred fill a channel.
inline note page(std::uint64_t number) { return {number, std::string(1000, 'p')}; }

// Text that a torn or mixed message would not match.
inline std::string pattern(std::uint64_t seed, std::size_t bytes) {
    std::string text(bytes, '\0');
    std::uint64_t x = seed * 2 + 1;
    for (std::size_t at = 0; at < bytes; at += sizeof(x)) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        std::memcpy(text.data() + at, &x, std::min(sizeof(x), bytes - at));
    }
    return text;
}

// Values that hold ends or handles.
struct with_sender {
    sender<note> end;
};
struct with_receiver {
    receiver<note> end;
};
struct with_handle {
    handle one;
};

struct pipe_ends {
    handle read;
    handle write;
};

inline pipe_ends make_pipe() {
    int fds[2];
    BOOST_REQUIRE_EQUAL(::pipe2(fds, O_CLOEXEC), 0);
    return {handle(fds[0]), handle(fds[1])};
}

// Whether nobody holds the writing end any more. The reading end must be empty.
inline bool is_at_end(const handle& reading) {
    const int flags = ::fcntl(reading.native_handle(), F_GETFL);
    ::fcntl(reading.native_handle(), F_SETFL, flags | O_NONBLOCK);
    char c;
    return ::read(reading.native_handle(), &c, 1) == 0;
}

// Sends pages, numbered from `first`, until the channel is full. Returns the next number.
inline std::uint64_t fill(sender<note>& tx, std::uint64_t first = 0) {
    error_code ec;
    for (;; ++first) {
        tx.try_send(page(first), ec);
        if (ec == asio::error::would_block) return first;
        BOOST_REQUIRE_MESSAGE(!ec, ec.message());
    }
}

// Receives the notes numbered from `first` to `last`, the latter not included.
inline void expect_notes(receiver<note>& rx, std::uint64_t first, std::uint64_t last) {
    for (; first != last; ++first) {
        error_code ec;
        const note n = rx.recv(ec);
        BOOST_REQUIRE_MESSAGE(!ec, ec.message());
        BOOST_REQUIRE_EQUAL(n.number, first);
    }
}

// Enough to read whatever lies in a channel, not knowing how much that is.
inline std::uint64_t drain(receiver<note>& rx) {
    std::uint64_t count = 0;
    while (rx.try_recv()) ++count;
    return count;
}

template <class T>
void expect_end(receiver<T>& rx) {
    error_code ec;
    rx.recv(ec);
    BOOST_TEST(ec == asio::error::eof, ec.message());
}

}  // namespace strait::test

#endif
