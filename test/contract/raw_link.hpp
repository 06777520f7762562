//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_CONTRACT_RAW_LINK_HPP
#define STRAIT_TEST_CONTRACT_RAW_LINK_HPP

#include "contract/two_processes.hpp"
#include "wire/frame.hpp"

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A producer that keeps to no rule: it writes any bytes and any handles to its link.

namespace strait::test {

namespace wire = strait::detail::wire;

inline std::pair<handle, handle> connected_streams() {
    error_code ec;
    auto ends = os::connected_pair(ec);
    BOOST_REQUIRE(!ec);
    return ends;
}

class raw_link {
public:
    explicit raw_link(handle stream) : stream_(std::move(stream)) {}

    const handle& stream() const noexcept { return stream_; }
    void close() noexcept { stream_.close(); }

    // Waits while the socket is full. False when the other side is gone.
    bool write(std::string_view bytes, const std::vector<const handle*>& handles = {}) {
        std::size_t done = 0;
        while (done != bytes.size()) {
            const detail::piece whole{
                reinterpret_cast<const std::byte*>(bytes.data()) + done, bytes.size() - done};
            const os::io_result io =
                os::send_some(stream_, {&whole, 1}, done == 0 ? handles : nothing_);
            if (io.ec == asio::error::would_block) {
                os::wait_stream(stream_, os::wait_for::write, {}, -1);
                continue;
            }
            if (io.ec) return false;
            done += io.bytes;
        }
        return true;
    }

    bool write(const wire::frame_header& h, std::string_view payload = {},
        const std::vector<const handle*>& handles = {}) {
        return write(frame(h, payload), handles);
    }

    static std::string frame(const wire::frame_header& h, std::string_view payload = {}) {
        std::string bytes(wire::header_bytes, '\0');
        wire::store_header(h, reinterpret_cast<std::byte*>(bytes.data()));
        return bytes.append(payload);
    }

    // Reads what the receiver has said, as whoever uses blocks must.
    void hear() const {
        std::byte said[4096];
        std::vector<os::handle_batch> nothing;
        while (os::recv_some(stream_, said, nothing, false).bytes == sizeof(said)) {}
    }

    // Whether the receiver has closed its side. Reads what it has said.
    bool is_closed() const {
        std::byte said[4096];
        std::vector<os::handle_batch> nothing;
        os::io_result io;
        do io = os::recv_some(stream_, said, nothing, false);
        while (io.bytes != 0);
        return io.ec != asio::error::would_block;
    }

    // The same, which a link does not survive.
    bool is_ended() const {
        const std::byte word{};
        const detail::piece one{&word, 1};
        return os::send_some(stream_, {&one, 1}, {}).ec == asio::error::broken_pipe;
    }

private:
    handle stream_;
    std::vector<const handle*> nothing_;
};

// A reference to bytes that lie in a block.
inline std::string block_reference(std::uint32_t id, std::uint32_t flags, std::uint64_t offset,
    std::uint64_t bytes, std::uint64_t block_bytes) {
    std::string s(32, '\0');
    std::memcpy(s.data(), &id, 4);
    std::memcpy(s.data() + 4, &flags, 4);
    std::memcpy(s.data() + 8, &offset, 8);
    std::memcpy(s.data() + 16, &bytes, 8);
    std::memcpy(s.data() + 24, &block_bytes, 8);
    return s;
}

// The header of a whole message in one frame.
inline wire::frame_header whole(std::size_t bytes, std::size_t handles = 0) {
    wire::frame_header h;
    h.flags = wire::flag_last;
    h.payload_bytes = static_cast<std::uint32_t>(bytes);
    h.message_bytes = h.payload_bytes;
    h.handles = static_cast<std::uint16_t>(handles);
    h.message_handles = h.handles;
    h.stamp = os::now_ns();
    return h;
}

// What an honest sender writes for a value, with its handles.
struct recording {
    std::string bytes;
    std::vector<handle> handles;

    std::vector<const handle*> lent() const {
        std::vector<const handle*> all;
        for (const handle& h : handles) all.push_back(&h);
        return all;
    }
};

template <class T>
recording record(T value) {
    auto [ours, theirs] = connected_streams();
    sender<T> tx(
        detail::link_sender::make(std::move(theirs), first_identity<T>(), {}, {}), {});
    tx.send(std::move(value));
    recording r;
    std::vector<std::byte> room(64u << 10);
    std::vector<os::handle_batch> batches;
    const os::io_result io = os::recv_some(ours, room, batches, false);
    r.bytes.assign(reinterpret_cast<const char*>(room.data()), io.bytes);
    for (auto& batch : batches)
        for (handle& h : batch.handles) r.handles.push_back(std::move(h));
    return r;
}

// A channel with an honest producer and one of the other kind.
template <class T>
struct contested_channel {
    explicit contested_channel(const limits& bounds = {}, const asio::any_io_executor& ex = {})
        : contested_channel(first_identity<T>(bounds), ex, connected_streams(),
              connected_streams()) {}

    receiver<T> rx;
    sender<T> honest;
    raw_link raw;

private:
    using streams = std::pair<handle, handle>;

    contested_channel(const detail::channel_identity& identity, const asio::any_io_executor& ex,
        streams first, streams second)
        : contested_channel(identity, std::make_shared<detail::link_receiver>(identity, ex), ex,
              std::move(first), std::move(second)) {}

    contested_channel(const detail::channel_identity& identity,
        std::shared_ptr<detail::link_receiver> core, const asio::any_io_executor& ex,
        streams first, streams second)
        : rx(core, ex),
          honest(detail::link_sender::make(std::move(first.second), identity, {}, ex), ex),
          raw(std::move(second.second)) {
        BOOST_REQUIRE(!core->add_first(std::move(first.first)));
        BOOST_REQUIRE(!core->add_first(std::move(second.first)));
    }
};

}  // namespace strait::test

#endif
