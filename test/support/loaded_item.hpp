//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_SUPPORT_LOADED_ITEM_HPP
#define STRAIT_TEST_SUPPORT_LOADED_ITEM_HPP

#include "support/channels.hpp"

#include <strait.hpp>

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <fcntl.h>

// A message with a number and one kind of everything that messages can bring, for tests that fail
// whatever an operation needs.

namespace strait::test {

struct item {
    std::uint64_t number = 0;
    std::vector<std::uint64_t> data;
    std::optional<sender<std::uint64_t>> out;
    std::optional<receiver<std::uint64_t>> in;
    std::optional<handle> file;
    std::optional<shared_memory> memory;
};

// Large ones take two writes, and leave a socket writable (Linux: while a quarter of its buffer is used).
enum class load { nothing, fragments, block, sender, receiver, handle, memory };
inline constexpr load all_loads[] = {load::nothing, load::fragments, load::block, load::sender,
    load::receiver, load::handle, load::memory};

inline item make_item(std::uint64_t number, load what) {
    item i;
    i.number = number;
    if (what == load::fragments || what == load::block) i.data.assign(4'500, number);
    auto ends = new_channel<std::uint64_t>();
    if (what == load::sender) i.out = std::move(ends.first);
    if (what == load::receiver) {
        ends.first.send(number);
        i.in = std::move(ends.second);
    }
    if (what == load::handle) i.file = strait::handle(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (what == load::memory) i.memory = shared_memory::filled(5000, std::byte{7});
    return i;
}

inline bool is_whole(item& i, load what) {
    switch (what) {
    case load::nothing: return true;
    case load::fragments:
    case load::block: return i.data == std::vector<std::uint64_t>(4'500, i.number);
    case load::sender: return i.out && i.out->is_open();
    case load::receiver: return i.in && i.in->recv() == i.number;
    case load::handle: return i.file && i.file->is_open();
    case load::memory: return i.memory && i.memory->size_bytes() == 5000;
    }
    return false;
}

inline void expect_item(item& got, std::uint64_t number, load what) {
    BOOST_TEST(got.number == number);
    BOOST_TEST(is_whole(got, what));
}

// After a send that succeeded or not: the message is there whole, or nothing of it, and the next one comes.
inline void expect_sent_or_not(sender<item>& tx, receiver<item>& rx, std::uint64_t number,
    load what, bool succeeded) {
    item mark;
    mark.number = ~std::uint64_t(0);
    tx.send(mark);
    item got = rx.recv();
    if (succeeded) {
        expect_item(got, number, what);
        got = rx.recv();
    }
    BOOST_TEST(got.number == mark.number);
    BOOST_TEST(rx.faults() == 0u);
}

// After a receive of the only message of a channel that is closed: it gave the message, or that is still
// to be had or gone, and then there is the end. Whether it was still there.
inline bool expect_received_or_not(
    item& got, receiver<item>& rx, std::uint64_t number, load what, bool succeeded) {
    if (succeeded) expect_item(got, number, what);
    got = item();
    error_code ec;
    item later = rx.recv(ec);
    const bool is_there = !ec;
    if (is_there) {
        BOOST_TEST(!succeeded);
        expect_item(later, number, what);
        rx.recv(ec);
    }
    BOOST_TEST(ec == boost::asio::error::eof, ec.message());
    return is_there;
}

// So that large ones go through the socket, or not.
inline channel_options options_for(load what) {
    return what == load::fragments ? channel_options(in_fragments()) : channel_options();
}

}  // namespace strait::test

#endif
