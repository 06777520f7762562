//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/attachment_table.hpp"
#include "link/block_table.hpp"
#include "link/cargo.hpp"
#include "link/carried.hpp"
#include "link/in_process_ends.hpp"
#include "link/link_receiver.hpp"
#include "link/link_sender.hpp"
#include "link/payloads.hpp"
#include "posix/handle_pack.hpp"
#include "posix/memory.hpp"
#include "posix/stream.hpp"
#include "shm/region.hpp"

#include <strait/detail/link/cores.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <cstdio>
#include <new>
#include <span>
#include <utility>

namespace strait::detail {

struct message_reader::entry {
    table_entry what;
    std::span<handle> handles;
    std::span<const std::byte> cargo_bytes;
    std::shared_ptr<sender_core> sender;  // once it was taken: the source of further ones
    std::shared_ptr<const region> memory;  // once it was taken
    bool taken = false;
};

struct message_reader::loan_entry {
    block_ref ref;
    handle memory;  // of a new block
    payload_part taken;
};

namespace {

std::string describe(std::string_view name, std::uint64_t fingerprint) {
    char number[20];
    std::snprintf(number, sizeof(number), " [%016llx]", static_cast<unsigned long long>(fingerprint));
    return std::string(name) + number;
}

}  // namespace

namespace {

// Reads the memory that a message lies in, if it does.
void fetch_memory(incoming_message& m) {
    if (!m.in_memory) return;
    m.in_memory = false;
    if (m.handles.empty()) throw system_error(error::bad_attachment);
    const handle memory = std::move(m.handles.front());
    m.handles.erase(m.handles.begin());
    if (error_code ec = os::read_memory(memory, m.memory_bytes, m.assembled))
        throw system_error(ec);
    m.body = m.assembled.bytes();
}

// Takes out the handles that came as one.
void unpack_handles(incoming_message& m) {
    const std::uint32_t count = std::exchange(m.packed_handles, 0);
    if (count == 0) return;
    if (m.handles.empty()) throw system_error(error::bad_attachment);
    const handle pack = std::move(m.handles.back());
    m.handles.pop_back();
    if (error_code ec = os::unpack_handles(pack, count, m.handles)) throw system_error(ec);
}

// The value of a message that lies in a block, valid until the message is dropped.
std::span<const std::byte> open_block(incoming_message& m) {
    block_ref ref;
    if (!m.blocks || !ref.get(m.body)) throw system_error(error::bad_attachment);
    handle memory;
    if (ref.is_new) {
        if (m.handles.empty()) throw system_error(error::bad_attachment);
        memory = std::move(m.handles.front());
        m.handles.erase(m.handles.begin());
    }
    error_code ec;
    m.view = m.blocks->open(ref, std::move(memory), ec);
    if (ec) throw system_error(ec);
    return ref.in(*m.view);
}

// Cuts off what stands at the end for the loans of a message.
std::span<const std::byte> cut_loans(
    const incoming_message& m, std::span<const std::byte>& body) {
    std::span<const std::byte> refs;
    if (m.has_loans && !split_loans(body, refs)) throw system_error(error::bad_attachment);
    return refs;
}

// Reads the table at the end of a message entry by entry and returns the bytes before it.
template <class OnEntry>
std::span<const std::byte> read_table(
    std::span<const std::byte> body, const limits& bounds, OnEntry on_entry) {
    if (body.size() < table_tail_bytes) throw system_error(error::bad_attachment);
    wire::byte_source tail(body.last(table_tail_bytes));
    const auto count = tail.get<std::uint32_t>();
    const auto table_bytes = tail.get<std::uint32_t>();
    if (table_bytes < table_tail_bytes || table_bytes > body.size() ||
        count > (table_bytes - table_tail_bytes) / min_entry_bytes)
        throw system_error(error::bad_attachment);
    const auto value = body.first(body.size() - table_bytes);
    wire::byte_source table(body.subspan(value.size(), table_bytes - table_tail_bytes));
    for (std::uint32_t i = 0; i < count; ++i) {
        table_entry e = get_entry(table, bounds);
        const auto cargo_bytes = table.get_bytes(e.cargo_bytes);
        if (table.failed()) throw system_error(error::bad_attachment);
        on_entry(std::move(e), cargo_bytes);
    }
    if (table.left() != 0) throw system_error(error::bad_attachment);
    return value;
}

bool is_leased(const table_entry& e) noexcept {
    return e.kind == attachment_kind::sender && (e.flags & sender_leased) != 0;
}

}  // namespace

void incoming_message::give_block_back() noexcept {
    const auto table = std::exchange(blocks, nullptr);
    if (block_id != 0) table->end_use(block_id);
    for (const std::uint32_t id : loans) table->end_use(id);
    block_id = 0;
    loans.clear();
}

void incoming_message::lend_block() noexcept {
    if (block_id != 0) blocks->lend(block_id);
    for (const std::uint32_t id : loans) blocks->lend(id);
}

void incoming_message::discard_leased() noexcept { discard_all(leased); }

void take_leased_links(incoming_message& m) noexcept {
    if (!m.has_table || !m.leases || m.leases->is_empty()) return;
    try {
        fetch_memory(m);
        auto rest = m.body;
        cut_loans(m, rest);
        read_table(rest, limits(), [&](const table_entry& e, auto) {
            if (!is_leased(e)) return;
            m.leased.reserve(m.leased.size() + 1);
            if (auto link = m.leases->take(e.lease)) m.leased.emplace_back(e.lease, std::move(link));
        });
    } catch (const std::bad_alloc&) {
        m.fault = asio::error::no_buffer_space;
    } catch (const system_error&) {
        // Whoever decodes it will see.
    }
}

bool check_type(const channel_identity& found, const type_identity& expected, diagnostics& details) {
    if (expected.is_any || found.fingerprint == expected.fingerprint) return true;
    details.expected = describe(expected.name, expected.fingerprint);
    details.found = describe(found.type_name, found.fingerprint);
    return false;
}

message_reader::message_reader(incoming_message& message, receiver_core& receiver)
    : receiver_(receiver),
      message_(message),
      carried_(std::move(message.carried)) {
    fetch_memory(message);
    unpack_handles(message);
    std::span<const std::byte> in_block;
    if (message.in_block) in_block = open_block(message);
    auto body = message.in_block ? message.body.subspan(block_ref::wire_bytes) : message.body;
    const auto refs = cut_loans(message, body);
    value_ = body;
    if (carried_) executor_ = receiver.executor();
    std::span<handle> handles(message.handles);
    read_loans(refs, handles);
    if (message.has_table) {
        executor_ = receiver.executor();
        const limits& bounds = receiver.identity().bounds;
        value_ = read_table(body, bounds,
            [&](table_entry e, std::span<const std::byte> cargo_bytes) {
                // Entries are many times larger here than in the message.
                if (e.handles > handles.size() ||
                    entries_.size() == bounds.max_handles_per_message)
                    throw system_error(error::bad_attachment);
                const std::span<handle> own = handles.first(e.handles);
                handles = handles.subspan(own.size());
                entries_.push_back({std::move(e), own, cargo_bytes, {}, {}, false});
            });
    }
    if (!handles.empty()) throw system_error(error::bad_attachment);
    if (message.in_block && !value_.empty()) throw system_error(error::bad_message);
    if (message.in_block) value_ = in_block;
    if (value_.size() > receiver.identity().bounds.max_message_bytes)
        throw system_error(error::bad_message);
}

// Those of new blocks come first among the handles.
void message_reader::read_loans(
    std::span<const std::byte> refs, std::span<handle>& handles) {
    for (; !refs.empty(); refs = refs.subspan(block_ref::wire_bytes)) {
        loan_entry& l = loans_.emplace_back();
        if (!l.ref.get(refs)) throw system_error(error::bad_attachment);
        if (!l.ref.is_new) continue;
        if (handles.empty()) throw system_error(error::bad_attachment);
        l.memory = std::move(handles.front());
        handles = handles.subspan(1);
    }
}

error_code unfold(incoming_message& message) noexcept {
    try {
        fetch_memory(message);
        if (message.in_block && !message.has_table) {
            if (message.body.size() != block_ref::wire_bytes) return error::bad_message;
            message.body = open_block(message);
            message.in_block = false;
        }
    } catch (const system_error& e) {
        return e.code();
    } catch (const std::bad_alloc&) {
        return asio::error::no_buffer_space;
    }
    if (message.has_table || message.has_loans || message.carried || !message.handles.empty())
        return error::bad_attachment;
    return {};
}

message_reader::~message_reader() = default;

message_reader::entry& message_reader::find(std::uint32_t index, int kind) {
    if (index >= entries_.size() || static_cast<int>(entries_[index].what.kind) != kind)
        throw system_error(error::bad_attachment);
    return entries_[index];
}

void message_reader::require_type(
    const channel_identity& found, const type_identity& expected) {
    if (!check_type(found, expected, details_)) throw system_error(error::type_mismatch);
}

carried_item* message_reader::find_carried(std::uint32_t index, int kind) {
    if (!carried_) return nullptr;
    auto& items = carried_->items;
    if (index >= items.size() || static_cast<int>(items[index].kind) != kind)
        throw system_error(error::bad_attachment);
    return &items[index];
}

handle message_reader::take_handle(std::uint32_t index) {
    if (carried_item* c = find_carried(index, static_cast<int>(attachment_kind::handle))) {
        if (std::exchange(c->taken, true)) throw system_error(error::bad_attachment);
        return std::move(c->one);
    }
    entry& e = find(index, static_cast<int>(attachment_kind::handle));
    if (e.taken || e.handles.size() != 1) throw system_error(error::bad_attachment);
    e.taken = true;
    return std::move(e.handles[0]);
}

std::shared_ptr<sender_core> message_reader::take_sender(
    std::uint32_t index, const type_identity& expected) {
    if (carried_item* c = find_carried(index, static_cast<int>(attachment_kind::sender))) {
        require_type(c->sender->identity(), expected);
        if (std::exchange(c->taken, true)) return c->sender->clone(executor_);
        c->sender->bind(executor_);
        return c->sender;
    }
    entry& e = find(index, static_cast<int>(attachment_kind::sender));
    if (e.sender) {
        if (++repeated_senders_ > max_repeated_senders(value_.size(), receiver_.identity().bounds))
            throw system_error(error::bad_message);
        return e.sender->clone(executor_);
    }
    if (is_leased(e.what)) {
        auto& leased = message_.leased;
        const auto at = std::find_if(leased.begin(), leased.end(),
            [&](const auto& l) { return l.first == e.what.lease; });
        if (at == leased.end()) throw system_error(error::bad_attachment);
        std::shared_ptr<send_link> link = std::move(at->second);
        leased.erase(at);
        e.taken = true;
        e.what.identity = link->identity();
        e.sender = std::make_shared<link_sender>(std::move(link), executor_);
        require_type(e.what.identity, expected);
        return e.sender;
    }
    require_type(e.what.identity, expected);
    if (e.handles.size() != 1 || !os::is_link_stream(e.handles[0]))
        throw system_error(error::bad_attachment);
    e.taken = true;
    auto link = std::make_shared<send_link>(std::move(e.handles[0]), std::move(e.what.identity),
        std::weak_ptr<link_receiver>());
    if ((e.what.flags & sender_parkable) != 0) link->set_lease(message_.leases, e.what.lease);
    e.sender = std::make_shared<link_sender>(std::move(link), executor_);
    return e.sender;
}

std::shared_ptr<receiver_core> message_reader::take_receiver(
    std::uint32_t index, const type_identity& expected) {
    if (carried_item* c = find_carried(index, static_cast<int>(attachment_kind::receiver))) {
        if (c->taken) throw system_error(error::bad_attachment);
        require_type(c->identity, expected);
        c->taken = true;
        if (c->load.place) return in_process_receiver::make(std::move(c->load), executor_);
        return link_receiver::make(std::move(c->identity), std::move(c->load), executor_);
    }
    entry& e = find(index, static_cast<int>(attachment_kind::receiver));
    if (e.taken) throw system_error(error::bad_attachment);
    require_type(e.what.identity, expected);
    e.taken = true;
    cargo load;
    if (error_code ec = get_cargo(
            e.cargo_bytes, e.handles, e.what.identity.bounds, os::now_ns(), load))
        throw system_error(ec);
    return link_receiver::make(std::move(e.what.identity), std::move(load), executor_);
}

std::shared_ptr<const region> message_reader::take_region(std::uint32_t index) {
    if (carried_item* c = find_carried(index, static_cast<int>(attachment_kind::region))) {
        c->taken = true;
        return c->memory;
    }
    entry& e = find(index, static_cast<int>(attachment_kind::region));
    if (e.memory) return e.memory;
    if (e.taken || e.handles.size() != 1) throw system_error(error::bad_attachment);
    e.taken = true;
    if (!os::has_seals) {
        // It will be copied: no more than what a message may make this process hold.
        std::uint64_t left = receiver_.identity().bounds.max_inbox_bytes;
        for (const entry& other : entries_)
            if (other.memory) left -= other.what.region_bytes;
        if (e.what.region_bytes > left) throw system_error(error::bad_attachment);
    }
    error_code ec;
    e.memory = region::of_peer(std::move(e.handles[0]), e.what.region_bytes, ec);
    if (ec) throw system_error(ec);
    return e.memory;
}

payload_part message_reader::take_payload(std::uint32_t index) {
    if (carried_item* c = find_carried(index, static_cast<int>(attachment_kind::loan))) {
        c->taken = true;
        return c->part;
    }
    if (index >= loans_.size()) throw system_error(error::bad_attachment);
    loan_entry& l = loans_[index];
    if (l.taken.owner) return l.taken;
    // From here on it is no block of the message, but of whoever takes it.
    auto& blocks = message_.blocks;
    const auto at = std::find(message_.loans.begin(), message_.loans.end(), l.ref.id);
    if (!blocks || at == message_.loans.end()) throw system_error(error::bad_attachment);
    error_code ec;
    auto view = blocks->open(l.ref, std::move(l.memory), ec);
    if (ec) throw system_error(ec);
    const auto bytes = l.ref.in(*view);
    l.taken = {std::make_shared<received_block>(blocks, l.ref.id, std::move(view)), bytes};
    message_.loans.erase(at);
    blocks->lend(l.ref.id);
    return l.taken;
}

void message_reader::finish() const {
    if (carried_)
        for (const carried_item& c : carried_->items)
            if (!c.taken) throw system_error(error::bad_attachment);
    for (const loan_entry& l : loans_)
        if (!l.taken.owner) throw system_error(error::bad_attachment);
    for (const entry& e : entries_)
        if (!e.taken) throw system_error(error::bad_attachment);
}

}  // namespace strait::detail
