//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/cargo.hpp"

#include "link/attachment_table.hpp"
#include "link/block_pool.hpp"
#include "link/block_table.hpp"
#include "link/send_link.hpp"
#include "wire/frame.hpp"

#include <algorithm>
#include <utility>

namespace strait::detail {

namespace {

using wire::byte_source;
using wire::put;

enum link_flags : std::uint8_t {
    link_in_message = 1,
    link_has_head = 2,
    link_ended = 4,
    link_parkable = 8,
    link_has_blocks = 16,
    link_wanted = 32,  // the sender waits for a block
};

// Of a block.
enum block_flags : std::uint8_t {
    block_has_memory = 1,  // else whoever has it keeps it
    block_unsaid = 2,
};

enum message_flags : std::uint8_t {
    message_has_table = 1,
    message_in_memory = 2,
    message_lost = 4,
    message_in_block = 8,
    message_has_loans = 16,
};

// A message of no link that travels.
constexpr std::uint32_t no_index = 0xffff'ffff;

void put_message(
    byte_buffer& to, const incoming_message& m, std::vector<const handle*>& handles) {
    std::uint8_t flags = 0;
    if (m.has_table) flags |= message_has_table;
    if (m.in_memory) flags |= message_in_memory;
    if (m.in_block) flags |= message_in_block;
    if (m.has_loans) flags |= message_has_loans;
    if (m.fault) flags |= message_lost;
    put(to, flags);
    put(to, m.stamp);
    put(to, m.memory_bytes);
    put(to, m.packed_handles);
    put(to, static_cast<std::uint32_t>(m.handles.size()));
    put(to, static_cast<std::uint32_t>(m.body.size()));
    to.append(m.body);
    for (const handle& h : m.handles) handles.push_back(&h);
}

void put_parked(byte_buffer& to, const parked_links& parked,
    std::vector<const handle*>& handles) {
    put(to, static_cast<std::uint32_t>(parked.size()));
    for (const auto& [lease, link] : parked) {
        table_entry e;
        e.kind = attachment_kind::sender;
        e.flags = sender_parkable;
        e.lease = lease;
        e.identity = link->identity();
        put_entry(to, e);
        handles.push_back(&link->stream());
    }
}

void put_blocks(byte_buffer& to, std::span<const block_table::entry> entries,
    std::vector<const handle*>& handles) {
    // Those that are here come first, and no honest sender has more in all.
    entries = entries.first(std::min(entries.size(), max_blocks));
    put(to, static_cast<std::uint32_t>(entries.size()));
    for (const block_table::entry& e : entries) {
        put(to, e.id);
        put(to, static_cast<std::uint8_t>((e.view ? block_has_memory : 0) |
                                          (e.is_unsaid ? block_unsaid : 0)));
        put(to, static_cast<std::uint64_t>(e.view ? e.view->bytes().size() : 0));
        if (e.view) handles.push_back(&e.view->memory());
    }
}

void add_blocks_of(const incoming_message& m, std::vector<std::uint32_t>& ids) {
    if (m.in_block) ids.push_back(m.block_id);
    ids.insert(ids.end(), m.loans.begin(), m.loans.end());
}

// The blocks of unread messages of a link.
std::vector<std::uint32_t> blocks_of(const inbox::moving_link& moving, const cargo& c) {
    std::vector<std::uint32_t> ids;
    if (moving.head) add_blocks_of(*moving.head, ids);
    for (const incoming_message& m : c.line)
        if (m.blocks == moving.what->blocks) add_blocks_of(m, ids);
    return ids;
}

// Those of one in line whose link is gone.
void put_own_blocks(
    byte_buffer& to, const incoming_message& m, std::vector<const handle*>& handles) {
    std::vector<std::uint32_t> ids;
    add_blocks_of(m, ids);
    put_blocks(to, m.blocks ? m.blocks->entries_of(ids) : std::vector<block_table::entry>(), handles);
}

void put_link(byte_buffer& to, const inbox::moving_link& moving, const cargo& c,
    std::vector<const handle*>& handles) {
    const inbox::link& l = *moving.what;
    const wire::link_reader::snapshot s = l.reader.peek();
    std::uint8_t flags = 0;
    if (s.in_message) flags |= link_in_message;
    if (moving.head) flags |= link_has_head;
    if (l.ended) flags |= link_ended;
    if (l.lease != 0) flags |= link_parkable;
    if (l.blocks) flags |= link_has_blocks;
    if (l.blocks && l.blocks->is_wanted()) flags |= link_wanted;
    put(to, l.id);
    put(to, l.account);
    put(to, flags);
    put(to, s.message_flags);
    put(to, static_cast<std::uint16_t>(s.batches.size()));
    put(to, s.message_bytes);
    put(to, s.message_handles);
    put(to, s.not_before);
    put(to, static_cast<std::uint32_t>(s.unread.size()));
    put(to, static_cast<std::uint32_t>(s.partial.size()));
    handles.push_back(&l.stream);
    put_parked(to, moving.parked, handles);
    if (l.blocks) put_blocks(to, l.blocks->entries(blocks_of(moving, c)), handles);
    for (const os::handle_batch& batch : s.batches) {
        put(to, static_cast<std::uint16_t>(batch.handles.size()));
        put(to, static_cast<std::uint8_t>(batch.lost));
        for (const handle& h : batch.handles) handles.push_back(&h);
    }
    to.append(s.unread);
    to.append(s.partial);
    if (moving.head) put_message(to, *moving.head, handles);
}

// Takes handles off the front, as many as a peer says there are.
class handle_source {
public:
    explicit handle_source(std::span<handle> handles) noexcept : rest_(handles) {}

    std::vector<handle> take(std::size_t n) {
        std::vector<handle> taken;
        if (n > rest_.size()) {
            failed_ = true;
            return taken;
        }
        taken.reserve(n);
        for (handle& h : rest_.first(n)) taken.push_back(std::move(h));
        rest_ = rest_.subspan(n);
        return taken;
    }

    bool failed() const noexcept { return failed_; }
    std::size_t left() const noexcept { return rest_.size(); }

private:
    std::span<handle> rest_;
    bool failed_ = false;
};

// Of its frames, as far as they tell what handles there are.
std::uint8_t frame_flags(const incoming_message& m) noexcept {
    return static_cast<std::uint8_t>((m.in_memory ? wire::flag_memory : 0) |
                                     (m.in_block ? wire::flag_block : 0) |
                                     (m.has_loans ? wire::flag_loans : 0));
}

bool get_message(byte_source& from, handle_source& handles, const limits& bounds,
    std::uint64_t now, incoming_message& m) {
    const auto flags = from.get<std::uint8_t>();
    m.has_table = (flags & message_has_table) != 0;
    m.in_memory = (flags & message_in_memory) != 0;
    m.in_block = (flags & message_in_block) != 0;
    m.has_loans = (flags & message_has_loans) != 0;
    if ((flags & message_lost) != 0) m.fault = error::handles_lost;
    m.stamp = std::min(from.get<std::uint64_t>(), now);
    m.memory_bytes = from.get<std::uint32_t>();
    m.packed_handles = from.get<std::uint32_t>();
    const auto handle_count = from.get<std::uint32_t>();
    const auto body_bytes = from.get<std::uint32_t>();
    const std::uint64_t most = wire::max_body_bytes(bounds, m.has_table || m.has_loans);
    if (from.failed() || body_bytes > most || m.memory_bytes > most ||
        std::uint64_t(handle_count) + m.packed_handles >
            wire::max_handles(bounds, frame_flags(m)) + (m.packed_handles != 0 ? 1 : 0))
        return false;
    m.assembled.append(from.get_bytes(body_bytes));
    m.body = m.assembled.bytes();
    m.handles = handles.take(handle_count);
    return !from.failed() && !handles.failed() && (!m.in_memory || handle_count != 0 || m.fault);
}

// Parked links, which may be parked again in that table.
bool get_parked(byte_source& from, handle_source& handles, const limits& bounds,
    const std::weak_ptr<lease_table>& home, parked_links& parked) {
    const auto count = from.get<std::uint32_t>();
    for (std::uint32_t i = 0; i < count; ++i) {
        table_entry e = get_entry(from, bounds);
        auto stream = handles.take(1);
        if (from.failed() || handles.failed() || !os::is_link_stream(stream.front())) return false;
        auto link = std::make_shared<send_link>(std::move(stream.front()), std::move(e.identity),
            std::weak_ptr<link_receiver>());
        link->set_lease(home, e.lease);
        parked.emplace_back(e.lease, std::move(link));
    }
    return true;
}

bool get_blocks(byte_source& from, handle_source& handles, block_table& blocks) {
    const auto count = from.get<std::uint32_t>();
    if (count > max_blocks) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto id = from.get<std::uint32_t>();
        const auto flags = from.get<std::uint8_t>();
        const auto bytes = from.get<std::uint64_t>();
        if (from.failed()) return false;
        if ((flags & block_has_memory) == 0) {
            blocks.restore_kept(id);
            continue;
        }
        auto memory = handles.take(1);
        if (handles.failed()) return false;
        if (blocks.restore(id, std::move(memory.front()), bytes, (flags & block_unsaid) != 0))
            return false;
    }
    return true;
}

// The blocks that the message refers to, if it does.
bool find_blocks(
    incoming_message& m, std::shared_ptr<block_table> blocks, const limits& bounds) {
    if (!m.in_block && !m.has_loans) return true;
    if (m.in_memory) return false;
    if (!blocks) blocks = std::make_shared<block_table>(bounds);
    if (!blocks->begin_use(m)) return false;
    m.blocks = std::move(blocks);
    return true;
}

// One in line; without link if that is gone.
bool get_message_in_line(byte_source& from, handle_source& handles, const limits& bounds,
    std::uint64_t now, inbox::link* l, incoming_message& m) {
    if (l != nullptr && !l->leases) l->leases = std::make_shared<lease_table>();
    const auto leases = l != nullptr ? l->leases : nullptr;
    auto blocks = l != nullptr ? l->blocks : std::make_shared<block_table>(bounds);
    if (!get_parked(from, handles, bounds, leases, m.leased)) return false;
    if (l == nullptr && !get_blocks(from, handles, *blocks)) return false;
    if (!get_message(from, handles, bounds, now, m)) return false;
    if (m.has_table) m.leases = leases;
    return find_blocks(m, std::move(blocks), bounds);
}

// Tables whose link's sender waits are added to `wanted`.
bool get_link(byte_source& from, handle_source& handles, const limits& bounds, std::uint64_t now,
    inbox::moving_link& moving, std::vector<block_table*>& wanted) {
    moving.what = std::make_unique<inbox::link>();
    moving.what->id = from.get<std::uint32_t>();
    moving.what->account = from.get<std::uint32_t>();
    const auto flags = from.get<std::uint8_t>();
    wire::link_reader::snapshot_data s;
    s.message_flags = from.get<std::uint8_t>();
    const auto batches = from.get<std::uint16_t>();
    s.message_bytes = from.get<std::uint32_t>();
    s.message_handles = from.get<std::uint32_t>();
    s.not_before = from.get<std::uint64_t>();
    const auto unread_bytes = from.get<std::uint32_t>();
    const auto partial_bytes = from.get<std::uint32_t>();
    s.in_message = (flags & link_in_message) != 0;

    auto stream = handles.take(1);
    if (from.failed() || handles.failed()) return false;
    moving.what->stream = std::move(stream.front());
    moving.what->ended = (flags & link_ended) != 0;
    moving.what->lease = (flags & link_parkable) != 0 ? orphaned_lease : 0;
    auto leases = std::make_shared<lease_table>();
    if (!get_parked(from, handles, bounds, leases, moving.parked)) return false;
    if (!moving.parked.empty()) moving.what->leases = std::move(leases);
    if ((flags & link_has_blocks) != 0) {
        moving.what->blocks = std::make_shared<block_table>(bounds);
        if (!get_blocks(from, handles, *moving.what->blocks)) return false;
        if ((flags & link_wanted) != 0) wanted.push_back(moving.what->blocks.get());
    }
    for (std::size_t i = 0; i < batches; ++i) {
        os::handle_batch batch;
        const auto count = from.get<std::uint16_t>();
        batch.lost = from.get<std::uint8_t>() != 0;
        batch.handles = handles.take(count);
        if (from.failed() || handles.failed()) return false;
        s.batches.push_back(std::move(batch));
    }
    s.unread = from.get_bytes(unread_bytes);
    s.partial = from.get_bytes(partial_bytes);
    if (from.failed() || handles.failed()) return false;
    if (moving.what->reader.restore(std::move(s), bounds, now)) return false;
    if ((flags & link_has_head) != 0) {
        moving.head.emplace();
        if (!get_message(from, handles, bounds, now, *moving.head) ||
            !find_blocks(*moving.head, moving.what->blocks, bounds))
            return false;
    }
    return true;
}

}  // namespace

void put_cargo(byte_buffer& to, const cargo& c, std::vector<const handle*>& handles) {
    put(to, static_cast<std::uint32_t>(c.links.size()));
    put(to, static_cast<std::uint32_t>(c.line.size()));
    for (const auto& l : c.links) put_link(to, l, c, handles);
    for (const auto& m : c.line) {
        const auto at = std::find_if(c.links.begin(), c.links.end(), [&](const auto& l) {
            return (m.leases && l.what->leases == m.leases) ||
                   (m.blocks && l.what->blocks == m.blocks);
        });
        put(to, at == c.links.end() ? no_index
                                    : static_cast<std::uint32_t>(at - c.links.begin()));
        put_parked(to, m.leased, handles);
        if (at == c.links.end()) put_own_blocks(to, m, handles);
        put_message(to, m, handles);
    }
}

error_code get_cargo(std::span<const std::byte> bytes, std::span<handle> handles,
    const limits& bounds, std::uint64_t now, cargo& out) {
    byte_source from(bytes);
    handle_source rest(handles);
    const auto links = from.get<std::uint32_t>();
    const auto line = from.get<std::uint32_t>();
    // Each link has a handle and each message at least its fixed part.
    if (from.failed() || links > bounds.max_links || links > handles.size() ||
        line > from.left())
        return error::bad_attachment;
    std::vector<block_table*> wanted;
    for (std::uint32_t i = 0; i < links; ++i)
        if (!get_link(from, rest, bounds, now, out.links.emplace_back(), wanted))
            return error::bad_attachment;
    for (std::uint32_t i = 0; i < line; ++i) {
        const auto index = from.get<std::uint32_t>();
        if (index >= out.links.size() && index != no_index) return error::bad_attachment;
        inbox::link* const l = index != no_index ? out.links[index].what.get() : nullptr;
        if (!get_message_in_line(from, rest, bounds, now, l, out.line.push_back({})))
            return error::bad_attachment;
    }
    if (from.left() != 0 || rest.left() != 0) return error::bad_attachment;
    // Behind the messages, which are older.
    for (block_table* blocks : wanted) blocks->sender_wants();
    return {};
}

}  // namespace strait::detail
