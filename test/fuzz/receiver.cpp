//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "fuzz/choices.hpp"
#include "fuzz/grammar.hpp"
#include "fuzz/parcel.hpp"
#include "fuzz/require.hpp"
#include "fuzz/resources.hpp"
#include "link/link_receiver.hpp"
#include "link/link_sender.hpp"
#include "posix/stream.hpp"
#include "wire/frame.hpp"

#include <strait/channel.hpp>

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

// A whole receiver, with honest senders and hostile links that write frames, noise and handles of all
// kinds, have further links adopted, play with their sockets and vanish. Whatever they do: what the
// honest ones sent arrives, whole and in order; the end is seen; nothing stays open and memory stays
// within bounds.

using namespace strait;
using namespace strait::detail;
using namespace strait::fuzz;

namespace {

#if !defined(SO_PASSPIDFD)
constexpr int SO_PASSPIDFD = 76;  // Linux 6.5
#endif

limits small_limits() {
    limits l;
    l.max_message_bytes = 100'000;
    l.max_inbox_bytes = 300'000;
    l.max_handles_per_message = 100;
    l.max_pool_bytes = 20'000;
    l.min_pooled_bytes = 4000;
    l.max_links = 24;
    l.max_adopted_per_link = 8;
    return l;
}

// Links with what was read ahead, half messages, and values that the program keeps.
constexpr std::size_t most_heap = 16u << 20;

// What no input can know, so that nobody but the honest ones says it.
const std::array secret{os::random_u64(), os::random_u64()};

struct hostile_link {
    handle stream;
    handle other_side;  // the receiver's, once more
    known_blocks blocks;
};

class world {
public:
    explicit world(choices& from);

    void run();
    void finish();

private:
    struct honest_sender {
        sender<parcel> tx;
        std::uint32_t sent = 0;
        std::uint32_t received = 0;
    };

    void step();
    void send_honestly(std::size_t who, bool large);
    void write_message(hostile_link& l);
    void write_control(hostile_link& l);
    void write_adoption();
    void play_with_socket(hostile_link& l);
    void write(hostile_link& l, const wire::frame_header& h, std::span<const std::byte> payload,
        std::span<const handle> handles = {});
    void add_link(handle ours, handle theirs);
    bool receive();
    void copy_honest_sender();
    void move_receiver();
    hostile_link& any_link() { return links_[from_.below(links_.size())]; }

    choices& from_;
    things with_;
    receiver<parcel> rx_;
    std::vector<honest_sender> honest_;
    std::vector<hostile_link> links_;
    std::deque<parcel> kept_;
    bool has_moved_ = false;
};

channel_identity identity() {
    const type_identity type = identity_of<parcel>();
    channel_identity found;
    found.fingerprint = type.fingerprint;
    found.type_name = type.name;
    found.bounds = small_limits();
    found.id[0] = found.id[1] = 1;
    return found;
}

std::pair<handle, handle> connected() {
    error_code ec;
    auto ends = os::connected_pair(ec);
    STRAIT_FUZZ_REQUIRE(!ec);
    return ends;
}

world::world(choices& from) : from_(from) {
    const auto core = std::make_shared<link_receiver>(identity(), asio::any_io_executor());
    rx_ = end_access::make<receiver<parcel>>(core, asio::any_io_executor());
    auto first = connected();
    STRAIT_FUZZ_REQUIRE(!core->add_first(std::move(first.first)));
    honest_.push_back({end_access::make<sender<parcel>>(
        link_sender::make(std::move(first.second), identity(), core, {}), asio::any_io_executor())});
    auto second = connected();
    handle again = second.first.duplicate();
    STRAIT_FUZZ_REQUIRE(!core->add_first(std::move(second.first)));
    add_link(std::move(second.second), std::move(again));
}

void world::add_link(handle ours, handle theirs) {
    hostile_link l;
    l.stream = std::move(ours);
    l.other_side = std::move(theirs);
    links_.push_back(std::move(l));
}

void world::write(hostile_link& l, const wire::frame_header& h,
    std::span<const std::byte> payload, std::span<const handle> handles) {
    if (!l.stream.is_open()) return;
    std::byte header[wire::header_bytes];
    wire::store_header(h, header);
    const std::array pieces{
        piece{header, sizeof(header)}, piece{payload.data(), payload.size()}};
    std::vector<const handle*> lent;
    for (const handle& one : handles)
        if (one.is_open() && lent.size() != os::max_handles_per_write) lent.push_back(&one);
    static_cast<void>(os::send_some(l.stream, pieces, lent));
}

void world::write_message(hostile_link& l) {
    built_message m =
        build_message(from_, with_, l.blocks, identity_of<fuzz::number>().fingerprint);
    wire::frame_header h;
    h.flags = m.flags;
    h.message_bytes = m.memory_bytes != 0 ? m.memory_bytes
                                          : static_cast<std::uint32_t>(m.body.size());
    h.message_handles = static_cast<std::uint32_t>(m.handles.size());
    h.stamp = from_.byte() < 0x80 ? os::now_ns() : from_.number();
    std::span<const std::byte> body = m.body.bytes();
    std::span<const handle> handles(m.handles);
    h.message_bytes = from_.mostly(h.message_bytes);
    h.message_handles = from_.mostly(h.message_handles);
    const std::size_t parts = from_.byte() < 0xc0 ? 1 : 1 + from_.below(4);
    for (std::size_t i = 0; i != parts; ++i) {
        const bool last = i + 1 == parts;
        const auto part = last ? body : body.first(body.size() / 2);
        // All of them with the last fragment, but for a peer that does not know better.
        const auto some =
            last ? handles : handles.first(from_.rarely() ? handles.size() / 2 : 0);
        body = body.subspan(part.size());
        handles = handles.subspan(some.size());
        h.payload_bytes = from_.mostly(static_cast<std::uint32_t>(part.size()));
        h.handles = from_.mostly(static_cast<std::uint16_t>(some.size()));
        h.flags = static_cast<std::uint8_t>(m.flags | (last ? wire::flag_last : 0));
        if (last && from_.rarely()) return;  // never finished
        write(l, h, part, some);
    }
}

void world::write_control(hostile_link& l) {
    static constexpr std::array kinds{wire::frame_kind::withdraw, wire::frame_kind::park,
        wire::frame_kind::want, wire::frame_kind::want, wire::frame_kind::forget,
        wire::frame_kind::hello, wire::frame_kind::release};
    wire::frame_header h;
    h.kind = kinds[from_.below(kinds.size())];
    h.message_bytes = from_.byte() % 8;
    h.stamp = from_.number();
    h.flags = from_.mostly(h.flags);
    h.payload_bytes = from_.mostly(h.payload_bytes);
    write(l, h, {});
}

void world::write_adoption() {
    const std::size_t by = from_.below(links_.size());
    wire::frame_header h;
    h.kind = wire::frame_kind::adopt;
    std::vector<handle> handles;
    for (std::size_t n = 1 + from_.below(3); n != 0; --n) {
        if (from_.byte() < 0x20) {
            handles.push_back(with_.any(from_));
        } else {
            auto pair = connected();
            if (links_.size() < 30) add_link(std::move(pair.second), pair.first.duplicate());
            handles.push_back(std::move(pair.first));
        }
    }
    h.handles = from_.mostly(static_cast<std::uint16_t>(handles.size()));
    write(links_[by], h, {}, handles);
}

void world::play_with_socket(hostile_link& l) {
    const int ours = l.stream.native_handle();
    const int theirs = l.other_side.native_handle();
    const int on = 1;
    std::byte sink[64];
    switch (from_.below(11)) {
    case 0: l.stream.close(); break;
    case 1: ::shutdown(ours, SHUT_WR); break;
    case 2: ::shutdown(ours, SHUT_RD); break;
    case 3: ::shutdown(theirs, SHUT_RD); break;
    case 4: ::shutdown(theirs, SHUT_WR); break;
    case 5: ::setsockopt(theirs, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)); break;
    case 6: ::setsockopt(theirs, SOL_SOCKET, SO_PASSPIDFD, &on, sizeof(on)); break;
    case 7: ::send(ours, sink, 1, MSG_OOB | MSG_DONTWAIT | MSG_NOSIGNAL); break;
    // Steals what lies there, and handles with it.
    case 8: ::recv(theirs, sink, sizeof(sink), MSG_DONTWAIT); break;
    case 9: ::setsockopt(theirs, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on)); break;
    default:
        // Reads what the receiver said.
        while (::recv(ours, sink, sizeof(sink), MSG_DONTWAIT) > 0) {}
    }
}

// A sender of its own process, as far as the receiver can see.
void world::copy_honest_sender() {
    // Where the receiver has moved, others may have taken all the links.
    if (honest_.size() == 4 || has_moved_) return;
    auto [tx, rx] = make_channel<sender<parcel>>();
    error_code ec;
    tx.try_send(honest_[from_.below(honest_.size())].tx, ec);
    if (ec) return;
    sender<parcel> copy = rx.try_recv(ec);
    if (!ec) honest_.push_back({std::move(copy)});
}

void world::move_receiver() {
    auto [tx, rx] = make_channel<receiver<parcel>>();
    error_code ec;
    tx.try_send(rx_, ec);
    if (ec) return;  // more than one write takes: it stays
    has_moved_ = true;
    rx_ = rx.try_recv(ec);
    STRAIT_FUZZ_REQUIRE(!ec && rx_.is_open());
}

void world::send_honestly(std::size_t who, bool large) {
    honest_sender& s = honest_[who];
    parcel p;
    p.mark = secret[0] ^ (std::uint64_t(who) << 32 | s.sent);
    p.text.assign(reinterpret_cast<const char*>(secret.data()), sizeof(secret));
    if (large) p.text.append(6000, 'x');
    error_code ec;
    s.tx.try_send(std::move(p), ec);
    STRAIT_FUZZ_REQUIRE(!ec || ec == asio::error::would_block);
    if (!ec) ++s.sent;
}

// False when there is nothing, and when it is over.
bool world::receive() {
    error_code ec;
    parcel p = rx_.try_recv(ec);
    if (ec) {
        STRAIT_FUZZ_REQUIRE(ec == asio::error::would_block || ec == asio::error::eof);
        return false;
    }
    const std::string_view mark(reinterpret_cast<const char*>(secret.data()), sizeof(secret));
    if (std::string_view(p.text).substr(0, mark.size()) == mark) {
        const std::uint64_t plain = p.mark ^ secret[0];
        STRAIT_FUZZ_REQUIRE(plain >> 32 < honest_.size());
        honest_sender& s = honest_[static_cast<std::size_t>(plain >> 32)];
        STRAIT_FUZZ_REQUIRE(s.received == static_cast<std::uint32_t>(plain));
        ++s.received;
        return true;
    }
    const std::uint8_t what = from_.byte();
    if ((what & 1) != 0) use(p);
    if ((what & 2) != 0) kept_.push_back(std::move(p));
    if (kept_.size() > 4) kept_.pop_front();
    return true;
}

void world::step() {
    switch (from_.below(16)) {
    case 0:
    case 1: send_honestly(from_.below(honest_.size()), from_.byte() >= 0xc0); break;
    case 2:
    case 3:
    case 4:
    case 5: write_message(any_link()); break;
    case 6: {
        hostile_link& l = any_link();
        const auto noise = from_.bytes(from_.byte());
        const piece one{noise.data(), noise.size()};
        if (l.stream.is_open()) static_cast<void>(os::send_some(l.stream, {&one, 1}, {}));
        break;
    }
    case 7: write_control(any_link()); break;
    case 8: write_adoption(); break;
    case 9:
    case 10:
        for (std::size_t n = from_.below(8); n != 0 && receive(); --n) {}
        break;
    case 11: play_with_socket(any_link()); break;
    case 12: move_receiver(); break;
    case 13: copy_honest_sender(); break;
    case 14: {
        // The same control frame many times over.
        hostile_link& l = any_link();
        for (std::size_t n = from_.byte(); n != 0; --n) {
            wire::frame_header h;
            h.kind = from_.byte() % 2 == 0 ? wire::frame_kind::want : wire::frame_kind::adopt;
            h.handles = h.kind == wire::frame_kind::adopt ? 1 : 0;
            write(l, h, {}, std::span<const handle>(&l.other_side, h.handles));
        }
        break;
    }
    default:
        with_.answer(from_);
        for (parcel& p : kept_) use(p);
        if (from_.byte() % 2 == 0) kept_.clear();
    }
}

void world::run() {
    for (int i = 0; i != 100 && !from_.empty(); ++i) step();
}

void world::finish() {
    // Everything that lies there, a message or a fault each, is done with after so many.
    constexpr int enough = 20'000;
    for (honest_sender& s : honest_) {
        const std::uint32_t before = s.sent;
        for (int i = 0; s.sent == before; ++i) {
            STRAIT_FUZZ_REQUIRE(i != enough);
            send_honestly(static_cast<std::size_t>(&s - honest_.data()), false);
            if (s.sent == before) receive();
        }
    }
    for (const honest_sender& s : honest_)
        for (int i = 0; s.received != s.sent; ++i) {
            STRAIT_FUZZ_REQUIRE(i != enough);
            receive();
        }
    links_.clear();
    with_.kept().clear();
    kept_.clear();
    for (honest_sender& s : honest_) s.tx.close();
    error_code ec;
    for (int i = 0; ec != asio::error::eof; ++i) {
        STRAIT_FUZZ_REQUIRE(i != enough);
        static_cast<void>(rx_.try_recv(ec));
    }
    for (const honest_sender& s : honest_) STRAIT_FUZZ_REQUIRE(s.received == s.sent);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::size_t before = open_descriptors();
    {
        const heap_gauge heap;
        choices from(data, size);
        world all(from);
        all.run();
        all.finish();
        STRAIT_FUZZ_REQUIRE(heap.most() <= most_heap);
    }
    STRAIT_FUZZ_REQUIRE(open_descriptors() == before);
    return 0;
}
