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

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

// A whole receiver, with honest senders and hostile links that write frames, noise and handles of all
// kinds, have further links adopted, play with their sockets and vanish. Beside it a channel for answers,
// whose sender is lent to the honest side and to a hostile process, which may park it or not. Whatever
// they do: what the honest ones sent arrives, whole and in order; the end is seen; nothing stays open and
// memory stays within bounds.

using namespace strait;
using namespace strait::detail;
using namespace strait::fuzz;

namespace {

#if !defined(SO_PASSPIDFD)
constexpr int SO_PASSPIDFD = 76;  // Linux 6.5
#endif

// Small, so that inputs get to them.
limits small_limits(bool has_pool = true) {
    limits l;
    l.max_message_bytes = 100'000;
    l.max_inbox_bytes = 150'000;
    l.max_handles_per_message = 300;
    l.max_pool_bytes = has_pool ? 20'000 : 0;
    l.min_pooled_bytes = 4000;
    l.max_links = 24;
    l.max_adopted_per_link = 8;
    return l;
}

// Links with what was read ahead, half messages, and values that the program keeps.
constexpr std::size_t most_heap = 16u << 20;

// What no input can know, so that nobody but the honest ones says it. The fuzzer tries what it sees compared
// with, and so it must not see these.
const std::array secret{os::random_u64(), os::random_u64()};

bool is_secret(std::string_view text) {
    std::array<std::uint64_t, 2> said;
    if (text.size() < sizeof(said)) return false;
    std::memcpy(said.data(), text.data(), sizeof(said));
    return std::popcount(said[0] ^ secret[0]) + std::popcount(said[1] ^ secret[1]) == 0;
}

// An answer has a number in its lower half.
bool is_answer(fuzz::number n) { return std::popcount((n ^ secret[1]) >> 32) == 0; }

struct hostile_link {
    handle stream;
    handle other_side;  // the receiver's, once more
    known_blocks blocks;
    byte_buffer rest;   // of a frame that was cut off
};

class world {
public:
    explicit world(choices& from);

    void run();
    void finish();

private:
    struct honest_sender {
        sender<parcel> tx;
        std::uint32_t sent = 0;      // or given up
        std::uint32_t given_up = 0;
        std::uint32_t received = 0;
        std::uint32_t next = 0;      // no older one is to come
    };

    void step();
    parcel honest_parcel(std::size_t who, std::uint8_t kind);
    void send_honestly(std::size_t who, std::uint8_t kind);
    void send_later(std::size_t who, std::uint8_t kind);
    void write_message(hostile_link& l);
    void write_half_messages(hostile_link& l);
    void write_control(hostile_link& l);
    void write_control_often(hostile_link& l);
    void write_noise(hostile_link& l);
    void write_rest(hostile_link& l);
    void write_adoption();
    void lend_answers_to_hostile();
    void play_with_socket(hostile_link& l);
    void write(hostile_link& l, const wire::frame_header& h, std::span<const std::byte> payload,
        std::span<const handle> handles = {}, std::size_t cut = 0);
    void add_link(handle ours, handle theirs);
    bool receive();
    void receive_several();
    void receive_later();
    void on_value(parcel&& p);
    bool receive_answers();
    void run_ready();
    void copy_honest_sender();
    void move_receiver();
    bool is_settled() const;
    hostile_link& any_link() { return links_[from_.below(links_.size())]; }

    choices& from_;
    const bool has_pool_;
    const bool delivers_faults_;
    asio::io_context context_;
    things with_;
    receiver<parcel> rx_;
    std::vector<honest_sender> honest_;
    std::vector<hostile_link> links_;
    std::deque<parcel> kept_;
    bool has_moved_ = false;
    int waiting_receives_ = 0;
    int waiting_sends_ = 0;

    sender<fuzz::number> answers_;
    receiver<fuzz::number> answered_;
    std::uint32_t answers_sent_ = 0;
    std::uint32_t answers_received_ = 0;
    sender<parcel> to_hostile_;
    handle hostile_receiver_;
};

template <class T>
channel_identity identity(const limits& bounds) {
    const type_identity type = identity_of<T>();
    channel_identity found;
    found.fingerprint = type.fingerprint;
    found.type_name = type.name;
    found.bounds = bounds;
    found.id[0] = found.id[1] = 1;
    return found;
}

std::pair<handle, handle> connected() {
    error_code ec;
    auto ends = os::connected_pair(ec);
    STRAIT_FUZZ_REQUIRE(!ec);
    return ends;
}

world::world(choices& from)
    : from_(from), has_pool_(from.byte() < 0xc0), delivers_faults_(from.byte() >= 0xc0) {
    const asio::any_io_executor executor = context_.get_executor();
    const channel_identity who = identity<parcel>(small_limits(has_pool_));
    const auto core = std::make_shared<link_receiver>(who, executor);
    rx_ = end_access::make<receiver<parcel>>(core, executor);
    rx_.deliver_faults(delivers_faults_);
    auto first = connected();
    STRAIT_FUZZ_REQUIRE(!core->add_first(std::move(first.first)));
    honest_.push_back({end_access::make<sender<parcel>>(
        link_sender::make(std::move(first.second), who, core, executor), executor)});
    auto second = connected();
    handle again = second.first.duplicate();
    STRAIT_FUZZ_REQUIRE(!core->add_first(std::move(second.first)));
    add_link(std::move(second.second), std::move(again));
    limits of_answers;
    of_answers.max_inbox_bytes = small_limits().max_inbox_bytes;
    std::tie(answers_, answered_) =
        make_channel<fuzz::number>(context_, channel_options(of_answers));
    auto third = connected();
    hostile_receiver_ = std::move(third.first);
    with_.kept().push_back(hostile_receiver_.duplicate());
    to_hostile_ = end_access::make<sender<parcel>>(
        link_sender::make(std::move(third.second), who, {}, executor), executor);
}

void world::add_link(handle ours, handle theirs) {
    hostile_link l;
    l.stream = std::move(ours);
    l.other_side = std::move(theirs);
    links_.push_back(std::move(l));
}

// But for the last `cut` bytes, which the next write of the link may bring.
void world::write(hostile_link& l, const wire::frame_header& h,
    std::span<const std::byte> payload, std::span<const handle> handles, std::size_t cut) {
    if (!l.stream.is_open()) return;
    byte_buffer all;
    std::byte header[wire::header_bytes];
    wire::store_header(h, header);
    all.append(header);
    all.append(payload);
    const auto now = all.bytes().first(all.size() - std::min(cut, all.size() - 1));
    l.rest = {};
    l.rest.append(all.bytes().subspan(now.size()));
    const piece one{now.data(), now.size()};
    std::vector<const handle*> lent;
    for (const handle& rides : handles)
        if (rides.is_open() && lent.size() != os::max_handles_per_write) lent.push_back(&rides);
    static_cast<void>(os::send_some(l.stream, {&one, 1}, lent));
}

void world::write_rest(hostile_link& l) {
    const byte_buffer rest = std::exchange(l.rest, {});
    if (rest.empty() || !l.stream.is_open()) return;
    const piece one{rest.data(), rest.size()};
    static_cast<void>(os::send_some(l.stream, {&one, 1}, {}));
}

void world::write_noise(hostile_link& l) {
    const auto noise = from_.bytes(from_.byte());
    const piece one{noise.data(), noise.size()};
    if (l.stream.is_open()) static_cast<void>(os::send_some(l.stream, {&one, 1}, {}));
}

void world::write_message(hostile_link& l) {
    built_message m =
        build_message(from_, with_, l.blocks, identity_of<fuzz::number>().fingerprint);
    wire::frame_header h;
    h.flags = m.flags;
    h.message_bytes = m.memory_bytes != 0 ? m.memory_bytes
                                          : static_cast<std::uint32_t>(m.body.size());
    h.message_handles = static_cast<std::uint32_t>(m.handles.size());
    if ((m.flags & wire::flag_packed) != 0 && !m.handles.empty())
        h.message_handles += m.packed - 1;
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
        const std::uint8_t end = last ? from_.byte() : 0;
        if (end >= 0xf8) return;  // never finished
        write(l, h, part, some, end >= 0xe8 ? 1 + from_.byte() : 0);
    }
}

// Much of a message of which nothing more may come.
void world::write_half_messages(hostile_link& l) {
    const std::vector<std::byte> part(1 + from_.byte() * 100u);
    wire::frame_header h;
    h.message_bytes = 100'000;
    h.payload_bytes = static_cast<std::uint32_t>(part.size());
    for (std::size_t n = 1 + from_.below(4); n != 0; --n) write(l, h, part);
    if (from_.byte() < 0xa0) return;
    h.kind = wire::frame_kind::withdraw;
    h.payload_bytes = h.message_bytes = 0;
    write(l, h, {});
}

void world::write_control(hostile_link& l) {
    static constexpr std::array kinds{wire::frame_kind::withdraw, wire::frame_kind::park,
        wire::frame_kind::want, wire::frame_kind::park, wire::frame_kind::forget,
        wire::frame_kind::hello, wire::frame_kind::release, wire::frame_kind::disuse};
    wire::frame_header h;
    h.kind = kinds[from_.below(kinds.size())];
    h.message_bytes = from_.byte() % 8;
    h.stamp = from_.number();
    h.flags = from_.mostly(h.flags);
    h.payload_bytes = from_.mostly(h.payload_bytes);
    write(l, h, {});
}

// The same ones many times over.
void world::write_control_often(hostile_link& l) {
    for (std::size_t n = from_.byte(); n != 0; --n) {
        wire::frame_header h;
        h.kind = from_.byte() % 2 == 0 ? wire::frame_kind::want : wire::frame_kind::adopt;
        h.handles = h.kind == wire::frame_kind::adopt && l.other_side.is_open() ? 1 : 0;
        write(l, h, {}, std::span<const handle>(&l.other_side, h.handles));
    }
}

handle again(const handle& h) {
    return h.is_open() ? h.duplicate() : handle();
}

void world::write_adoption() {
    const std::size_t by = from_.below(links_.size());
    wire::frame_header h;
    h.kind = wire::frame_kind::adopt;
    std::vector<handle> handles;
    for (std::size_t n = 1 + from_.below(3); n != 0; --n) {
        const std::uint8_t what = from_.byte();
        if (what >= 0xe0) {
            handles.push_back(with_.any(from_));
        } else if (what >= 0xd8) {
            // A side that the receiver reads already, or both sides of one connection.
            handles.push_back(again(links_[from_.below(links_.size())].other_side));
        } else if (what >= 0xd0) {
            auto pair = connected();
            handles.push_back(std::move(pair.first));
            handles.push_back(std::move(pair.second));
        } else if (what >= 0xc8) {
            handles.push_back(again(links_[by].stream));
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

// A hostile process is sent a sender of the answers, over and over: it is used as links are, or parked so
// that the next message refers to it again.
void world::lend_answers_to_hostile() {
    parcel p;
    for (std::size_t n = 1 + from_.below(2); n != 0; --n) p.senders.push_back(answers_);
    error_code ec;
    to_hostile_.try_send(std::move(p), ec);
    std::array<std::byte, 4096> sink;
    std::vector<os::handle_batch> batches;
    while (os::recv_some(hostile_receiver_, sink, batches, false).bytes != 0) {}
    for (os::handle_batch& batch : batches)
        for (handle& h : batch.handles)
            if (links_.size() < 30) add_link(std::move(h), {});
}

// True at their end.
bool world::receive_answers() {
    error_code ec;
    for (int i = 0; i != 100 && ec != asio::error::would_block && ec != asio::error::eof; ++i) {
        const fuzz::number n = answered_.try_recv(ec);
        if (!ec && is_answer(n)) ++answers_received_;
    }
    return ec == asio::error::eof;
}

// A sender of its own process, as far as the receiver can see.
void world::copy_honest_sender() {
    // Where the receiver has moved, others may have taken all the links.
    if (honest_.size() == 4 || has_moved_) return;
    auto [tx, rx] = make_channel<sender<parcel>>(context_);
    error_code ec;
    tx.try_send(honest_[from_.below(honest_.size())].tx, ec);
    if (ec) return;
    sender<parcel> copy = rx.try_recv(ec);
    if (!ec) honest_.push_back({std::move(copy)});
}

void world::move_receiver() {
    auto [tx, rx] = make_channel<receiver<parcel>>(context_);
    if (from_.byte() >= 0xc0) rx.close();  // it comes back
    error_code ec;
    tx.try_send(rx_, ec);
    has_moved_ = true;
    if (ec) return;  // or more than one write takes: it stays
    rx_ = rx.try_recv(ec);
    STRAIT_FUZZ_REQUIRE(!ec && rx_.is_open());
    rx_.deliver_faults(delivers_faults_);
}

parcel world::honest_parcel(std::size_t who, std::uint8_t kind) {
    parcel p;
    p.mark = secret[0] ^ (std::uint64_t(who) << 32 | honest_[who].sent);
    p.text.assign(reinterpret_cast<const char*>(secret.data()), sizeof(secret));
    if (kind >= 0xc0) p.text.append(6000, 'x');
    if (kind % 4 == 1) p.senders.push_back(answers_);
    if (kind % 8 == 2) {
        error_code ec;
        auto part = honest_[who].tx.allocate(4000, ec);
        if (!ec) std::fill(part.begin(), part.end(), std::byte(7));
        if (!ec) p.part = std::move(part);
    }
    return p;
}

void world::send_honestly(std::size_t who, std::uint8_t kind) {
    honest_sender& s = honest_[who];
    error_code ec;
    s.tx.try_send(honest_parcel(who, kind), ec);
    STRAIT_FUZZ_REQUIRE(!ec || ec == asio::error::would_block);
    if (!ec) ++s.sent;
}

// Waits for its turn, and for a block.
void world::send_later(std::size_t who, std::uint8_t kind) {
    if (waiting_sends_ == 10) return;
    ++waiting_sends_;
    parcel p = honest_parcel(who, kind);
    ++honest_[who].sent;
    honest_[who].tx.async_send(std::move(p), [this, who](error_code ec) {
        --waiting_sends_;
        STRAIT_FUZZ_REQUIRE(!ec || ec == asio::error::operation_aborted);
        if (ec) ++honest_[who].given_up;
    });
}

void world::on_value(parcel&& p) {
    if (is_secret(p.text)) {
        const std::uint64_t plain = p.mark ^ secret[0];
        STRAIT_FUZZ_REQUIRE(plain >> 32 < honest_.size());
        honest_sender& s = honest_[static_cast<std::size_t>(plain >> 32)];
        const auto n = static_cast<std::uint32_t>(plain);
        STRAIT_FUZZ_REQUIRE(n >= s.next && n < s.sent);
        s.next = n + 1;
        ++s.received;
        const auto part = p.part.span();
        STRAIT_FUZZ_REQUIRE(std::count(part.begin(), part.end(), std::byte(7)) ==
                            static_cast<std::ptrdiff_t>(part.size()));
        for (auto& tx : p.senders) {
            error_code ec;
            tx.try_send((secret[1] & ~std::uint64_t(0xffff'ffff)) | answers_sent_, ec);
            STRAIT_FUZZ_REQUIRE(!ec || ec == asio::error::would_block);
            if (!ec) ++answers_sent_;
        }
        return;
    }
    const std::uint8_t what = from_.byte();
    if ((what & 1) != 0) use(p);
    if ((what & 2) != 0) kept_.push_back(std::move(p));
    if (kept_.size() > 4) kept_.pop_front();
}

// False when there is nothing, and when it is over.
bool world::receive() {
    run_ready();
    // They have come first.
    if (waiting_receives_ != 0) rx_.cancel();
    run_ready();
    error_code ec;
    parcel p = from_.byte() < 0xc0 ? rx_.try_recv(ec) : rx_.recv_for(std::chrono::nanoseconds(1), ec);
    if (!ec) {
        on_value(std::move(p));
        return true;
    }
    if (ec == asio::error::would_block || ec == asio::error::timed_out || ec == asio::error::eof)
        return false;
    STRAIT_FUZZ_REQUIRE(delivers_faults_ && !is_fatal(ec));
    return true;
}

void world::receive_several() {
    run_ready();
    if (waiting_receives_ != 0) rx_.cancel();
    run_ready();
    std::array<parcel, 3> some;
    error_code ec;
    const std::size_t n = rx_.try_recv_some(some, ec);
    for (std::size_t i = 0; i != n; ++i) on_value(std::move(some[i]));
}

void world::receive_later() {
    if (waiting_receives_ == 4) return;
    ++waiting_receives_;
    rx_.async_recv([this](error_code ec, parcel p) {
        --waiting_receives_;
        STRAIT_FUZZ_REQUIRE(ec != asio::error::eof);
        STRAIT_FUZZ_REQUIRE(!ec || ec == asio::error::operation_aborted || delivers_faults_);
        if (!ec) on_value(std::move(p));
    });
}

// What is ready. That may come again and again, but not for ever.
void world::run_ready() {
    constexpr int enough = 100'000;
    context_.restart();
    for (int i = 0; context_.poll_one() != 0; ++i) STRAIT_FUZZ_REQUIRE(i != enough);
}

void world::step() {
    switch (from_.below(24)) {
    case 0:
    case 1: send_honestly(from_.below(honest_.size()), from_.byte()); break;
    case 2:
    case 3:
    case 4:
    case 5: write_message(any_link()); break;
    case 6: write_noise(any_link()); break;
    case 7: write_control(any_link()); break;
    case 8: write_adoption(); break;
    case 9:
    case 10:
        for (std::size_t n = from_.below(8); n != 0 && receive(); --n) {}
        break;
    case 11: play_with_socket(any_link()); break;
    case 12: move_receiver(); break;
    case 13: copy_honest_sender(); break;
    case 14: write_control_often(any_link()); break;
    case 15: write_half_messages(any_link()); break;
    case 16: write_rest(any_link()); break;
    case 17: receive_later(); break;
    case 18: run_ready(); break;
    case 19: send_later(from_.below(honest_.size()), from_.byte()); break;
    case 20:
        lend_answers_to_hostile();
        if (from_.byte() < 0xc0) static_cast<void>(receive_answers());
        break;
    case 21: receive_several(); break;
    case 22:
        if (from_.byte() < 0x80)
            rx_.cancel();
        else
            honest_[from_.below(honest_.size())].tx.cancel();
        break;
    default:
        with_.answer(from_);
        for (parcel& p : kept_) use(p);
        if (from_.byte() % 2 == 0) kept_.clear();
    }
}

void world::run() {
    for (int i = 0; i != 100 && !from_.empty(); ++i) step();
}

bool world::is_settled() const {
    return waiting_sends_ == 0 && std::all_of(honest_.begin(), honest_.end(), [](const auto& s) {
        return s.received + s.given_up == s.sent;
    });
}

void world::finish() {
    // Everything that lies there, a message or a fault each, is done with after so many.
    constexpr int enough = 20'000;
    for (honest_sender& s : honest_) {
        const std::uint32_t before = s.sent;
        for (int i = 0; s.sent == before; ++i) {
            STRAIT_FUZZ_REQUIRE(i != enough);
            send_honestly(static_cast<std::size_t>(&s - honest_.data()), 0);
            if (s.sent == before) receive();
        }
    }
    for (int i = 0; !is_settled(); ++i) {
        STRAIT_FUZZ_REQUIRE(i != enough);
        receive();
    }
    links_.clear();
    with_.kept().clear();
    kept_.clear();
    hostile_receiver_.close();
    for (honest_sender& s : honest_) s.tx.close();
    answers_.close();
    to_hostile_.close();  // its receiving side may have been adopted
    error_code ec;
    bool have_answers_ended = false;
    for (int i = 0; ec != asio::error::eof || !have_answers_ended; ++i) {
        STRAIT_FUZZ_REQUIRE(i != enough);
        static_cast<void>(rx_.try_recv(ec));
        have_answers_ended = receive_answers();
    }
    STRAIT_FUZZ_REQUIRE(is_settled());
    STRAIT_FUZZ_REQUIRE(answers_received_ == answers_sent_);
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
