//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "peers/transport.hpp"

#include "support/raw.hpp"

#include <algorithm>

// A socket pair, written to and read from by hand.

namespace bench::peers {

namespace {

// How much is read at once, and written at once by who writes many messages together.
constexpr std::size_t batch_bytes = 64u << 10;

class socket_client : public client {
public:
    explicit socket_client(meeting& m) : socket_(std::move(m.socket)), back_(m.bytes) {}

    void send(const any_bytes& message) override {
        raw::write_all(socket_, std::as_bytes(std::span(message)));
    }
    glimpse call(const any_bytes& message) override {
        raw::write_all(socket_, std::as_bytes(std::span(message)));
        raw::read_all(socket_, std::as_writable_bytes(std::span(back_)));
        return look_at(back_);
    }

protected:
    const strait::handle& socket() const { return socket_; }

private:
    strait::handle socket_;
    any_bytes back_;
};

class batching_client : public socket_client {
public:
    explicit batching_client(meeting& m) : socket_client(m) {
        batch_.reserve(batch_bytes + m.bytes);
    }

    void send(const any_bytes& message) override {
        batch_.insert(batch_.end(), message.begin(), message.end());
        if (batch_.size() >= batch_bytes) flush();
    }
    void flush() override {
        raw::write_all(socket(), std::as_bytes(std::span(batch_)));
        batch_.clear();
    }

private:
    any_bytes batch_;
};

class socket_server : public server {
public:
    explicit socket_server(meeting& m)
        : socket_(std::move(m.socket)),
          bytes_(m.bytes),
          buffer_(std::max<std::size_t>(m.bytes, batch_bytes)) {}

    glimpse receive() override {
        while (unread_.size() < bytes_) read_more();
        const glimpse seen = look_at(unread_.first(bytes_));
        unread_ = unread_.subspan(bytes_);
        return seen;
    }
    void answer() override {
        const auto message = std::span(buffer_).first(bytes_);
        raw::read_all(socket_, std::as_writable_bytes(message));
        raw::write_all(socket_, std::as_bytes(message));
    }

private:
    void read_more() {
        std::copy(unread_.begin(), unread_.end(), buffer_.begin());
        const auto room = std::span(buffer_).subspan(unread_.size());
        const std::size_t came = raw::read_some(socket_, std::as_writable_bytes(room));
        unread_ = std::span(buffer_).first(unread_.size() + came);
    }

    strait::handle socket_;
    std::size_t bytes_;
    any_bytes buffer_;
    std::span<std::uint8_t> unread_;
};

}  // namespace

transport socket_pair() {
    return {
        .name = "socket pair",
        .is_floor = true,
        .make_client = make_client<socket_client>,
        .make_server = make_server<socket_server>};
}

transport socket_pair_batches() {
    return {
        .name = "socket pair, 64 KiB a write",
        .is_floor = true,
        .round_trip = false,
        .max_bytes = batch_bytes,
        .make_client = make_client<batching_client>,
        .make_server = make_server<socket_server>};
}

}  // namespace bench::peers
