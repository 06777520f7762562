//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "fuzz/parcel.hpp"

#include "fuzz/require.hpp"

#include <strait/channel.hpp>

#include <cstdint>

namespace strait::fuzz {

namespace {

void receive_some(receiver<number>& rx) {
    error_code ec;
    for (int i = 0; i != 20 && ec != boost::asio::error::would_block; ++i) {
        rx.try_recv(ec);
        if (strait::is_fatal(ec) || ec == boost::asio::error::eof) break;
    }
}

template <class Bytes>
std::uint64_t sum(const Bytes& bytes) {
    std::uint64_t total = 0;
    for (const std::byte b : bytes) total += static_cast<std::uint64_t>(b);
    return total;
}

}  // namespace

void use(parcel& p) {
    error_code ec;
    for (auto& rx : p.receivers) {
        // On to another place, with everything that is unread.
        auto [tx, carried] = make_channel<receiver<number>>();
        tx.try_send(rx, ec);
        if (!ec) {
            receiver<number> arrived = carried.try_recv(ec);
            if (!ec) rx = std::move(arrived);
        }
        receive_some(rx);
    }
    for (auto& tx : p.senders) {
        for (number n = 0; n != 3; ++n) tx.try_send(n, ec);
        const sender<number> copy = tx;
    }
    for (const handle& h : p.handles) STRAIT_FUZZ_REQUIRE(h.is_open());
    // What is seen can be read, and neither shrinks nor is missing.
    const std::uint64_t most = 255u * (p.memory.size_bytes() + p.part.size_bytes());
    STRAIT_FUZZ_REQUIRE(sum(p.memory.bytes()) + sum(p.part.span()) <= most);
}

}  // namespace strait::fuzz
