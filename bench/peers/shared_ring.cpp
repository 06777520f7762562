//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "peers/ring.hpp"
#include "peers/transport.hpp"
#include "support/raw.hpp"

#include <unistd.h>
#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

// Rings in shared memory, written by hand: what a hand-over from process to process costs alone,
// and with the message copied into the shared block and a new vector made of it.

namespace bench::peers {

namespace {

// Nothing but what will be looked at goes through the ring.
struct only_hand_over {
    static std::size_t bytes_of_block(std::size_t) { return sizeof(glimpse); }
    static glimpse what_to_put(const any_bytes& message) { return look_at(message); }

    static void put(ring& to, const glimpse& seen) {
        std::memcpy(to.free_block(), &seen, sizeof(seen));
        to.hand_over();
    }
    static glimpse take(ring& from, std::size_t) {
        glimpse seen;
        std::memcpy(&seen, from.next_block(), sizeof(seen));
        from.give_back();
        return seen;
    }
    static glimpse look(const glimpse& seen) { return seen; }
};

// The message is copied into the block, and out of it into a new vector.
struct copy_both_sides {
    static std::size_t bytes_of_block(std::size_t bytes) { return bytes; }
    static const any_bytes& what_to_put(const any_bytes& message) { return message; }

    static void put(ring& to, const any_bytes& message) {
        std::memcpy(to.free_block(), message.data(), message.size());
        to.hand_over();
    }
    static any_bytes take(ring& from, std::size_t bytes) {
        const auto* block = reinterpret_cast<const std::uint8_t*>(from.next_block());
        any_bytes message(block, block + bytes);
        from.give_back();
        return message;
    }
    static glimpse look(const any_bytes& message) { return look_at(message); }
};

// 2 to 64 blocks, of up to 4 MiB together.
std::size_t blocks_for(std::size_t bytes) {
    return std::clamp<std::size_t>((4u << 20) / bytes, 2, 64);
}

template <class Way>
class ring_client : public client {
public:
    explicit ring_client(meeting& m)
        : bytes_(m.bytes),
          there_(blocks_for(bytes_), Way::bytes_of_block(bytes_)),
          back_(blocks_for(bytes_), Way::bytes_of_block(bytes_)) {
        const std::array memories{
            strait::handle(::dup(there_.memory().native_handle())),
            strait::handle(::dup(back_.memory().native_handle()))};
        const std::byte mark{1};
        raw::send_with(m.socket, {&mark, 1}, memories);
    }

    void send(const any_bytes& message) override { Way::put(there_, Way::what_to_put(message)); }
    glimpse call(const any_bytes& message) override {
        send(message);
        return Way::look(Way::take(back_, bytes_));
    }

private:
    std::size_t bytes_;
    ring there_;
    ring back_;
};

template <class Way>
class ring_server : public server {
public:
    explicit ring_server(meeting& m) : bytes_(m.bytes), socket_(std::move(m.socket)) {}

    void meet() override {
        std::byte mark{};
        const auto memories = raw::recv_with(socket_, {&mark, 1});
        const std::size_t bytes_of_block = Way::bytes_of_block(bytes_);
        there_.emplace(memories.at(0), blocks_for(bytes_), bytes_of_block);
        back_.emplace(memories.at(1), blocks_for(bytes_), bytes_of_block);
    }
    glimpse receive() override { return Way::look(Way::take(*there_, bytes_)); }
    void answer() override { Way::put(*back_, Way::take(*there_, bytes_)); }

private:
    std::size_t bytes_;
    strait::handle socket_;
    std::optional<ring> there_;
    std::optional<ring> back_;
};

}  // namespace

transport futex() {
    return {
        .name = "futex, nothing copied",
        .is_floor = true,
        .make_client = make_client<ring_client<only_hand_over>>,
        .make_server = make_server<ring_server<only_hand_over>>};
}

transport shared_block() {
    return {
        .name = "shared blocks, copied in and out",
        .is_floor = true,
        .make_client = make_client<ring_client<copy_both_sides>>,
        .make_server = make_server<ring_server<copy_both_sides>>};
}

}  // namespace bench::peers
