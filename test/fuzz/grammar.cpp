//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "fuzz/grammar.hpp"

#include "fuzz/require.hpp"
#include "link/attachment_table.hpp"
#include "posix/handle_pack.hpp"
#include "posix/memory.hpp"
#include "posix/stream.hpp"
#include "shm/block_memory.hpp"
#include "wire/bytes.hpp"
#include "wire/frame.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace strait::fuzz {

using namespace strait::detail;
using wire::put;

handle things::link_stream() {
    error_code ec;
    auto ends = os::connected_pair(ec);
    STRAIT_FUZZ_REQUIRE(!ec);
    kept_.push_back(std::move(ends.second));
    return std::move(ends.first);
}

handle things::link_of(choices& from) {
    if (kept_.empty() || from.byte() < 0xf0) return link_stream();
    return handle(::fcntl(kept_.back().native_handle(), F_DUPFD_CLOEXEC, 0));
}

handle things::region_memory(std::size_t bytes) {
    error_code ec;
    return os::make_memory(std::vector<std::byte>(bytes), ec);
}

handle things::block_memory(
    std::size_t bytes, std::span<const std::byte> content, std::size_t offset) {
    error_code ec;
    const auto memory = detail::block_memory::make(bytes, ec);
    if (!memory) return region_memory(bytes);
    std::copy(content.begin(), content.end(),
        memory->bytes().begin() + static_cast<std::ptrdiff_t>(offset));
    return std::move(memory->memory());
}

handle things::any(choices& from) {
    int fds[2];
    const auto both = [&] {
        kept_.emplace_back(fds[1]);
        return handle(fds[0]);
    };
    switch (from.below(13)) {
    case 0: return link_stream();
    case 1: {
        handle stream = link_stream();
        kept_.pop_back();
        return stream;
    }
    case 2: return ::pipe2(fds, O_CLOEXEC) == 0 ? both() : handle();
    case 3: return region_memory(1 + from.byte());
    case 4: return block_memory(1 + from.byte());
    case 5: return handle(::memfd_create("strait-fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    case 6: {
        // Sealed, and nothing in it.
        handle hole(::memfd_create("strait-fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING));
        if (::ftruncate(hole.native_handle(), 1 + from.byte()) == 0)
            ::fcntl(hole.native_handle(), F_ADD_SEALS, from.byte() & 0x1f);
        return hole;
    }
    case 7: return ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0 ? both() : handle();
    case 8: return ::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds) == 0 ? both() : handle();
    case 9: return handle(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    case 10: return handle(::eventfd(0, EFD_CLOEXEC));
    case 11: return handle(::open("/dev/zero", O_RDWR | O_CLOEXEC));
    default:
        // Both sides of a pair, or the same stream once more.
        if (kept_.empty()) return link_stream();
        return handle(
            ::fcntl(kept_[from.below(kept_.size())].native_handle(), F_DUPFD_CLOEXEC, 0));
    }
}

void things::answer(choices& from) {
    if (kept_.empty()) return;
    const handle& to = kept_[from.below(std::min<std::size_t>(kept_.size(), 256))];
    byte_buffer bytes;
    for (std::size_t n = from.below(4); n != 0; --n) {
        wire::frame_header h;
        h.kind = from.byte() < 0x80 ? wire::frame_kind::release : wire::frame_kind::hello;
        h.kind = static_cast<wire::frame_kind>(from.mostly(static_cast<std::uint8_t>(h.kind)));
        h.flags = from.byte() % 2;
        h.message_bytes = from.mostly(std::uint32_t(1 + from.byte() % 4));
        h.payload_bytes = from.mostly(0u);
        std::byte header[wire::header_bytes];
        wire::store_header(h, header);
        bytes.append(header);
    }
    bytes.append(from.bytes(from.byte() / 16));
    ::send(to.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

std::uint32_t pack_some(choices& from, things& with, std::vector<handle>& handles) {
    const std::size_t n = std::min<std::size_t>(handles.size(), 0xff - from.byte());
    const std::size_t first = handles.size() - n;
    std::vector<const handle*> lent;
    for (std::size_t i = first; i != handles.size(); ++i) lent.push_back(&handles[i]);
    error_code ec;
    handle pack;
    const std::byte carrier[2]{};
    switch (const std::size_t how = from.below(16); how) {
    case 1: pack = with.any(from); break;
    case 2:
    case 3:
    case 4:
    case 5: {
        // Its other side is still there; or in it are bytes that bring nothing, or batches of one each.
        auto [reading, writing] = os::connected_pair(ec);
        STRAIT_FUZZ_REQUIRE(!ec);
        if (how == 3) ::send(writing.native_handle(), carrier, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        const piece some{carrier, how == 4 ? 2u : 1u};
        const std::size_t step = how == 5 ? 1 : os::max_handles_per_write;
        for (std::span<const handle* const> rest(lent); !rest.empty();) {
            const auto now = rest.first(std::min(rest.size(), step));
            static_cast<void>(os::send_some(writing, {&some, 1}, now));
            rest = rest.subspan(now.size());
        }
        if (how == 2) with.kept().push_back(std::move(writing));
        pack = std::move(reading);
        break;
    }
    case 6:
    case 7: {
        pack = os::pack_handles(lent, ec);
        const int on = 1;
        const int option = how == 6 ? SO_PASSCRED : SO_TIMESTAMP;
        ::setsockopt(pack.native_handle(), SOL_SOCKET, option, &on, sizeof(on));
        break;
    }
    default: pack = os::pack_handles(lent, ec);
    }
    handles.resize(first);
    handles.push_back(std::move(pack));
    static constexpr std::array around{0, 0, 0, 0, 0, 0, 1, -1};
    const auto said = static_cast<std::uint32_t>(static_cast<int>(n) + around[from.below(8)]);
    return from.mostly(said);
}

namespace {

void append_some(byte_buffer& to, choices& from, std::size_t n) {
    const auto some = from.bytes(n);
    to.append(some);
    for (std::size_t i = some.size(); i != n; ++i) put(to, std::uint8_t(0));
}

class builder {
public:
    builder(choices& from, things& with, known_blocks& blocks,
    std::uint64_t fingerprint)
        : from_(from), with_(with), blocks_(blocks), fingerprint_(fingerprint) {}

    built_message build();

private:
    void put_value(byte_buffer& to);
    void put_indexes(byte_buffer& to, std::size_t count, std::uint32_t first);
    void put_table(byte_buffer& to);
    void put_end(byte_buffer& to, attachment_kind kind);
    void put_reference(byte_buffer& to, std::span<const std::byte> content);
    void put_cargo(byte_buffer& to, std::vector<handle>& handles);
    void put_link(byte_buffer& to, std::vector<handle>& handles);
    void put_parked(byte_buffer& to, std::vector<handle>& handles);
    void put_blocks(byte_buffer& to, std::vector<handle>& handles);
    void put_cargo_reference(byte_buffer& to, std::vector<handle>& handles);
    void put_small_table(byte_buffer& to, std::vector<handle>& handles);
    void put_message(byte_buffer& to, std::vector<handle>& handles);
    void put_frames(byte_buffer& to);
    void overwrite(byte_buffer& in);

    choices& from_;
    things& with_;
    known_blocks& blocks_;
    const std::uint64_t fingerprint_;
    built_message out_;

    // What the value mentions, in the order of the table.
    std::size_t handles_ = 0;
    std::size_t senders_ = 0;
    std::size_t receivers_ = 0;
    std::size_t regions_ = 0;
    std::size_t region_bytes_ = 0;
    std::size_t loans_ = 0;
    std::size_t loan_bytes_ = 0;
    std::vector<handle> block_handles_;

    // Of the link in the cargo that is being written.
    std::vector<block_ref> cargo_blocks_;
};

void builder::put_indexes(byte_buffer& to, std::size_t count, std::uint32_t first) {
    // Senders may be mentioned more than once.
    const std::size_t n = from_.mostly(static_cast<std::uint32_t>(count)) % 300;
    put(to, static_cast<std::uint32_t>(n));
    for (std::size_t i = 0; i != n; ++i)
        put(to, from_.mostly(first + static_cast<std::uint32_t>(count == 0 ? 0 : i % count)));
}

void builder::put_value(byte_buffer& to) {
    const std::uint8_t what = from_.byte();
    if ((what & 1) != 0) handles_ = 1 + from_.byte() / 64;
    if (handles_ != 0 && from_.rarely()) handles_ = 260;  // more than ride on a frame
    if ((what & 2) != 0) senders_ = 1 + from_.byte() / 64;
    if ((what & 4) != 0) receivers_ = 1 + from_.byte() / 128;
    if ((what & 8) != 0) regions_ = 1;
    if ((what & 16) != 0) loans_ = 1;
    region_bytes_ = 1 + from_.byte();
    loan_bytes_ = 1 + from_.byte();
    put(to, from_.number());
    const std::size_t text = from_.byte() / 8;
    put(to, static_cast<std::uint32_t>(text));
    append_some(to, from_, text);
    std::uint32_t index = 0;
    put_indexes(to, handles_, index);
    index += static_cast<std::uint32_t>(handles_);
    put_indexes(to, senders_, index);
    index += static_cast<std::uint32_t>(senders_);
    put_indexes(to, receivers_, index);
    index += static_cast<std::uint32_t>(receivers_);
    if (regions_ == 0) {
        put(to, std::uint64_t(0));
    } else {
        put(to, from_.mostly(std::uint64_t(region_bytes_)));
        put(to, from_.mostly(std::uint64_t(0)));
        put(to, from_.mostly(index));
    }
    if (loans_ == 0 && from_.byte() < 0x80) {
        put(to, std::uint64_t(0));
    } else if (loans_ == 0) {
        put(to, from_.mostly(std::uint64_t(4)));
        put(to, std::uint32_t(0xffff'ffff));
        append_some(to, from_, 4);
    } else {
        put(to, from_.mostly(std::uint64_t(loan_bytes_)));
        put(to, from_.mostly(std::uint32_t(0)));
    }
}

void builder::put_end(byte_buffer& to, attachment_kind kind) {
    table_entry e;
    e.kind = kind;
    e.identity.fingerprint = from_.mostly(fingerprint_);
    e.identity.type_name = "number";
    e.identity.id[0] = from_.byte();
    if (from_.rarely()) {
        e.identity.bounds.max_links = static_cast<std::uint32_t>(from_.number());
        e.identity.bounds.max_message_bytes = static_cast<std::uint32_t>(from_.number());
        e.identity.bounds.max_inbox_bytes = from_.number();
        e.identity.bounds.max_pool_bytes = from_.number();
        e.identity.bounds.min_pooled_bytes = from_.byte();
    }
    if (kind == attachment_kind::sender) {
        e.handles = 1;
        e.flags = from_.byte() / 64 == 3 ? sender_parkable : 0;
        e.lease = from_.byte() / 64;
        if (from_.byte() >= 0xe0) {
            e.flags = sender_leased;
            e.handles = 0;
        } else {
            out_.handles.push_back(with_.mostly(from_, [&] { return with_.link_of(from_); }));
        }
        e.handles = from_.mostly(e.handles);
        return put_entry(to, e);
    }
    byte_buffer cargo;
    std::vector<handle> handles;
    put_cargo(cargo, handles);
    if (from_.rarely()) overwrite(cargo);
    e.handles = from_.mostly(static_cast<std::uint32_t>(handles.size()));
    e.cargo_bytes = from_.mostly(static_cast<std::uint32_t>(cargo.size()));
    for (handle& h : handles) out_.handles.push_back(std::move(h));
    put_entry(to, e);
    to.append(cargo.bytes());
}

void builder::put_table(byte_buffer& to) {
    const std::size_t begin = to.size();
    for (std::size_t i = 0; i != handles_; ++i) {
        table_entry e;
        e.handles = from_.mostly(1u);
        put_entry(to, e);
        out_.handles.push_back(with_.any(from_));
    }
    for (std::size_t i = 0; i != senders_; ++i) put_end(to, attachment_kind::sender);
    for (std::size_t i = 0; i != receivers_; ++i) put_end(to, attachment_kind::receiver);
    if (regions_ != 0) {
        table_entry e;
        e.kind = attachment_kind::region;
        e.handles = 1;
        e.region_bytes = from_.mostly(std::uint64_t(region_bytes_));
        put_entry(to, e);
        out_.handles.push_back(
            with_.mostly(from_, [&] { return with_.region_memory(region_bytes_); }));
    }
    const std::size_t entries = handles_ + senders_ + receivers_ + regions_;
    put(to, from_.mostly(static_cast<std::uint32_t>(entries)));
    put(to, from_.mostly(static_cast<std::uint32_t>(to.size() + 4 - begin)));
}

// To a new block, or one that was used before.
void builder::put_reference(byte_buffer& to, std::span<const std::byte> content) {
    const std::size_t bytes = content.size();
    block_ref ref;
    if (!blocks_.all.empty() && from_.byte() % 2 == 1) {
        ref = blocks_.all[from_.below(std::min<std::size_t>(blocks_.all.size(), 256))];
        ref.is_new = from_.rarely();
        ref.bytes = std::min<std::uint64_t>(bytes, ref.block_bytes - ref.offset);
    } else {
        ref = {++blocks_.last_id, true, 0, bytes, bytes + from_.byte()};
        ref.id = from_.mostly(ref.id);
        ref.offset = ref.block_bytes - ref.bytes;
        block_handles_.push_back(with_.mostly(from_, [&] {
            return with_.block_memory(static_cast<std::size_t>(ref.block_bytes), content,
                static_cast<std::size_t>(ref.offset));
        }));
        if (blocks_.all.size() < 200) blocks_.all.push_back(ref);
    }
    ref.offset = from_.mostly(ref.offset);
    ref.bytes = from_.mostly(ref.bytes);
    ref.block_bytes = from_.mostly(ref.block_bytes);
    ref.put(to);
}

// A few bytes somewhere.
void builder::overwrite(byte_buffer& in) {
    if (in.empty()) return;
    for (std::size_t times = 1 + from_.below(4); times != 0; --times) {
        const std::size_t at = (from_.byte() * 256u + from_.byte()) % in.size();
        in.data()[at] = static_cast<std::byte>(from_.byte());
    }
}

void builder::put_frames(byte_buffer& to) {
    for (std::size_t n = from_.below(4); n != 0; --n) {
        wire::frame_header h;
        h.kind = static_cast<wire::frame_kind>(from_.mostly(std::uint8_t(1)));
        h.flags = from_.mostly(wire::flag_last);
        h.payload_bytes = 8;
        h.message_bytes = from_.mostly(8u);
        h.handles = static_cast<std::uint16_t>(from_.byte() / 200);
        h.handles = from_.mostly(h.handles);
        h.message_handles = from_.mostly(std::uint32_t(h.handles));
        std::byte header[wire::header_bytes];
        wire::store_header(h, header);
        to.append(header);
        put(to, from_.number());
    }
    append_some(to, from_, from_.byte() / 16);
}

// To a block that the link in the cargo has, or a new one.
void builder::put_cargo_reference(byte_buffer& to, std::vector<handle>& handles) {
    const std::array<std::byte, 8> content{};
    if (!cargo_blocks_.empty() && from_.byte() < 0xc0) {
        block_ref ref = cargo_blocks_[from_.below(cargo_blocks_.size())];
        ref.bytes = from_.mostly(std::min<std::uint64_t>(content.size(), ref.block_bytes));
        return ref.put(to);
    }
    auto outer = std::exchange(block_handles_, {});
    put_reference(to, content);
    for (handle& h : block_handles_) handles.push_back(std::move(h));
    block_handles_ = std::move(outer);
}

// A leased sender, or a handle.
void builder::put_small_table(byte_buffer& to, std::vector<handle>& handles) {
    const std::size_t begin = to.size();
    table_entry e;
    if (from_.byte() < 0x80) {
        e.kind = attachment_kind::sender;
        e.flags = sender_leased;
        e.lease = 1 + from_.byte() / 100;
    } else {
        e.handles = 1;
        handles.push_back(with_.any(from_));
    }
    put_entry(to, e);
    put(to, std::uint32_t(1));
    put(to, from_.mostly(static_cast<std::uint32_t>(to.size() + 4 - begin)));
}

void builder::put_message(byte_buffer& to, std::vector<handle>& handles) {
    byte_buffer body;
    std::vector<handle> own;
    std::uint8_t flags = 0;
    std::uint32_t memory_bytes = 0;
    std::uint32_t packed = 0;
    const std::uint64_t value = from_.number();
    switch (from_.below(8)) {
    case 1:
    case 2:
        flags = 8;  // in a block
        put_cargo_reference(body, own);
        break;
    case 3: {
        flags = 2;  // in memory
        put(body, value);
        error_code ec;
        own.push_back(os::make_memory(body.bytes(), ec));
        memory_bytes = static_cast<std::uint32_t>(body.size());
        body.clear();
        break;
    }
    case 4: flags = 4; break;  // lost
    case 5:
        flags = 1;  // with a table
        put(body, value);
        put_small_table(body, own);
        break;
    case 6:
        flags = 16;  // with a loan
        put(body, value);
        put_cargo_reference(body, own);
        put(body, std::uint32_t(1));
        break;
    default: put(body, value);
    }
    if (from_.byte() >= 0xe0) packed = pack_some(from_, with_, own);
    put(to, from_.mostly(flags));
    put(to, from_.number());
    put(to, from_.mostly(memory_bytes));
    put(to, from_.mostly(packed));
    put(to, from_.mostly(static_cast<std::uint32_t>(own.size())));
    put(to, from_.mostly(static_cast<std::uint32_t>(body.size())));
    to.append(body.bytes());
    for (handle& h : own) handles.push_back(std::move(h));
}

void builder::put_blocks(byte_buffer& to, std::vector<handle>& handles) {
    const std::size_t n = from_.rarely() ? 100 : from_.below(4);
    put(to, from_.mostly(static_cast<std::uint32_t>(n)));
    cargo_blocks_.clear();
    for (std::size_t i = 0; i != n; ++i) {
        const std::uint8_t flags = n == 100 ? 0 : from_.byte() % 4;
        const std::size_t bytes = (flags & 1) != 0 ? 1 + from_.byte() : 0;
        const auto id = static_cast<std::uint32_t>(i + 1);
        cargo_blocks_.push_back({id, false, 0, bytes, bytes});
        put(to, from_.mostly(id));
        put(to, flags);
        put(to, from_.mostly(std::uint64_t(bytes)));
        if (bytes != 0)
            handles.push_back(with_.mostly(from_, [&] { return with_.block_memory(bytes); }));
    }
}

void builder::put_parked(byte_buffer& to, std::vector<handle>& handles) {
    const std::size_t parked = from_.byte() / 100;
    put(to, from_.mostly(static_cast<std::uint32_t>(parked)));
    for (std::size_t i = 0; i != parked; ++i) {
        table_entry e;
        e.kind = attachment_kind::sender;
        e.flags = sender_parkable;
        e.lease = static_cast<std::uint32_t>(i + 1);
        e.identity.fingerprint = fingerprint_;
        put_entry(to, e);
        handles.push_back(with_.mostly(from_, [&] { return with_.link_of(from_); }));
    }
}

void builder::put_link(byte_buffer& to, std::vector<handle>& handles) {
    const std::uint8_t flags = from_.byte() & 0x3f;
    byte_buffer unread;
    put_frames(unread);
    const bool in_message = (flags & 1) != 0;
    const std::size_t partial = in_message ? from_.byte() / 16 : 0;
    const std::size_t batches = from_.byte() / 100;
    put(to, from_.mostly(std::uint32_t(from_.byte() / 32)));
    put(to, from_.mostly(std::uint32_t(from_.byte() / 32)));
    put(to, from_.mostly(flags));
    put(to, from_.mostly(std::uint8_t(0)));
    put(to, from_.mostly(static_cast<std::uint16_t>(batches)));
    put(to, from_.mostly(static_cast<std::uint32_t>(partial + (in_message ? 8 : 0))));
    put(to, from_.mostly(std::uint32_t(0)));
    put(to, from_.number());
    put(to, from_.mostly(static_cast<std::uint32_t>(unread.size())));
    put(to, from_.mostly(static_cast<std::uint32_t>(partial)));
    handles.push_back(with_.mostly(from_, [&] { return with_.link_of(from_); }));
    put_parked(to, handles);
    cargo_blocks_.clear();
    if ((flags & 16) != 0) put_blocks(to, handles);
    for (std::size_t i = 0; i != batches; ++i) {
        const std::size_t n = from_.byte() / 100;
        put(to, static_cast<std::uint16_t>(n));
        put(to, static_cast<std::uint8_t>(from_.rarely()));
        for (std::size_t k = 0; k != n; ++k) handles.push_back(with_.any(from_));
    }
    to.append(unread.bytes());
    append_some(to, from_, partial);
    if ((flags & 2) != 0) put_message(to, handles);
}

void builder::put_cargo(byte_buffer& to, std::vector<handle>& handles) {
    const std::size_t links = 1 + from_.byte() / 64;
    const std::size_t line = from_.byte() / 64;
    put(to, from_.mostly(static_cast<std::uint32_t>(links)));
    put(to, from_.mostly(static_cast<std::uint32_t>(line)));
    for (std::size_t i = 0; i != links; ++i) put_link(to, handles);
    for (std::size_t i = 0; i != line; ++i) {
        const std::size_t index = from_.below(links + 1);
        put(to, index == links ? 0xffff'ffffu : static_cast<std::uint32_t>(index));
        put_parked(to, handles);
        cargo_blocks_.clear();
        if (index == links) put_blocks(to, handles);  // its link is gone
        put_message(to, handles);
    }
}

built_message builder::build() {
    byte_buffer value;
    put_value(value);
    const std::uint8_t how = from_.byte();
    const bool in_block = (how & 0xc0) == 0xc0;
    if (in_block) {
        out_.flags |= wire::flag_block;
        put_reference(out_.body, value.bytes());
    } else {
        out_.body.append(value.bytes());
    }
    byte_buffer table;
    if (handles_ + senders_ + receivers_ + regions_ != 0 || from_.rarely()) {
        put_table(table);
        out_.flags |= wire::flag_table;
        out_.body.append(table.bytes());
    }
    if (loans_ != 0) {
        out_.flags |= wire::flag_loans;
        const std::size_t n = from_.mostly(std::uint8_t(1)) % 20;
        const std::vector<std::byte> content(loan_bytes_);
        for (std::size_t i = 0; i != n; ++i) put_reference(out_.body, content);
        put(out_.body, from_.mostly(static_cast<std::uint32_t>(n)));
    }
    if (!block_handles_.empty()) {
        for (handle& h : out_.handles) block_handles_.push_back(std::move(h));
        out_.handles = std::move(block_handles_);
    }
    if (from_.rarely()) overwrite(out_.body);
    if (from_.rarely()) out_.handles.push_back(with_.any(from_));
    if (from_.rarely() && !out_.handles.empty()) out_.handles.pop_back();
    if (from_.rarely()) {
        error_code ec;
        out_.flags |= wire::flag_memory;
        out_.memory_bytes = from_.mostly(static_cast<std::uint32_t>(out_.body.size()));
        out_.handles.insert(out_.handles.begin(), os::make_memory(out_.body.bytes(), ec));
        out_.body.clear();
    }
    if (from_.byte() >= 0xf0 || (out_.handles.size() > os::max_handles_per_write && !from_.rarely())) {
        out_.packed = pack_some(from_, with_, out_.handles);
        out_.flags |= wire::flag_packed;
    }
    out_.flags = from_.mostly(out_.flags);
    return std::move(out_);
}

}  // namespace

built_message build_message(choices& from, things& with, known_blocks& blocks,
    std::uint64_t fingerprint) {
    return builder(from, with, blocks, fingerprint).build();
}

}  // namespace strait::fuzz
